"""How the dashboard's page writes numbers."""

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def grouped(value: int) -> str:
    """The whole number with its thousands apart, as the language in force writes it."""
    # Django's French separator is U+00A0; Intl.NumberFormat, which writes the graph's, uses the narrow one.
    return number_format(value, force_grouping=True).replace("\u00a0", "\u202f")
