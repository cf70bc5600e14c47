"""What a password may be, how it is kept, and that it is taken as it was typed."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    get_default_password_validators,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.signing_in.passwords import words_of_the_site
from tests import ROOT
from tests.api.problems import fields_of
from tests.site.running import environment

LEAST = 12


def refusals(password: str) -> set[str]:
    """The codes of what is said against it."""
    try:
        validate_password(password)
    except ValidationError as error:
        return {str(one.code) for one in error.error_list}
    return set()


def test_the_list_holds_three_thousand_that_are_long_enough() -> None:
    [common] = [one for one in get_default_password_validators() if isinstance(one, CommonPasswordValidator)]
    assert sum(len(one) >= LEAST for one in common.passwords) == len(common.passwords) >= 3000


@pytest.mark.parametrize("password", ["password1234", "QwertyUiop12", "iloveyou1234", " 123qweasdzxc"])
def test_a_common_one_is_refused(password: str) -> None:
    assert refusals(password) == {"password_too_common"}


@pytest.fixture
def named_site(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org", ".intranet.fr", "*"]


@pytest.mark.parametrize(
    "password",
    [
        *("webox webox webox", "webox123456789", "WeBox-2026-2027", "W3b0x-p@ssword", "wébox.wébox.12"),
        *("Multi-IA 2026!!", "multiia-multi-ia", "chat.example.org", "example.org2026", "intranet-2026!!"),
    ],
)
def test_one_that_is_little_more_than_the_sites_name_is_refused(named_site: None, password: str) -> None:
    assert refusals(password) == {"password_is_site_name"}


@pytest.mark.parametrize(
    "password", ["webox holds my nine horses", "le chat de ma grand-mère", "organ of the old church"]
)
def test_the_name_of_the_site_may_be_a_part_of_a_longer_one(named_site: None, password: str) -> None:
    assert refusals(password) == set()


def test_a_short_one_is_told_so_alone(named_site: None) -> None:
    assert refusals("webox") == {"password_too_short"}


def test_the_words_of_the_site_are_those_of_its_hosts() -> None:
    hosts = {"www.chat.example.org", "example", "chat"}
    assert set(words_of_the_site(["www.chat.example.org", "*"])) == {"webox", "multi-ia", "multiia"} | hosts


@pytest.mark.django_db
def test_pages_and_api_refuse_it_alike(client: Client, api: APIClient) -> None:
    body = {"email": "ana@example.org", "username": "Ana", "password": "webox webox webox"}
    page = client.post("/accounts/signup/", body)
    assert [*page.context["form"].errors] == ["password"]
    assert fields_of(api.post("/api/auth/register", body, format="json").json()) == ["password"]
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password", ["x y" * 43, "x y" * 333, "  between blanks, kept  ", "épée 剑 🗡 and more words"]
)
def test_it_is_kept_as_it_was_typed(client: Client, api: APIClient, password: str) -> None:
    body = {"email": "ana@example.org", "username": "Ana", "password": password}
    assert api.post("/api/auth/register", body, format="json").status_code == 201
    for typed, expected in ((password[:-1], 200), (password + " ", 200), (password, 302)):
        page = client.post("/accounts/login/", {"login": "ana", "password": typed})
        assert page.status_code == expected
    token = api.post("/api/auth/token", {"username": "ana", "password": password}, format="json")
    assert token.status_code == 200


def test_it_is_hashed_with_argon2id_as_django_does(tmp_path: Path) -> None:
    """In a process of its own: the tests' hashes cost less."""
    program = "import django; django.setup(); from django.contrib.auth.hashers import make_password as make; "
    done = subprocess.run(
        [sys.executable, "-c", program + "print(make('a long enough passphrase'))"],
        env=environment(tmp_path, DJANGO_SETTINGS_MODULE="webox.settings") | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    # 100 MiB, two passes, eight lanes.
    assert done.stdout.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
