"""The template tag `icon`: a picture of static/webox/icons.svg, which a screen reader passes over."""

from django.template import Library
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = Library()


@register.simple_tag
def icon(key: str) -> SafeString:
    """The icon under this id; the words beside it say what it means."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("webox/icons.svg"), key
    )
