"""What a new password may not be, beside Django's own rules (AUTH_PASSWORD_VALIDATORS)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

NAMES = ("webox", "multi-ia", "multiia")
"""What everybody knows of the site; the names that it is reached by come on top."""
LABEL_CHARS = 4
"""Shorter parts of a host's name (www, org, fr) are parts of words, too."""
LIKE_LETTERS = str.maketrans("013457@$", "oleastas")
"""Characters that are typed for the letter that they look like."""


class SiteNameValidator:
    """The words of the site's name don't count: without them, a password is still long enough."""

    def __init__(self, min_length: int) -> None:
        self._least = min_length

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError where too little is left."""
        words = [re.escape(word) for word in words_of_the_site(settings.ALLOWED_HOSTS)]
        if len(password) >= self._least > len(re.sub("|".join(words), "", folded(password))):
            raise ValidationError(self.get_help_text(), code="password_is_site_name")

    def get_help_text(self) -> str:
        """The rule, for who chooses a password."""
        return _(
            "The name of this site doesn’t count: without it, a password has at least %(chars)d characters."
        ) % {"chars": self._least}


def words_of_the_site(hosts: Iterable[str]) -> list[str]:
    """What a password may be little more than, folded, the longest first."""
    return sorted({folded(word) for word in [*NAMES, *_parts(hosts)]}, key=len, reverse=True)


def folded(text: str) -> str:
    """Text as it is compared: without case or accents, and with letters for what looks like them."""
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(one for one in apart if not unicodedata.combining(one))
    return plain.casefold().translate(LIKE_LETTERS)


def _parts(hosts: Iterable[str]) -> Iterator[str]:
    for host in hosts:
        name = host.lstrip("*.")
        if name:
            yield name
        yield from (part for part in name.split(".") if len(part) >= LABEL_CHARS)
