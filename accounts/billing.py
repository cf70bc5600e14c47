"""The seam for payments: who takes money for plans, if anybody does. WeBox itself takes none.

A payment service is a class like `NoBilling`, named in `WEBOX_BILLING`. It sends people where they change
their plan, and gives and takes premium with `accounts.plans.premium` when it has been paid.
"""

from typing import Protocol

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from accounts.models import User


class BillingProvider(Protocol):
    """What a payment service must know to do."""

    def plan_url(self, user: User, request: HttpRequest) -> str | None:
        """Where this person changes their plan; None where they can’t."""


class NoBilling:
    """Nobody takes money: plans are given by the owner."""

    def plan_url(self, user: User, request: HttpRequest) -> str | None:
        return None


def billing() -> BillingProvider:
    """The payment service in force."""
    provider: BillingProvider = import_string(settings.BILLING)()
    return provider
