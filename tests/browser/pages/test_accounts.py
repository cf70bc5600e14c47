"""Settings and the second step in a browser: theme, sessions, an app’s codes, recovery codes, passkeys."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit.browser import PHONE, Visitor, Visits, new_name, sign_up
from tests.site.one_time_codes import code
from tests.site.running import PASSWORD, Site

pytestmark = pytest.mark.browser

SETTINGS = ["profile", "email", "appearance", "ais", "security", "tokens", "data", "delete"]


class NamedSite(Site):
    """The same site by its name: browsers make no passkeys for addresses of numbers."""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


def sign_in(page: Page, name: str, next_path: str = "") -> None:
    page.goto(f"/accounts/login/{'?next=' + next_path if next_path else ''}")
    page.get_by_label("Email or username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")


def confirm(page: Page) -> None:
    """Give the password again, as before everything that matters."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def turn_on_app(page: Page) -> tuple[str, list[str]]:
    """Set up an authenticator app; its key, and the recovery codes that were shown."""
    page.goto("/accounts/security")
    page.get_by_role("link", name="Set up").click()
    confirm(page)
    key = page.locator("#app-key").inner_text()
    assert page.locator(".qr").evaluate("(image) => image.complete && image.naturalWidth") > 0
    page.get_by_label("Code of the app").fill(code(key))
    page.get_by_role("button", name="Turn on two-factor sign-in").click()
    page.get_by_text("Two-factor sign-in is on.").wait_for()
    return key, page.locator(".codes li").all_inner_texts()


def test_every_section_opens_and_says_where_one_is(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).sign_in("settings-reader").page
    for path in SETTINGS:
        page.goto(f"/accounts/{path}")
        expect(page.locator(".settings-nav [aria-current]")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_shown_this_once_is_copied(keyless_site: Site, visit: Visits) -> None:
    person = visit(keyless_site, PHONE, permissions=["clipboard-read", "clipboard-write"])
    page = person.sign_in("token-maker").page
    page.goto("/accounts/tokens")
    page.get_by_label("Name").fill("a script")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_role("button", name="Copy").click()
    copied = "(text) => navigator.clipboard.readText().then((copied) => copied === text)"
    page.wait_for_function(copied, arg=page.locator(".secret").inner_text())
    expect(page.locator(".settings-nav [aria-current]")).to_be_in_viewport()


def test_a_theme_is_in_the_first_html_and_stays(keyless_site: Site, visit: Visits) -> None:
    person = visit(keyless_site)
    page, name = person.page, new_name()
    page.goto("/")
    assert page.locator("html").get_attribute("data-theme") == "system"
    with page.expect_response("**/accounts/theme"):
        page.get_by_role("button", name="Dark theme").click()
    expect(page.get_by_role("button", name="Light theme")).to_be_focused()
    assert 'data-theme="dark"' in person.context.request.get("/accounts/login/").text()

    sign_up(page, name)
    page.goto("/accounts/appearance")
    page.get_by_label("Dark", exact=True).check()
    page.get_by_text("Saved").wait_for()
    assert 'data-theme="dark"' in person.context.request.get("/chat/").text()
    assert page.locator('meta[name="color-scheme"]').get_attribute("content") == "dark"

    elsewhere = visit(keyless_site)
    sign_in(elsewhere.page, name)
    elsewhere.page.wait_for_url("**/chat/")
    assert elsewhere.page.locator("html").get_attribute("data-theme") == "dark"
    sign_out(elsewhere.page)
    assert elsewhere.page.locator("html").get_attribute("data-theme") == "dark"


def test_a_language_follows_its_person(keyless_site: Site, visit: Visits) -> None:
    page, name = visit(keyless_site).page, new_name()
    sign_up(page, name)
    page.goto("/accounts/appearance")
    page.get_by_label("Français").check()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    elsewhere = visit(keyless_site).page
    sign_in(elsewhere, name)
    elsewhere.wait_for_url("**/chat/")
    assert elsewhere.locator("html").get_attribute("lang") == "fr"


def test_a_person_sets_up_an_app_and_signs_in_with_its_code(keyless_site: Site, visit: Visits) -> None:
    page, name = visit(keyless_site).page, new_name()
    sign_up(page, name)
    key, codes = turn_on_app(page)
    assert len(set(codes)) == 10
    sign_out(page)

    sign_in(page, name, "/accounts/security")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("This code is not right")).to_be_visible()
    page.get_by_label("Code").fill(code(key))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/accounts/security")
    expect(page.get_by_text("10 codes left")).to_be_visible()


def test_a_recovery_code_lets_in_once(keyless_site: Site, visit: Visits) -> None:
    page, name = visit(keyless_site).page, new_name()
    sign_up(page, name)
    _key, codes = turn_on_app(page)
    sign_out(page)
    sign_in(page, name)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/chat/")
    sign_out(page)
    sign_in(page, name)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("This code is not right")).to_be_visible()


