from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import preferences
from accounts.models import User
from accounts.signing_in.tokens import issue_tokens
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

PATH = "/api/auth/preferences"
DEFAULTS = {"theme": "system", "language": None, "line_up": None, "better_titles": False}


@pytest.fixture
def browser(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def patch(client: Client, **changes: Any) -> Any:
    return client.patch(PATH, changes, content_type="application/json")


def sign_in(client: Client) -> Any:
    return client.post("/accounts/login/", {"login": "ana", "password": PASSWORD})


def test_who_has_chosen_nothing_gets_the_defaults(browser: Client) -> None:
    assert browser.get(PATH).json() == DEFAULTS


def test_what_is_named_changes_and_the_rest_stays(browser: Client, ana: User) -> None:
    assert patch(browser, theme="dark", line_up=7).json() == DEFAULTS | {"theme": "dark", "line_up": 7}
    assert patch(browser, better_titles=True, line_up=None).json() == DEFAULTS | {
        "theme": "dark",
        "better_titles": True,
    }
    assert patch(browser).json() == browser.get(PATH).json()
    ana.refresh_from_db()
    assert preferences.of(ana).better_titles


@pytest.mark.parametrize(
    "changes",
    [
        {"theme": "purple"},
        {"theme": None},
        {"language": "de"},
        {"line_up": "mine"},
        {"line_up": 0},
        {"line_up": True},
        {"better_titles": "yes"},
        {"better_titles": None},
        {"colour": "red"},
    ],
)
def test_what_is_no_choice_is_refused_and_changes_nothing(browser: Client, changes: dict[str, Any]) -> None:
    answer = patch(browser, **{"theme": "dark"} | changes)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"#/{next(iter(changes))}"
    assert browser.get(PATH).json() == DEFAULTS


def test_a_program_changes_them_too_and_gets_no_cookie(ana: User) -> None:
    program = APIClient(headers={"Authorization": f"Bearer {issue_tokens(ana).access}"})
    answer = program.patch(PATH, {"theme": "light"}, format="json")
    assert answer.json()["theme"] == "light"
    assert not answer.cookies


def test_what_clients_keep_beside_them_stays(browser: Client, ana: User) -> None:
    User.objects.update(preferences={"density": "compact", "theme": "purple", "line_up": True})
    assert browser.get(PATH).json() == DEFAULTS
    patch(browser, theme="light")
    ana.refresh_from_db()
    assert ana.preferences == {"density": "compact", "theme": "light", "line_up": True}


def test_a_page_is_in_the_theme_from_its_first_byte(browser: Client) -> None:
    patch(browser, theme="dark")
    for page in (browser.get("/chat/"), browser.get("/accounts/profile"), browser.get("/nowhere")):
        html = page.content.decode()
        assert 'data-theme="dark"' in html
        assert '<meta name="color-scheme" content="dark">' in html


def test_a_visitor_keeps_the_theme_in_a_cookie(client: Client) -> None:
    assert 'data-theme="system"' in client.get("/").content.decode()
    answer = client.post("/accounts/theme", {"theme": "dark", "next": "/accounts/login/"})
    assert answer["Location"] == "/accounts/login/"
    assert 'data-theme="dark"' in client.get("/accounts/login/").content.decode()


def test_the_quick_switch_is_kept_for_the_person(browser: Client, ana: User) -> None:
    assert (
        browser.post("/accounts/theme", {"theme": "dark", "next": "https://evil.example/"})["Location"] == "/"
    )
    ana.refresh_from_db()
    assert preferences.of(ana).theme == "dark"


@pytest.mark.parametrize("theme", ["", "purple", "system\0"])
def test_a_theme_that_is_none_is_refused(client: Client, theme: str) -> None:
    answer = client.post("/accounts/theme", {"theme": theme})
    assert answer.status_code == 400
    assert b"WeBox did not understand that" in answer.content


def test_a_cookie_with_nonsense_is_the_default(client: Client) -> None:
    client.cookies["webox_theme"] = '"><script>'
    assert 'data-theme="system"' in client.get("/").content.decode()


def test_signing_in_brings_theme_and_language_to_this_browser(client: Client, ana: User) -> None:
    User.objects.update(preferences={"theme": "dark", "language": "fr"})
    entered = sign_in(client)
    assert entered.cookies["webox_theme"].value == "dark"
    assert entered.cookies["webox_language"].value == "fr"
    client.post("/accounts/logout/")
    html = client.get("/accounts/login/", headers={"accept-language": "en"}).content.decode()
    assert 'lang="fr"' in html
    assert 'data-theme="dark"' in html


def test_a_persons_language_is_stronger_than_the_browsers(browser: Client) -> None:
    patch(browser, language="fr")
    elsewhere = browser.get("/accounts/profile", headers={"accept-language": "en"})
    assert 'lang="fr"' in elsewhere.content.decode()
    patch(browser, language=None)
    browser.cookies.pop("webox_language")
    assert 'lang="en"' in browser.get("/accounts/profile", headers={"accept-language": "en"}).content.decode()


def test_the_language_switch_is_kept_for_the_person(browser: Client, ana: User) -> None:
    assert browser.post("/i18n/setlang/", {"language": "fr"}).status_code == 302
    ana.refresh_from_db()
    assert preferences.of(ana).language == "fr"
    browser.post("/i18n/setlang/", {"language": "xx"})
    ana.refresh_from_db()
    assert preferences.of(ana).language == "fr"
