"""An icon of a page is one of the pictures that there are."""

import re
from pathlib import Path

import pytest
from django.template import engines

from tests import ROOT

PICTURES = {*re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/webox/icons.svg").read_text("utf-8"))}


def test_an_icon_is_a_picture_that_screen_readers_pass_over() -> None:
    drawn = engines["django"].from_string('{% icon "key" %}').render()
    assert re.fullmatch(
        r'<svg class="icon" aria-hidden="true"><use href="/static/[\w/]*webox/icons\.svg#key"/></svg>', drawn
    )


def test_what_names_an_icon_is_no_markup() -> None:
    drawn = engines["django"].from_string("{% icon name %}").render({"name": '"><script>'})
    assert "<script>" not in drawn


@pytest.mark.parametrize("template", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_every_icon_that_a_template_names_is_there(template: Path) -> None:
    named = {*re.findall(r'\{% icon "([^"]+)" %\}', template.read_text("utf-8"))}
    assert named - PICTURES == set()