def add_authenticator(person: Visitor) -> None:
    """Give the browser a device that keeps passkeys and knows who holds it."""
    device = person.context.new_cdp_session(person.page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_signs_in_without_a_password(keyless_site: Site, visit: Visits) -> None:
    named = NamedSite(**vars(keyless_site))
    person = visit(named)
    person.expect_error(r"asked another host: (http|ws)://localhost")
    page, name = person.page, new_name()
    sign_up(page, name)
    add_authenticator(person)
    page.goto("/accounts/security")
    page.get_by_role("link", name="Add a passkey").click()
    confirm(page)
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("The passkey is added.").wait_for()
    expect(page.locator(".codes li")).to_have_count(10)
    sign_out(page)

    page.goto("/accounts/login/?next=/accounts/security")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/accounts/security")
    expect(page.locator(".line", has_text="My laptop")).to_contain_text("last used")
    sign_out(page)

    # After the password it is the second step.
    sign_in(page, name)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/chat/")

    page.goto("/accounts/security")
    page.get_by_role("link", name="Rename My laptop").click()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Save the name").click()
    page.get_by_role("link", name="Remove Work laptop").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("The passkey is removed.").wait_for()
    expect(page.get_by_text("Work laptop")).to_have_count(0)


def test_no_passkey_is_offered_where_browsers_make_none(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).page
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in", exact=True).wait_for()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


def test_another_browser_is_signed_out_from_here(keyless_site: Site, visit: Visits) -> None:
    page, name = visit(keyless_site).page, new_name()
    sign_up(page, name)
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    elsewhere = visit(keyless_site, user_agent=agent).page
    sign_in(elsewhere, name)
    elsewhere.wait_for_url("**/chat/")

    page.goto("/accounts/security")
    page.get_by_role("button", name="Sign out Firefox on Windows").click()
    page.get_by_text("“Firefox on Windows” is signed out.").wait_for()
    elsewhere.goto("/accounts/security")
    elsewhere.wait_for_url("**/accounts/login/**")
    sign_in(elsewhere, name, "/accounts/security")
    elsewhere.get_by_role("button", name="Sign out everywhere but here").click()
    elsewhere.get_by_text("You are signed out everywhere but here.").wait_for()
    page.goto("/accounts/security")
    page.wait_for_url("**/accounts/login/**")


def test_who_was_signed_out_comes_back_to_the_draft(keyless_site: Site, visit: Visits) -> None:
    person, name = visit(keyless_site), new_name()
    person.expect_error("status of 401")
    page = person.page
    sign_up(page, name)
    page.get_by_label("Your question").fill("Half a question")
    elsewhere = visit(keyless_site).page
    sign_in(elsewhere, name, "/accounts/security")
    elsewhere.get_by_role("button", name="Sign out everywhere but here").click()

    page.get_by_role("button", name="Send").click()
    page.locator("#banner").get_by_role("link", name="Sign in").click()
    page.get_by_label("Email or username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/chat/")
    expect(page.get_by_label("Your question")).to_have_value("Half a question")


def test_the_line_up_to_begin_with_and_better_titles_are_kept(keyless_site: Site, visit: Visits) -> None:
    person = visit(keyless_site).sign_in("settings-keeper")
    page = person.page
    page.goto("/accounts/ais")
    token = page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    made = person.context.request.post(
        "/api/chat/line-ups",
        data={"name": "Quick two", "targets": ["demo:quick", "demo:code"]},
        headers={"X-CSRFToken": token},
    )
    assert made.ok
    page.reload()
    page.get_by_label("They begin with").select_option("Quick two")
    page.get_by_text("Saved").wait_for()
    page.get_by_role("switch", name="Better titles").check()
    page.wait_for_function(
        "fetch('/api/auth/preferences').then((got) => got.json()).then((got) => got.better_titles)"
    )
    page.reload()
    expect(page.get_by_role("switch", name="Better titles")).to_be_checked()
    expect(page.get_by_label("They begin with").locator("option:checked")).to_have_text("Quick two")


def test_an_account_is_deleted_for_its_password_and_had_back(keyless_site: Site, visit: Visits) -> None:
    page, name = visit(keyless_site).page, new_name()
    sign_up(page, name)
    page.goto("/accounts/data")
    page.get_by_role("link", name="Delete my account…").click()
    page.get_by_label("Password").fill("not my password")
    page.get_by_label("Yes, delete everything").check()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_text("Your account is closed.").wait_for()
    sign_in(page, name)
    page.get_by_role("button", name="Keep my account").click()
    page.get_by_text("Your account stays. Sign in to go on.").wait_for()
    sign_in(page, name)
    expect(page.get_by_role("link", name=name)).to_be_visible()
