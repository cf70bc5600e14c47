"""What an email address and a username may look like, and the keys by which two of them are the same one."""

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

EMAIL_CHARS = 255
USERNAME_CHARS = 100

# Drawn as nothing, though Unicode files them under letters, marks and symbols
# (Default_Ignorable_Code_Point of DerivedCoreProperties.txt, and the blank Braille pattern).
_BLANKS = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_BLANK_RANGES = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0000, 0xE0FFF))

_check_email_form = EmailValidator(message=_("Enter an email address, like name@example.org."))


def identity_key(value: str) -> str:
    """The form in which two emails, or two usernames, are compared: without case or compatibility forms."""
    folded = unicodedata.normalize("NFKC", value.strip()).casefold()
    # Folding can leave a form that is not NFKC any more (Unicode 16, 5.18.4).
    return unicodedata.normalize("NFKC", folded)


def clean_email(value: str) -> str:
    """Return the address without surrounding space. Raises ValidationError."""
    email = value.strip()
    if len(email) > EMAIL_CHARS:
        raise ValidationError(_("An email address has at most 255 characters."), code="max_length")
    _refuse_invisible(email)
    _check_email_form(email)
    return email


def clean_username(value: str) -> str:
    """Return the username as it is stored: NFKC, single spaces. Raises ValidationError."""
    username = " ".join(part for part in unicodedata.normalize("NFKC", value).split(" ") if part)
    if not username:
        raise ValidationError(_("Enter a username."), code="required")
    if len(username) > USERNAME_CHARS:
        raise ValidationError(_("A username has at most 100 characters."), code="max_length")
    _refuse_invisible(username)
    if "@" in username:
        raise ValidationError(
            _("A username can’t contain @: it could be taken for an email address."), code="looks_like_email"
        )
    return username


def _refuse_invisible(value: str) -> None:
    if any(_is_invisible(character) for character in value):
        raise ValidationError(_("Remove the invisible characters."), code="invisible")


def _is_invisible(character: str) -> bool:
    point = ord(character)
    if point in _BLANKS or any(first <= point <= last for first, last in _BLANK_RANGES):
        return True
    category = unicodedata.category(character)
    return category.startswith("C") or category in ("Zl", "Zp")
