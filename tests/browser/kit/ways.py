"""The ways to the pages and states of tests/browser/kit/places.py: by ids and classes, never by words.

They are walked in every language.
"""

import itertools
from collections.abc import Callable

from tests.browser.kit.visit import Visit, at
from tests.site.one_time_codes import code
from tests.site.running import PASSWORD

_numbers = itertools.count(1)

# --- Without an account ---


def closed_by_oneself(visit: Visit) -> None:
    """Signing in to an account that its person has deleted, in the days in which it can come back."""
    name = f"leaver-{visit.language}-{next(_numbers)}"
    visit.scene.site.account(name)
    _sign_in(visit, name)
    visit.page.goto("/accounts/delete")
    visit.page.locator("[name=password]").fill(PASSWORD)
    visit.page.locator("[name=is_sure]").check()
    visit.press("main .btn-danger")
    visit.page.wait_for_url("**/accounts/login/")
    _sign_in(visit, name)
    visit.page.wait_for_url("**/accounts/closed")


def _sign_in(visit: Visit, name: str) -> None:
    visit.page.goto("/accounts/login/")
    visit.page.locator("[name=login]").fill(name)
    visit.page.locator("[name=password]").fill(PASSWORD)
    with visit.page.expect_navigation():
        visit.press("main .btn-primary")


def sign_in_error(visit: Visit) -> None:
    visit.page.goto("/accounts/login/")
    visit.page.locator("[name=login]").fill(f"nobody{next(_numbers)}@example.org")
    visit.page.locator("[name=password]").fill("not the passphrase")
    visit.press("main .btn-primary")
    visit.page.locator(".card-error").wait_for()


def sign_up_error(visit: Visit) -> None:
    visit.scene.conversation(visit.language)
    visit.page.goto("/accounts/signup/")
    visit.page.locator("[name=email]").fill(f"{visit.words.name}@example.org")
    visit.page.locator("[name=username]").fill(visit.words.name)
    visit.page.locator("[name=password]").fill("123")
    visit.press("main .btn-primary")
    visit.page.locator(".errorlist").first.wait_for()


def too_often(visit: Visit) -> None:
    for _ in range(8):
        visit.page.goto("/accounts/password/reset/")
        visit.page.locator("[name=email]").fill("somebody@example.org")
        with visit.page.expect_navigation() as gone:
            visit.press("main .btn-primary")
        if gone.value.status == 429:
            return
    raise AssertionError("links to a new password can be sent without an end")


def form_of_another_session(visit: Visit) -> None:
    visit.page.goto("/accounts/login/")
    visit.page.locator("[name=login]").fill("nobody")
    visit.page.locator("[name=password]").fill("a passphrase")
    visit.visitor.context.clear_cookies()
    with visit.page.expect_navigation() as gone:
        visit.press("main .btn-primary")
    assert gone.value.status == 403


# --- The chat ---


def answers(visit: Visit) -> None:
    visit.page.goto(f"/chat/{visit.scene.conversation(visit.language)}")
    for state in ("done", "interrupted", "failed", "stopped"):
        visit.page.locator(f'.turn.live .column[data-status="{state}"]').wait_for(state="attached")
    visit.page.wait_for_function("() => document.querySelector('.turn.unbuilt') === null")
    visit.page.wait_for_function("() => document.querySelector('#status') !== null")


def streaming(visit: Visit) -> None:
    may_end = visit.scene.hold(visit.language)
    visit.at_the_end(may_end.set)
    visit.page.goto("/chat/")
    choose_only(visit, "openai", "mistral", "groq")
    visit.page.locator("#question").fill(visit.words.first)
    visit.page.locator("#question").press("Enter")
    for provider in ("openai", "mistral"):
        column = visit.page.locator(f'.turn.live .column[data-provider="{provider}"]')
        column.locator(".prose > *").first.wait_for(state="attached")


