"""Where people reach this WeBox, as far as its settings say."""

from django.conf import settings


def public_hosts() -> list[str]:
    """The names in ALLOWED_HOSTS that are not this machine's own."""
    own = {*settings.LOOPBACK_HOSTS, ".localhost", "testserver"}
    return [host for host in settings.ALLOWED_HOSTS if host not in own]


def public_url() -> str:
    """The address of the site behind its proxy; empty where there is none."""
    if not settings.HTTPS:
        return ""
    host = (public_hosts() or settings.ALLOWED_HOSTS)[0]
    return f"https://{host.removeprefix('.')}"
