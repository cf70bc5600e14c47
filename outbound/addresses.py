"""Which addresses WeBox may ask. What a person types is read once, here; outbound.py checks where it leads.

Python's `is_global` alone is not enough: it calls some forms of loopback global, such as those of 6to4.
"""

import ipaddress
import re
from dataclasses import dataclass

import httpx
from django.utils.translation import gettext_lazy as _

from common.errors import WeBoxError

URL_CHARS = 500
PUBLIC_PORTS = frozenset({443, 8443})

# All that is handed out of IPv6; NAT64, IPv4 in its old forms, site-local and the rest lie outside.
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # Teredo, ORCHID and other protocol assignments
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
# What a host may look like once it is encoded; an IPv6 address holds colons.
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9.])?|[0-9a-f:.]+(%[\w.%-]+)?")
# What people paste from a vendor's documentation beside the base itself.
_ENDINGS = ("/chat/completions", "/responses", "/messages", "/api/chat", "/v2/chat")


class BadAddress(WeBoxError):
    code = "bad_address"
    message = _("This is not an address WeBox can use: enter one like https://api.example.org/v1.")


class PrivateAddress(WeBoxError):
    code = "private_address"
    http_status = 403
    message = _("This address leads into a private network. Only the owner of this WeBox can add it.")


@dataclass(frozen=True, slots=True)
class Address:
    """A base address, taken apart once: `url` has no slash at its end, `origin` is scheme, host and port."""

    url: str
    origin: str
    host: str
    port: int
    is_https: bool


def is_public(ip: str) -> bool:
    """Whether an IP address belongs to the internet at large, and to no private or special range."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None and address not in _GLOBAL_IPV6:
            return False
        address = address.ipv4_mapped or address
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in _NEVER_PUBLIC if network.version == address.version)


def parse(text: str, *, usual_path: str = "") -> Address:
    """Read a base address as people type it.

    A slash or a vendor's path at its end is taken off; one without a path gets `usual_path`. Raises
    BadAddress for anything but http(s), for user names, queries and fragments.
    """
    text = text.strip()
    if len(text) > URL_CHARS or not text.isprintable() or any(sign in text for sign in "\\ ?#"):
        raise BadAddress
    try:
        url = httpx.URL(text)
        host, path = url.raw_host.decode("ascii").lower(), url.raw_path.decode("ascii").rstrip("/")
    except (httpx.InvalidURL, ValueError):
        raise BadAddress from None
    usual_port = 443 if url.scheme == "https" else 80
    port = usual_port if url.port is None else url.port
    if url.scheme not in ("http", "https") or url.userinfo or not 0 < port < 65536:
        raise BadAddress
    if not _HOST.fullmatch(host) or ".." in host:
        raise BadAddress
    for ending in _ENDINGS:
        path = path.removesuffix(ending).rstrip("/")
    shown_host = f"[{host}]" if ":" in host else host
    origin = f"{url.scheme}://{shown_host}" + ("" if port == usual_port else f":{port}")
    return Address(origin + (path or usual_path), origin, host, port, url.scheme == "https")


def check_public(address: Address) -> None:
    """Refuse what anybody but the owner may not add.

    Raises BadAddress unless it is https on a usual port, PrivateAddress for an IP address or a name that is
    private by its looks. Names that resolve to private addresses are refused when WeBox connects.
    """
    host = address.host.rstrip(".").lower()
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa")):
        raise PrivateAddress
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_name = "." in host and not host.rpartition(".")[2].isdecimal()
        if not is_name:
            # A single word or a number in another spelling (0x7f000001, 127.1).
            raise PrivateAddress from None
    else:
        if not is_public(host):
            raise PrivateAddress
    if not address.is_https or address.port not in PUBLIC_PORTS:
        raise BadAddress
