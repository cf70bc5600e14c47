"""Which words of a page are in the other language, seen or read out: by the catalogues, and by telltales."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import polib
from playwright.sync_api import Page

from tests import ROOT
from tests.browser.kit.visit import script

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
TAG = re.compile(r"</?\w[^>]*>")
LEAST_LETTERS = 4
# Other projects' pages say words from their own catalogues; what those lack is not ours to translate.
FOREIGN_CATALOGUES = ("django.contrib.admin", "django.contrib.auth", "django", "rest_framework", "allauth")
# Words of one language that no sentence of the other has; for what nobody marked for translation.
TELLTALES = {
    "en": re.compile(r"\b(the|and|your|with|this|that|was|were|of|is|are|to|from|you|not)\b", re.IGNORECASE),
    "fr": re.compile(
        r"\b(le|les|des|une|vous|votre|vos|avec|cette|est|sont|dans|pour|aux|et|du)\b", re.IGNORECASE
    ),
}
# What people, AIs and programs wrote, in whatever language; the switch that names the other one; and the
# fields of the browsable API, which go by the names of the protocol.
STORED = (
    ".prose, .think, .thoughts, .question h2, .question-field, #question, #page-heading, .talk, .crumb, "
    ".palette-list, .notice-text, #notice-said, .who, .people tbody th, [data-command=account] .row-label, "
    ".form-group, [lang], pre, code, kbd, script, style"
)
# On other projects' pages: names of people and of permissions, as Django stores them; a picture's name and
# the words of Swagger UI, which they write in English alone; and the names of tags and records.
STORED_ELSEWHERE = (
    f"{STORED}, #user-tools strong, #content > h2, #result_list tbody, .selector select, "
    "#changelist-search img, .btn.authorize, .opblock-tag a, .opblock-summary-method, .models"
)
READ = script("read")


def _catalogues(foreign: bool) -> Iterator[polib.MOFile]:
    folders = [ROOT / "locale"]
    if foreign:
        for package in FOREIGN_CATALOGUES:
            spec = find_spec(package)
            assert spec
            assert spec.origin
            folders += [Path(spec.origin).parent / "locale", Path(spec.origin).parent / "conf" / "locale"]
    for folder in folders:
        for path in sorted((folder / "fr" / "LC_MESSAGES").glob("*.mo")):
            yield polib.mofile(str(path))


def _pairs(foreign: bool) -> Iterator[tuple[str, str]]:
    """English and French of each message, its plurals one by one."""
    for catalogue in _catalogues(foreign):
        for entry in catalogue:
            if not entry.msgid_plural:
                yield entry.msgid, entry.msgstr
                continue
            yield entry.msgid, entry.msgstr_plural[0]
            yield entry.msgid_plural, entry.msgstr_plural[1]


def _shape(text: str) -> str:
    """The message as it stands on a page: without tags and runs of spaces."""
    return " ".join(TAG.sub("", text).replace("%%", "%").split()).casefold()


@cache
def spoken(language: str, foreign: bool) -> tuple[set[str], list[tuple[re.Pattern[str], str]]]:
    """What the catalogues say in this language: whole messages, and those with gaps as patterns."""
    whole: set[str] = set()
    gaps: list[tuple[re.Pattern[str], str]] = []
    for english, french in _pairs(foreign):
        own, other = (english, french) if language == "en" else (french, english)
        shape = _shape(own)
        letters = sum(one.isalpha() for one in PLACEHOLDER.sub("", shape))
        if letters < LEAST_LETTERS or not own or shape == _shape(other):
            continue
        if not PLACEHOLDER.search(shape):
            whole.add(shape)
            continue
        literal = [re.escape(piece) for piece in PLACEHOLDER.split(shape)]
        gaps.append((re.compile("(.+)".join(literal)), shape))
    return whole, gaps


def says(line: str, language: str, foreign: bool) -> bool:
    whole, gaps = spoken(language, foreign)
    return line in whole or any(pattern.fullmatch(line) for pattern, _ in gaps)


def strange(line: str, language: str, foreign: bool = False) -> bool:
    """Whether this line of a page in `language` is in the other one."""
    other = "en" if language == "fr" else "fr"
    shape = " ".join(line.split()).casefold()
    if says(shape, language, foreign):
        return False
    if says(shape, other, foreign):
        return True
    return not foreign and bool(TELLTALES[other].search(shape))


def strange_lines(page: Page, language: str, *, is_foreign: bool) -> list[str]:
    """What stands on this page in the other language, and what language it claims, where that is wrong."""
    told = page.locator("html").get_attribute("lang") or ""
    stored = STORED_ELSEWHERE if is_foreign else STORED
    lines = [line.split("\0") for line in page.evaluate(READ, stored)]
    found = [f"{where}: {line}" for where, line in lines if strange(line, language, is_foreign)]
    return found if told.startswith(language) else [f"lang={told}", *found]
