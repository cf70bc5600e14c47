"""The template tag `module_preloads`: all modules that a page's script imports, asked for at once.

Without it a browser finds each module in the one that imports it, and asks for one depth after the other.
"""

import posixpath
import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template import Library
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

_IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
register = Library()


@cache
def modules_of(path: str) -> tuple[str, ...]:
    """The static files that this module and those it imports need before it runs, itself first.

    What is imported later, by a call, is not among them. Raises FileNotFoundError.
    """
    found = [path]
    for one in found:
        file = finders.find(one)
        if file is None:
            raise FileNotFoundError(one)
        for imported in _IMPORT.findall(Path(file).read_text("utf-8")):
            name = posixpath.normpath(posixpath.join(posixpath.dirname(one), imported))
            if name not in found:
                found.append(name)
    return tuple(found)


@register.simple_tag
def module_preloads(path: str) -> SafeString:
    """A link for each module of a page's script, for its head."""
    links = ((static(name),) for name in modules_of(path))
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', links)