def choose_only(visit: Visit, *targets: str) -> None:
    chips = visit.page.locator("#chips .chip[data-target]")
    chips.first.wait_for()
    before = {chip.get_attribute("data-target") for chip in chips.all()}
    visit.press(".chip-add")
    for target in before ^ set(targets):
        visit.page.locator(f'.ai-option[data-target="{target}"] input').click()
    visit.page.keyboard.press("Escape")
    visit.page.locator("#ai-list").wait_for(state="hidden")


def after(first: Callable[[Visit], None], *selectors: str, until: str) -> Callable[[Visit], None]:
    """One place further on: press these one after the other, then wait."""

    def go(visit: Visit) -> None:
        first(visit)
        for selector in selectors:
            visit.press(selector)
        visit.find(until).wait_for()

    return go


def then(*ways: Callable[[Visit], None]) -> Callable[[Visit], None]:
    def go(visit: Visit) -> None:
        for way in ways:
            way(visit)

    return go


def of_a_talk(visit: Visit, conversation_id: int | None = None) -> None:
    """Open the menu of a conversation in the sidebar; the example’s, where no other is given."""
    show_sidebar(visit)
    number = conversation_id or visit.scene.conversation(visit.language)
    row = visit.find(f'.talk[data-conversation="{number}"]')
    row.hover()
    row.locator("[aria-haspopup=menu]").click()
    visit.find(".menu:popover-open").wait_for()


def item(number: int) -> Callable[[Visit], None]:
    """Take this one of the menu that is open, from 0."""
    return lambda visit: visit.page.locator(".menu:popover-open [role=menuitem]").nth(number).click()


def deleted(visit: Visit) -> None:
    """Another conversation than the example, made for it."""
    visit.page.goto("/chat/")
    made = visit.visitor.post("/api/chat/conversations", title="Vacances · holidays")
    visit.page.reload()
    of_a_talk(visit, made["id"])
    visit.press(".menu:popover-open .danger")
    visit.find("#notice .btn").wait_for()


def show_sidebar(visit: Visit) -> None:
    """As a drawer on a phone; beside four answers it has made room."""
    if visit.is_phone:
        visit.press("[data-drawer-open]")
    elif visit.page.locator("html").get_attribute("data-side") == "rail":
        visit.press("[data-side-toggle]")
    visit.find(".talk").wait_for()


def edited(visit: Visit) -> None:
    answers(visit)
    visit.page.locator(".turn.live .question").hover()
    visit.press(".turn.live .question-tools button")
    visit.find(".question-edit textarea").wait_for()


def draft(visit: Visit) -> None:
    answers(visit)
    visit.page.locator("#question").fill(f"{visit.words.second}\n\n{visit.words.first}")


def nobody_to_ask(visit: Visit) -> None:
    visit.page.goto("/chat/")
    choose_only(visit)
    visit.page.locator("#question").fill(visit.words.first)
    visit.page.locator("#question").press("Enter")
    visit.page.locator("#composer-note:not(:empty)").wait_for()


def offline(visit: Visit) -> None:
    answers(visit)
    visit.visitor.context.set_offline(True)
    visit.find("#banner").wait_for()


def session_expired(visit: Visit) -> None:
    """Of a session of its own: the others’ goes on."""
    visit.visitor.context.clear_cookies()
    visit.page.goto("/accounts/login/")
    visit.page.locator("[name=login]").fill(visit.words.name)
    visit.page.locator("[name=password]").fill(PASSWORD)
    visit.press("main .btn-primary")
    visit.page.wait_for_url("**/chat/")
    draft(visit)
    other = visit.visitor.tab()
    other.goto("/accounts/logout/")
    other.locator("main .btn-primary").click()
    other.wait_for_url(visit.visitor.site.url + "/")
    other.close()
    visit.find("#banner a").wait_for()


def open_line_ups(visit: Visit) -> None:
    if visit.is_phone:
        visit.press(".chip-add")
        visit.press("#ai-list .phone-row")
    else:
        visit.press("#line-ups .chip")
    visit.find(".line-ups").wait_for()


