"""Which AIs a person may use here, and with what key."""

from django.conf import settings

from accounts.models import User
from accounts.plans import may_use_server_keys
from chat.errors import NeedsPremium
from chat.providers import registry
from chat.providers.base import Endpoint
from chat.providers.errors import NoKey, Unsupported
from webox.errors import WeBoxError


def endpoint(user: User, vendor: registry.Vendor) -> Endpoint:
    """Where and with what key this user's question goes.

    Raises Unsupported, NoKey or NeedsPremium.
    """
    key = settings.VENDOR_KEYS.get(vendor.variable, "")
    address = settings.VENDOR_BASE_URLS.get(vendor.variable, "")
    if not vendor.available:
        raise Unsupported(vendor.label)
    if vendor.needs_key and not key:
        raise NoKey(vendor.label)
    if not vendor.needs_key and vendor.variable and not (key or address):
        # A local server counts as there only once the owner has said where.
        raise NoKey(vendor.label)
    if vendor.variable and not may_use_server_keys(user):
        raise NeedsPremium(vendor=vendor.label)
    return Endpoint(
        vendor=vendor.label,
        base_url=vendor.address(address),
        api_key=key,
        silence_s=max(vendor.silence_s, settings.VENDOR_SILENCE_S),
        quirks=vendor.quirks,
    )


def obstacle(user: User, vendor: registry.Vendor) -> str:
    """The code of what keeps this user from this vendor; empty where nothing does."""
    try:
        endpoint(user, vendor)
    except WeBoxError as error:
        return error.code
    return ""
