"""Checks before the start: what would fail later, in the middle of somebody's question, stops it here."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from chat.ais import keys
from common.data.crypto import LEAST_CHARS, Undecryptable
from outbound.addresses import BadAddress
from providers import registry


@register
def check_encryption(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The encryption keys are there and work."""
    try:
        keys.RING.check()
    except (Undecryptable, ValueError):
        hint = (
            f"Those in WEBOX_ENCRYPTION_KEYS are parted by commas and have {LEAST_CHARS} characters or more."
        )
        return [Error("The encryption keys can’t be used.", hint=hint, id="chat.E001")]
    except OSError as error:
        said = f"The encryption key can’t be read from {settings.ENCRYPTION_KEY_FILE}: {error.strerror}."
        return [Error(said, hint="Give WeBox the right to read and write that file.", id="chat.E001")]
    return []


@register
def check_addresses(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Every vendor's address in the environment is one."""
    found: list[CheckMessage] = []
    for vendor in registry.all_vendors():
        try:
            vendor.address(settings.VENDOR_BASE_URLS.get(vendor.variable, ""))
        except BadAddress:
            said = f"{vendor.variable}_BASE_URL is not an address."
            found.append(Error(said, hint="Write it like https://api.example.org/v1.", id="chat.E002"))
    return found
