"""The guide's page and the owner's walks name what is there; and of the guide what no other test holds."""

import ast
import functools
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import polib
import pytest
from django.apps import apps
from django.core.management import get_commands
from django.utils import translation
from django.utils.text import capfirst
from playwright.sync_api import WebSocketRoute, expect

from tests import ROOT
from tests.browser.kit.browser import Visits, new_name
from tests.site.running import Site, environment

GUIDE, WALKS = ROOT / "docs/guide.md", ROOT / "docs/owner.md"
TEST = re.compile(r"`((?:\w+/)+test_\w+\.py)::(\w+)`")
PLACE = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|html|js|example))(?::(\w+))?`")
COMMAND = re.compile(r"-m webox manage ([\w-]+)")
WORDS = re.compile(r"\*\*([^*]+)\*\*\s+\(\*([^*]+)\*\)")


# --- What the pages name --------------------------------------------------------------------------------


@functools.cache
def names_in(path: Path) -> set[str]:
    """What a module of ours defines for itself; empty for other files."""
    if path.suffix != ".py":
        return set()
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def missing(named: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of files with a name in each, or "" for the file alone, those that are not there."""
    return {
        (path, name)
        for path, name in named
        if not (ROOT / path).is_file() or (name and name not in names_in(ROOT / path))
    }


def test_every_test_that_the_guides_page_names_is_there() -> None:
    named = {*TEST.findall(GUIDE.read_text(encoding="utf-8"))}
    assert len(named) > 50
    assert missing(named) == set()


@pytest.mark.parametrize("page", [GUIDE, WALKS], ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there_with_what_is_in_it(page: Path) -> None:
    named = {*PLACE.findall(page.read_text(encoding="utf-8"))}
    assert named
    assert missing(named) == set()


@pytest.mark.parametrize("page", [GUIDE, WALKS], ids=lambda page: page.name)
def test_every_command_that_a_page_gives_is_there(page: Path) -> None:
    given = {*COMMAND.findall(page.read_text(encoding="utf-8"))}
    assert given
    assert given - {*get_commands()} == set()


@functools.cache
def words_of_scripts() -> dict[str, str]:
    """The French words of our scripts by the English ones."""
    entries = polib.pofile(str(ROOT / "locale/fr/LC_MESSAGES/djangojs.po"))
    return {entry.msgid: entry.msgstr for entry in entries}


def in_french(text: str) -> set[str]:
    """What may stand on the French pages for this English text: words of scripts, of pages and of Django."""
    small = text[0].lower() + text[1:]
    with translation.override("fr"):
        forms = {translation.gettext(text)}
        # A model's name is kept small, and begins with a capital where it stands alone.
        if translation.gettext(small) != small:
            forms.add(capfirst(translation.gettext(small)))
    return forms | {words_of_scripts().get(text, "")}


def test_the_walks_give_the_pages_words_in_both_languages() -> None:
    text = WALKS.read_text(encoding="utf-8")
    pairs = WORDS.findall(text)
    assert len(pairs) == text.count("(*") > 40
    assert [(english, french) for english, french in pairs if french not in in_french(english)] == []


# --- What the guide asks for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "field", "wanted"),
    [
        ("accounts.User", "id", {"get_internal_type": "BigAutoField"}),
        ("accounts.User", "email", {"max_length": 255, "unique": True}),
        ("accounts.User", "username", {"max_length": 100, "unique": True}),
        ("accounts.User", "preferences", {"get_internal_type": "JSONField", "get_default": {}}),
        ("chat.Conversation", "id", {"get_internal_type": "BigAutoField"}),
        ("chat.Conversation", "title", {"max_length": 255}),
        ("chat.Conversation", "folder", {"max_length": 100, "get_default": "Général"}),
        ("chat.Conversation", "created_at", {"get_internal_type": "DateTimeField"}),
        ("chat.Conversation", "updated_at", {"get_internal_type": "DateTimeField"}),
        ("chat.Message", "id", {"get_internal_type": "BigAutoField"}),
        ("chat.Message", "content", {"get_internal_type": "TextField"}),
        ("chat.Message", "created_at", {"get_internal_type": "DateTimeField"}),
    ],
)
def test_the_columns_are_the_guides(model: str, field: str, wanted: dict[str, object]) -> None:
    found: Any = apps.get_model(model)._meta.get_field(field)
    values = {name: getattr(found, name) for name in wanted}
    assert {name: value() if callable(value) else value for name, value in values.items()} == wanted


def test_the_roles_are_the_guides() -> None:
    role: Any = apps.get_model("chat.Message")._meta.get_field("role")
    assert [value for value, _label in role.choices] == ["user", "assistant", "system"]


def test_a_password_is_stored_as_a_hash(embedded_site: Site) -> None:
    name = new_name()
    embedded_site.account(name)
    database = embedded_site.log.parent / "webox.sqlite3"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as rows:
        [(stored,)] = rows.execute("SELECT password FROM accounts_user WHERE username = ?", [name])
    assert stored.startswith("argon2$argon2id$")


def test_an_unknown_conversation_is_404_and_begins_none(embedded_site: Site) -> None:
    person = embedded_site.account(new_name())
    got = person.post(
        "/api/chat/send", conversation_id=999_999_999, message="Hello", selected_providers=["demo"]
    )
    assert (got.status_code, got.json()["detail"]) == (404, "Conversation not found")
    assert person.get("/api/chat/conversations").json() == []


GUIDES_SETTINGS = """
DATABASE_URL=postgres://webox_user:p%40ss%2Fw%3Ard%20%231%25@127.0.0.1:5432/webox_db
REDIS_URL=redis://127.0.0.1:6379/0
SECRET_KEY=a-key-of-somebodys-own-that-is-long-enough-0123456789
ALGORITHM=HS512
ACCESS_TOKEN_EXPIRE_MINUTES=7
OPENAI_API_KEY=sk-openai
ANTHROPIC_API_KEY=sk-anthropic
GOOGLE_API_KEY=sk-google
"""
TELL = """
import json
from django.conf import settings
from jwt import get_unverified_header
from rest_framework_simplejwt.tokens import AccessToken
token, database = AccessToken(), settings.DATABASES["default"]
names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
print(json.dumps({
    "database": [database.get(name, "") for name in names] if settings.SCALED else database["ENGINE"],
    "redis": settings.REDIS_URL,
    "algorithm": get_unverified_header(str(token))["alg"],
    "seconds": token["exp"] - token["iat"],
    "keys": {name: key for name, key in settings.VENDOR_KEYS.items() if key},
    "secret": settings.SECRET_KEY if settings.SCALED else len(settings.SECRET_KEY) > 60,
}))
"""
POSTGRESQL = "django.db.backends.postgresql"


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (
            GUIDES_SETTINGS,
            {
                "database": [POSTGRESQL, "webox_db", "webox_user", "p@ss/w:rd #1%", "127.0.0.1", 5432],
                "redis": "redis://127.0.0.1:6379/0",
                "algorithm": "HS512",
                "seconds": 7 * 60,
                "keys": {"OPENAI": "sk-openai", "ANTHROPIC": "sk-anthropic", "GOOGLE": "sk-google"},
                "secret": "a-key-of-somebodys-own-that-is-long-enough-0123456789",
            },
        ),
        (
            "",
            {
                "database": "django.db.backends.sqlite3",
                "redis": "",
                "algorithm": "HS256",
                "seconds": 30 * 60,
                "keys": {},
                "secret": True,
            },
        ),
    ],
    ids=["all", "none"],
)
def test_the_guides_settings_are_read(lines: str, wanted: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text(lines, encoding="utf-8")
    env = environment(tmp_path / "var", WEBOX_ENV_FILE=str(file))
    # That of the sites that serve a whole run.
    del env["ACCESS_TOKEN_EXPIRE_MINUTES"]
    command = [sys.executable, "manage.py", "shell", "--command", TELL]
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=True, timeout=120
    )
    assert json.loads(done.stdout.strip().splitlines()[-1]) == wanted


@pytest.mark.browser
def test_the_french_chat_page_has_the_guides_words(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site, locale="fr-FR").sign_in(new_name()).page

    def hear_nothing(socket: WebSocketRoute) -> None:
        """A server that has not yet said that it accepts the question."""

    page.route_web_socket(re.compile(r"/api/chat/ws/\d+$"), hear_nothing)
    page.goto("/chat/")
    field = page.get_by_placeholder("Posez votre question…")
    field.fill("Où est l’été ?")
    expect(page.get_by_role("button", name="Envoyer", exact=True)).to_be_visible()
    field.press("Enter")
    expect(page.get_by_role("button", name="Envoi…", exact=True)).to_be_visible()
    expect(page.get_by_text("Envoi…", exact=True)).to_be_visible()
