"""The settings and their documentation say the same."""

import ast
import re

import pytest
from django.conf import settings as django_settings

from tests import ROOT
from webox.settings import redis_database

READERS = ("env.str", "env.list", "one_of", "is_on", "whole_number", "os.environ.get")


def settings_read() -> set[str]:
    """The names of all settings that webox/settings.py reads, plus those of the Compose file."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / "webox/settings.py").read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in READERS):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(first.value)):
            names.add(str(first.value))
        elif isinstance(first, ast.JoinedStr):
            ending = ast.unparse(first).rpartition("}")[2].rstrip("'")
            names |= {vendor + ending for vendor in django_settings.VENDOR_VARIABLES}
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return names | set(re.findall(r"\$\{(\w+)", compose))


def test_settings_are_found_in_the_source() -> None:
    assert {
        "SECRET_KEY",
        "WEBOX_SIGNUP",
        "OPENAI_API_KEY",
        "OLLAMA_BASE_URL",
        "WEBOX_ENV_FILE",
    } <= settings_read()


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert set(re.findall(r"^# ([A-Z][A-Z0-9_]*)=", example, re.MULTILINE)) == settings_read()


@pytest.mark.parametrize("readme", ["README.md", "README.fr.md"])
def test_every_setting_is_in_the_readme(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    vendors = "|".join(django_settings.VENDOR_VARIABLES)
    # The vendors’ names stand together: `OPENAI`, `ANTHROPIC` … with `_API_KEY` and `_BASE_URL`.
    required = {re.sub(rf"^({vendors})(_API_KEY|_BASE_URL)$", r"\1", name) for name in settings_read()}
    required |= {"_API_KEY", "_BASE_URL"}

    assert {name for name in required if name not in text} == set()


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("", "0"),
        ("redis://127.0.0.1:6379", "0"),
        ("redis://127.0.0.1:6379/", "0"),
        ("redis://:secret@redis.example:6379/7", "7"),
        ("rediss://redis.example/7?ssl_cert_reqs=none", "7"),
        ("redis://redis.example/7?db=3", "3"),
        ("unix:///run/redis.sock?db=2", "2"),
    ],
)
def test_the_channels_of_redis_name_its_database(url: str, database: str) -> None:
    assert redis_database(url) == database
