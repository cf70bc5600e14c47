"""Codes into sentences: codes travel and are stored, words are chosen where a person reads them."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from common.errors import WeBoxError


def _classes(root: type[WeBoxError]) -> list[type[WeBoxError]]:
    return [root, *(found for child in root.__subclasses__() for found in _classes(child))]


def sentences() -> dict[str, str]:
    """Every error code's sentence in the language in force, with `%(name)s` where its data goes."""
    return {error.code: str(error.message) for error in _classes(WeBoxError)}


def sentence(code: str, params: Mapping[str, object]) -> str:
    """One error's sentence in the language in force."""
    template = sentences().get(code)
    if template is None:
        return _("Something went wrong. Try again.")
    try:
        return template % params
    except KeyError:
        return template
