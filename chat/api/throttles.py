"""How often a person may make WeBox ask vendors or take in files."""

from typing import Literal

from rest_framework.request import Request

from chat import limits
from chat.errors import TooManyCommands
from common.http.throttles import take

PER_MINUTE = {"vendor_call": limits.VENDOR_CALLS_PER_MINUTE, "upload": limits.UPLOADS_PER_MINUTE}


def count(request: Request, action: Literal["vendor_call", "upload"]) -> None:
    """Count one such request of this person. Raises TooManyCommands past the limit."""
    wait_s = take(f"{action}:{request.user.pk}", PER_MINUTE[action])
    if wait_s:
        raise TooManyCommands(retry_after_s=wait_s)
