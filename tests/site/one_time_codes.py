"""An authenticator app, as RFC 6238 describes it."""

import base64
import hashlib
import hmac
import struct
import time

STEP_S = 30


def code(secret: str, steps_ahead: int = 0) -> str:
    """What the app shows for this key now, or so many steps of 30 seconds later."""
    counter = int(time.time()) // STEP_S + steps_ahead
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"
