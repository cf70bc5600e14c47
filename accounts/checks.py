"""Checks before the start that concern people and plans."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from accounts.billing import billing


@register
def check_billing(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The payment service that is named can be found."""
    try:
        billing()
    except ImportError:
        hint = "WEBOX_BILLING names a Python class that WeBox can import, or nothing."
        return [Error("The payment service can’t be found.", hint=hint, id="accounts.E001")]
    return []
