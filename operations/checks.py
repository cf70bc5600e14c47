"""Checks before the start: what would not be safe to give to others stops it, with reason and cure."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from common.http.address import public_hosts

LEAST_SECRET_CHARS = 32
LEAST_DIFFERENT = 10
"""Characters that differ: fewer are a word or a row of the same."""
PLACEHOLDERS = ("change", "example", "insecure", "replace", "secret-key", "secret_key", "your-", "your_")
"""What stands in examples, in whatever case."""
EXAMPLE_CHARS = 64
"""Examples are shorter; a secret that WeBox makes is longer, and may hold such a word by chance."""


@register(Tags.security)
def check_secret(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The secret that signs cookies and tokens can't be guessed."""
    secret = settings.SECRET_KEY
    is_long = len(secret) >= LEAST_SECRET_CHARS and len({*secret}) >= LEAST_DIFFERENT
    is_example = len(secret) < EXAMPLE_CHARS and any(word in secret.lower() for word in PLACEHOLDERS)
    if is_long and not is_example:
        return []
    hint = (
        f"Give at least {LEAST_SECRET_CHARS} random characters, for example those that "
        "`python3 -c 'import secrets; print(secrets.token_urlsafe(64))'` prints, or leave it out: "
        "WeBox then makes one."
    )
    return [Error("SECRET_KEY can be guessed: whoever does signs in as anybody.", hint=hint, id="webox.E001")]


@register(Tags.security)
def check_debug(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Error pages with settings and source are for this machine alone."""
    if not settings.DEBUG or not public_hosts():
        return []
    hint = "Take DEBUG out, or other names than this machine's out of ALLOWED_HOSTS."
    return [Error("With DEBUG strangers would see settings and source.", hint=hint, id="webox.E002")]


@register(Tags.security)
def check_proxies(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Over https there is a proxy, which WeBox has to believe; of others it believes nothing."""
    if not settings.HTTPS or settings.PROXY_COUNT:
        return []
    said = "WEBOX_HTTPS is on, but no proxy is set: every request would be sent round in a circle."
    hint = "WeBox speaks no TLS itself: set WEBOX_PROXIES to the number of your proxies, mostly 1."
    return [Error(said, hint=hint, id="webox.E003")]


@register(Tags.security, deploy=True)
def check_https(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Passwords and keys of others go over https."""
    if settings.HTTPS or not public_hosts():
        return []
    hint = "Put a proxy with a certificate before WeBox, then set WEBOX_HTTPS=true and WEBOX_PROXIES=1."
    said = f"{public_hosts()[0]} is reached without https: passwords and keys can be read on the way."
    return [Error(said, hint=hint, id="webox.E004")]


@register(Tags.security, deploy=True)
def check_shared_secrets(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Several processes, perhaps on several machines, sign and encrypt with the same secrets."""
    if not settings.SCALED or settings.ENCRYPTION_KEYS:
        return []
    said = f"The encryption key is a file of this machine ({settings.ENCRYPTION_KEY_FILE})."
    hint = (
        "Where all processes share that folder this is fine; else put its content, and that of secret.key, "
        "into WEBOX_ENCRYPTION_KEYS and SECRET_KEY for all of them."
    )
    return [Warning(said, hint=hint, id="webox.W001")]
