"""How often somebody may ask the API: counted one by one, where all processes share the count."""

import ipaddress
import logging
import time
from math import ceil

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

log = logging.getLogger(__name__)
WINDOW_S = 60


def take(name: str, limit: int) -> int:
    """Count one more under this name: 0 up to `limit` within a minute, else the seconds to wait.

    With Redis away nobody is refused.
    """
    key = f"throttle:{name}"
    try:
        cache.add(key, 0, timeout=WINDOW_S)
        try:
            count = cache.incr(key)
        except ValueError:
            # Its minute was over in this moment: the next one begins.
            count = 1
        if count == 1:
            cache.set(f"{key}:ends", time.time() + WINDOW_S, timeout=WINDOW_S)
        if count <= limit:
            return 0
        left_s: float = cache.get(f"{key}:ends", 0.0) - time.time()
    except RedisError as error:
        log.warning("Redis is away (%s): requests are not counted", type(error).__name__)
        return 0
    return max(1, ceil(left_s))


class RequestThrottle(BaseThrottle):
    """So many requests a minute of one person; of who is not signed in, of one address."""

    def __init__(self) -> None:
        self._wait_s = 0

    def allow_request(self, request: Request, view: object) -> bool:
        if request.user.is_authenticated:
            name, limit = f"person:{request.user.pk}", settings.API_PER_MINUTE
        else:
            name, limit = f"address:{_network(self.get_ident(request))}", settings.API_ANONYMOUS_PER_MINUTE
        self._wait_s = take(name, limit) if limit else 0
        return not self._wait_s

    def wait(self) -> float:
        return self._wait_s


def _network(address: str) -> str:
    """An address, of IPv6 the /64 network: who has one address there has all of them."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)
