"""How often a person may make WeBox ask vendors or take in files; counted like the limits on signing in."""

from allauth.core import ratelimit
from rest_framework.request import Request

from chat.errors import TooManyCommands

PAUSE_S = 60


def count(request: Request, action: str) -> None:
    """Count one request of `settings.ACCOUNT_RATE_LIMITS[action]`. Raises TooManyCommands past the limit."""
    if not ratelimit.consume(request._request, action=action, user=request.user):
        raise TooManyCommands(retry_after_s=PAUSE_S)
