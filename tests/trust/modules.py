"""The code that is trusted most, and the tests that hold it: the one list of both."""

from dataclasses import dataclass

from tests import ROOT


@dataclass(frozen=True)
class Trusted:
    """A module, or parts of it by their qualified names, and the files of tests that hold it."""

    path: str
    tests: tuple[str, ...]
    parts: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Its text."""
        return (ROOT / self.path).read_text("utf-8")


def tests(app: str, *names: str) -> tuple[str, ...]:
    """The test files of an app: `search/finding` is search/test_finding.py below its tests."""
    folders = [name.rpartition("/") for name in names]
    return tuple(f"{app}/tests/{folder}{slash}test_{name}.py" for folder, slash, name in folders)


LEDGER = (
    *tests("chat", "actions/quota", "store/booking"),
    *tests("accounts", "plans/ledger", "plans/rules", "api/usage"),
)

PERMISSION = (
    Trusted(
        "accounts/admin/rights.py", (*tests("accounts", "admin", "audit"), *tests("chat", "admin/catalogue"))
    ),
    Trusted("accounts/api/authentication.py", tests("accounts", "api/tokens", "signing_in/personal_tokens")),
    Trusted(
        "accounts/backends.py",
        (
            *tests("accounts", "signing_in/views", "api/tokens", "signing_in/deletion"),
            *tests("chat", "live/socket"),
        ),
    ),
    Trusted("accounts/signing_in/deletion.py", tests("accounts", "signing_in/deletion")),
    Trusted(
        "accounts/middleware.py",
        tests("accounts", "admin", "signing_in/second_step"),
        ("StaffSecondStepMiddleware",),
    ),
    Trusted(
        "accounts/models/people.py",
        tests(
            "accounts",
            "receivers",
            "signing_in/personal_tokens",
            "api/tokens",
            "api/tickets",
            "plans/rules",
            "admin",
            "identity",
        ),
        (
            "UserManager",
            "User.is_admin",
            "User.has_premium",
            "User.save",
            "User.end_access",
            "find_user",
            "PersonalToken.reaches",
        ),
    ),
    Trusted(
        "accounts/one_time.py",
        tests(
            "accounts", "signing_in/signup", "signing_in/owner", "api/tickets", "signing_in/personal_tokens"
        ),
        ("hash_token", "OneTimeSecret.issue", "OneTimeSecret.unexpired"),
    ),
    Trusted("accounts/signing_in/owner.py", tests("accounts", "signing_in/owner")),
    Trusted(
        "accounts/signing_in/personal_tokens.py",
        (*tests("accounts", "signing_in/personal_tokens", "audit"), *tests("chat", "live/socket")),
    ),
    Trusted(
        "accounts/plans/rules.py",
        (*tests("accounts", "plans/rules", "api/usage"), *tests("chat", "actions/quota")),
    ),
    Trusted("accounts/plans/premium.py", tests("accounts", "plans/rules", "admin", "api/usage")),
    Trusted(
        "accounts/signing_in/signup.py",
        tests("accounts", "signing_in/signup", "api/register", "signing_in/views", "signing_in/owner"),
    ),
    Trusted(
        "accounts/signing_in/tokens.py",
        (*tests("accounts", "api/tokens", "api/tickets", "receivers"), *tests("chat", "live/socket")),
    ),
    Trusted("chat/ais/access.py", tests("chat", "ais/access")),
    Trusted(
        "chat/admin/conversations.py",
        tests("chat", "store/content_access"),
        (
            "ConversationAdmin.change_view",
            "ConversationAdmin.get_fields",
            "_may_read",
            "ConversationAdmin.has_add_permission",
            "ConversationAdmin.has_change_permission",
        ),
    ),
    Trusted(
        "chat/api/ais/providers.py",
        tests("chat", "api/ais/providers", "api/ais/servers", "ais/model_lists"),
        ("IsOwner", "find_offer", "find_own"),
    ),
    Trusted(
        "chat/models/catalogue.py",
        tests("chat", "store/visibility", "api/ais/servers"),
        ("ProviderQuerySet", "Provider.save"),
    ),
    Trusted(
        "chat/models/conversation.py",
        tests("chat", "store/visibility"),
        (
            "visible_to",
            "ConversationQuerySet",
            "MessageQuerySet",
            "AnswerQuerySet",
            "AttachmentQuerySet",
            "AttachmentManager",
        ),
    ),
    Trusted("chat/models/line_up.py", tests("chat", "store/visibility"), ("LineUpQuerySet",)),
    Trusted(
        "chat/models/folders_and_tags.py",
        tests("chat", "store/visibility", "store/folders", "store/tags"),
        ("FolderQuerySet", "TagQuerySet", "hold_tags"),
    ),
    Trusted(
        "chat/ais/records.py", tests("chat", "api/ais/providers", "api/ais/servers"), ("provider_record",)
    ),
    Trusted("chat/live/credentials.py", tests("chat", "live/socket")),
)
OUTBOUND = (
    Trusted("chat/ais/catalogue.py", tests("chat", "ais/access"), ("address", "may_be_private")),
    Trusted("outbound/addresses.py", tests("outbound", "addresses")),
    Trusted(
        "providers/wire/http.py",
        (*tests("providers", "wire/http", "wire/failures"), *tests("outbound", "guard")),
        ("ProviderClient._send",),
    ),
    Trusted("outbound/guard.py", tests("outbound", "guard")),
)
CRYPTO = (
    Trusted("accounts/signing_in/secrets.py", tests("accounts", "signing_in/second_step")),
    Trusted("chat/ais/keys.py", tests("chat", "ais/keys", "ais/audited_keys")),
    Trusted("common/data/crypto.py", ("common/tests/data/test_crypto.py", *tests("chat", "ais/keys"))),
    Trusted("common/data/secret_file.py", ("common/tests/data/test_secret_file.py",)),
)
QUOTA = (
    Trusted("accounts/models/ledger.py", LEDGER, ("LedgerEntry.tokens", "LedgerEntry.cost")),
    Trusted("accounts/models/plan.py", LEDGER, ("Plan.nanousd_per_month", "Plan.has_month_limits")),
    Trusted("accounts/plans/periods.py", tests("accounts", "plans/periods")),
    Trusted("accounts/plans/ledger.py", LEDGER),
    Trusted("chat/store/booking.py", LEDGER),
    Trusted(
        "providers/prices.py",
        (*tests("providers", "prices"), *tests("chat", "engine/metrics")),
        ("cost_nanousd", "_in_force"),
    ),
)
ROOMS = {"permission": PERMISSION, "outbound": OUTBOUND, "crypto": CRYPTO, "quota": QUOTA}
