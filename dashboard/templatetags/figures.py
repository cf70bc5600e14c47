"""How the dashboard's pages write numbers."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext

from providers.prices import NANO

register = template.Library()
SMALL_USD = 0.01
SMALLEST_USD = 0.0001


@register.filter
def grouped(value: float) -> str:
    """The number with its thousands apart, as the language in force writes it."""
    return _number(value, 0)


def _number(value: float, places: int) -> str:
    # Rounded first: Django cuts off what has no place. Its French separator is U+00A0; Intl.NumberFormat,
    # which writes the graphs', uses the narrow one.
    rounded = Decimal(f"{value:.{places}f}")
    return number_format(rounded, decimal_pos=places, force_grouping=True).replace("\u00a0", "\u202f")


@register.filter
def one_decimal(value: float) -> str:
    """The number with one place after the point or the comma."""
    return _number(value, 1)


@register.filter
def dollars(usd: float) -> str:
    """An amount of US dollars: to the cent, small ones to a hundredth of it."""
    if 0 < usd < SMALLEST_USD:
        return gettext("<%(amount)s") % {"amount": _dollars(SMALLEST_USD, 4)}
    return _dollars(usd, 4 if 0 < usd < SMALL_USD else 2)


def _dollars(usd: float, places: int) -> str:
    # Translators: an amount of US dollars.
    return gettext("$%(amount)s") % {"amount": _number(usd, places)}


@register.filter
def nanodollars(nanousd: int) -> str:
    """An amount in billionths of a US dollar, in dollars."""
    return dollars(nanousd / NANO)


@register.filter
def seconds(milliseconds: float | None) -> str:
    """A time in seconds; a dash where none is known."""
    if milliseconds is None:
        return "–"
    # Translators: a time in seconds.
    return gettext("%(seconds)s s") % {"seconds": one_decimal(milliseconds / 1000)}


@register.filter
def change(now: int, before: int) -> str:
    """How much more or less than before, signed; empty where there was nothing before."""
    if not before:
        return ""
    percent = round(100 * (now - before) / before)
    sign = "+" if percent > 0 else "−" if percent < 0 else "±"
    # Translators: a change in percent, like +12%.
    return gettext("%(sign)s%(percent)s%%") % {"sign": sign, "percent": abs(percent)}