def palette(words: str) -> Callable[[Visit], None]:
    """The palette with this in its field, and what it found."""

    def go(visit: Visit) -> None:
        visit.page.keyboard.press("Control+k")
        visit.find(".palette").wait_for()
        with visit.page.expect_response("**/api/chat/search*"):
            visit.page.keyboard.type(words)
        visit.find(".palette [role=option] mark").wait_for()

    return go


def view(number: int, until: str) -> Callable[[Visit], None]:
    """One of the sidebar’s views: all, the favourites, the archive, from 0."""

    def go(visit: Visit) -> None:
        show_sidebar(visit)
        visit.page.locator(".side-view").nth(number).click()
        visit.find(until).wait_for()

    return go


def folder(visit: Visit) -> None:
    show_sidebar(visit)
    visit.press(".side [data-folder] button")
    visit.find('.side [data-folder] [aria-pressed="true"]').wait_for()


def several(visit: Visit) -> None:
    """Choose several conversations."""
    show_sidebar(visit)
    visit.press('.side-tools [data-key="select"]')
    visit.find(".talk-pick").wait_for()


def keyboard_help(visit: Visit) -> None:
    visit.page.locator("#question").blur()
    visit.page.keyboard.press("?")
    visit.find(".keys-dialog").wait_for()


# --- AIs, account, the rest ---


def all_ais_open(visit: Visit) -> None:
    at("/chat/ais#openai", ".provider details[open]")(visit)
    for fold in visit.page.locator("details[open] .part-fold > summary").all():
        fold.click()


def confirmed(visit: Visit) -> None:
    """The question before a line-up is removed, of one that was saved for it."""
    visit.page.goto("/chat/")
    kept = visit.visitor.post("/api/chat/line-ups", name="…", targets=["openai", "mistral"])
    visit.at_the_end(lambda: visit.visitor.delete(f"/api/chat/line-ups/{kept['id']}"))
    visit.page.goto("/chat/?lineup=…")
    visit.page.locator("#chips .chip[data-target]").nth(1).wait_for()
    open_line_ups(visit)
    visit.press(".line-ups .danger")
    visit.find("#confirm-dialog").wait_for()


def recently(path: str) -> Callable[[Visit], None]:
    """A page that asks for the password again where it was given too long ago."""

    def go(visit: Visit) -> None:
        at(path)(visit)
        if "/reauthenticate/" in visit.page.url:
            visit.page.locator("main [name=password]").fill(PASSWORD)
            visit.press("main form .btn-primary")
            visit.page.wait_for_url(f"**{path}*")

    return go


def recovery_codes(visit: Visit) -> None:
    """Of an authenticator app, which is set up for it where the person has none yet."""
    recently("/accounts/2fa/recovery-codes/")(visit)
    if visit.page.locator(".codes").count() == 0:
        recently("/accounts/2fa/totp/activate/")(visit)
        visit.page.locator("main [name=code]").fill(code(visit.page.locator("#app-key").inner_text()))
        visit.press("main form .btn-primary")
    visit.find(".codes").wait_for()


def new_token(visit: Visit) -> None:
    visit.page.goto("/accounts/tokens")
    visit.page.locator("[name=name]").fill("…")
    visit.press("main form .btn-primary")
    visit.find(".secret").wait_for()
    visit.at_the_end(lambda: _revoke(visit))


def _revoke(visit: Visit) -> None:
    visit.page.goto("/accounts/tokens")
    visit.press("main details > summary")
    with visit.page.expect_navigation():
        visit.press("main details[open] .btn-danger")


def own_account_in_admin(visit: Visit) -> None:
    visit.page.goto("/admin/accounts/user/")
    visit.press("#result_list tbody a")
    # The lists of rights are made of plain ones once the page's own code runs.
    visit.page.locator("#content form .selector select").first.wait_for()
