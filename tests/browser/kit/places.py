"""Every page and state of WeBox that the gates and the screenshots look at, each with the way to it.

Whoever adds a page or a state adds a line to PLACES: it is then held to accessibility, small windows and both
languages, and photographed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.kit.visit import PHONE_PX, Visit, at
from tests.browser.kit.ways import (
    after,
    all_ais_open,
    answers,
    closed_by_oneself,
    confirmed,
    deleted,
    draft,
    edited,
    folder,
    form_of_another_session,
    item,
    keyboard_help,
    new_token,
    nobody_to_ask,
    of_a_talk,
    offline,
    open_line_ups,
    own_account_in_admin,
    palette,
    recently,
    recovery_codes,
    session_expired,
    several,
    show_sidebar,
    sign_in_error,
    sign_up_error,
    streaming,
    then,
    too_often,
    view,
)


@dataclass(frozen=True)
class Place:
    """`who` is nobody, person (of the example), newcomer (no keys, nothing yet) or owner (no keys)."""

    name: str
    who: str
    open: Callable[[Visit], None]
    only_on_phones: bool = False
    not_on_phones: bool = False
    is_foreign: bool = False
    """Its markup and words are another project's: Django's, Django REST framework's, Swagger's."""

    def is_for(self, size: tuple[int, int]) -> bool:
        return not (self.not_on_phones if size[0] < PHONE_PX else self.only_on_phones)


PLACES = (
    Place("home", "nobody", at("/")),
    Place("sign-in", "nobody", at("/accounts/login/")),
    Place("sign-in-error", "nobody", sign_in_error),
    Place("sign-up", "nobody", at("/accounts/signup/")),
    Place("sign-up-error", "nobody", sign_up_error),
    Place("reset", "nobody", at("/accounts/password/reset/")),
    Place("reset-sent", "nobody", at("/accounts/password/reset/done/")),
    Place("reset-link-invalid", "nobody", at("/accounts/password/reset/key/1-none/")),
    Place("reset-done", "nobody", at("/accounts/password/reset/key/done/")),
    Place("closed-account", "nobody", at("/accounts/inactive/")),
    Place("closed-by-oneself", "nobody", closed_by_oneself),
    Place("invitation-invalid", "nobody", at("/accounts/invite/none")),
    Place("not-found", "nobody", at("/nowhere")),
    Place("form-expired", "nobody", form_of_another_session),
    Place("too-often", "nobody", too_often),
    Place("first-visit", "newcomer", at("/chat/", "#chips .chip[data-target]")),
    Place("ais-without-keys", "newcomer", at("/chat/ais", ".provider-line")),
    Place("dashboard-empty", "newcomer", at("/dashboard/")),
    Place("chat-empty", "person", at("/chat/", "#chips .chip[data-target]")),
    Place("chat-answers", "person", answers),
    Place("chat-streaming", "person", streaming),
    Place(
        "chat-tabs",
        "person",
        after(answers, '.turn.live [data-view="tabs"]', until=".turn.live .tabs"),
        not_on_phones=True,
    ),
    Place(
        "chat-focus",
        "person",
        after(answers, '.turn.live button[data-view="focus"]', until=".turn.live"),
        not_on_phones=True,
    ),
    Place("chat-edited", "person", edited),
    Place("chat-draft", "person", draft),
    Place("chat-nobody-to-ask", "person", nobody_to_ask),
    Place("chat-ai-list", "person", after(answers, ".chip-add", until="#ai-list")),
    Place(
        "chat-answer-menu",
        "person",
        after(answers, ".turn.live .column-foot [aria-haspopup=menu]", until=".menu:popover-open"),
    ),
    Place("chat-ai-settings", "person", after(answers, "#chips .chip", until="[popover]:popover-open")),
    Place("chat-context", "person", after(answers, "#context .chip", until="#context-list")),
    Place("chat-line-ups", "person", then(answers, open_line_ups)),
    Place("chat-confirm", "person", confirmed),
    Place("chat-sidebar", "person", then(answers, show_sidebar)),
    Place("chat-sidebar-menu", "person", then(answers, of_a_talk)),
    Place("chat-renaming", "person", then(answers, of_a_talk, item(0))),
    Place("chat-move", "person", then(answers, of_a_talk, item(3))),
    Place("chat-tags", "person", then(answers, of_a_talk, item(4))),
    Place("chat-several", "person", then(answers, several)),
    Place("chat-favourites", "person", then(answers, view(1, ".side-empty"))),
    Place("chat-archive", "person", then(answers, view(2, ".side-empty"))),
    Place("chat-folder", "person", then(answers, folder)),
    Place("chat-deleted", "person", deleted),
    Place("chat-palette", "person", then(answers, palette("python"))),
    Place("chat-keyboard-help", "person", then(answers, keyboard_help)),
    Place("chat-offline", "person", offline),
    Place("chat-session-expired", "person", session_expired),
    Place("ais", "person", at("/chat/ais", ".provider-line")),
    Place("ais-open", "person", all_ais_open),
    Place("dashboard", "person", at("/dashboard/", "canvas")),
    Place("account", "person", at("/accounts/profile")),
    Place("email", "person", recently("/accounts/email")),
    Place("appearance", "person", at("/accounts/appearance")),
    Place("default-ais", "person", at("/accounts/ais")),
    Place("security", "person", at("/accounts/security")),
    Place("two-factor", "person", recently("/accounts/2fa/totp/activate/")),
    Place("recovery-codes", "newcomer", recovery_codes),
    Place("passkey", "person", recently("/accounts/2fa/passkeys/add/")),
    Place("data", "person", at("/accounts/data")),
    Place("account-delete", "person", recently("/accounts/delete")),
    Place("password", "person", at("/accounts/password/change/")),
    Place("tokens", "person", at("/accounts/tokens")),
    Place("token-made", "person", new_token),
    Place("sign-in-again", "person", at("/accounts/reauthenticate/")),
    Place("sign-out", "person", at("/accounts/logout/")),
    Place("api-root", "person", at("/api/", ".response-info"), is_foreign=True),
    Place("api-list", "person", at("/api/chat/conversations", ".response-info"), is_foreign=True),
    Place("api-docs", "person", at("/api/docs/", ".opblock"), is_foreign=True),
    Place("dashboard-site", "owner", at("/dashboard/site", ".totals")),
    Place("dashboard-days", "person", at("/dashboard/?first=2026-01-01&last=2026-03-01", ".totals")),
    Place("admin", "owner", at("/admin/", "#content"), is_foreign=True),
    Place("admin-list", "owner", at("/admin/accounts/user/", "#result_list"), is_foreign=True),
    Place("admin-account", "owner", own_account_in_admin, is_foreign=True),
    Place("admin-audit", "owner", at("/admin/accounts/auditevent/", "#result_list"), is_foreign=True),
    Place("admin-rules", "owner", at("/admin/accounts/sitepolicy/", "#content form"), is_foreign=True),
)
