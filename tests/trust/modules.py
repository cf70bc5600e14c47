"""The code that is trusted most, and the tests that hold it: the one list of both."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


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


def chat(*names: str) -> tuple[str, ...]:
    return tuple(f"chat/tests/test_{name}.py" for name in names)


def accounts(*names: str) -> tuple[str, ...]:
    return tuple(f"accounts/tests/test_{name}.py" for name in names)


LEDGER = (*chat("quota", "booking"), *accounts("quota", "plans", "usage"))

PERMISSION = (
    Trusted("accounts/admin/rights.py", (*accounts("admin", "audit"), *chat("admin_catalogue"))),
    Trusted("accounts/api/authentication.py", accounts("api_tokens", "personal_tokens")),
    Trusted("accounts/backends.py", (*accounts("pages", "api_tokens", "deletion"), *chat("sockets"))),
    Trusted("accounts/deletion.py", accounts("deletion")),
    Trusted("accounts/middleware.py", accounts("admin", "second_step"),
            ("StaffSecondStepMiddleware",)),
    Trusted("accounts/models/people.py",
            accounts("signals", "personal_tokens", "api_tokens", "tickets", "plans", "admin", "identity"),
            ("UserManager", "User.is_admin", "User.has_premium", "User.save", "User.end_access", "find_user",
             "PersonalToken.reaches")),
    Trusted("accounts/one_time.py", accounts("invitations", "owner", "tickets", "personal_tokens"),
            ("hash_token", "OneTimeSecret.issue", "OneTimeSecret.unexpired")),
    Trusted("accounts/owner.py", accounts("owner")),
    Trusted("accounts/personal_tokens.py", (*accounts("personal_tokens", "audit"), *chat("sockets"))),
    Trusted("accounts/plans.py", (*accounts("plans", "usage"), *chat("quota"))),
    Trusted("accounts/premium.py", accounts("plans", "admin", "usage")),
    Trusted("accounts/signup.py", accounts("invitations", "api_register", "pages", "owner")),
    Trusted("accounts/tokens.py", (*accounts("api_tokens", "tickets", "signals"), *chat("sockets"))),
    Trusted("chat/access.py",
            chat("access")),
    Trusted("chat/admin/conversations.py", chat("content_access"),
            ("ConversationAdmin.change_view", "ConversationAdmin.get_fields", "_may_read",
             "ConversationAdmin.has_add_permission", "ConversationAdmin.has_change_permission")),
    Trusted("chat/api/providers.py", chat("api_providers", "api_servers", "model_lists"),
            ("IsOwner", "find_offer", "find_own")),
    Trusted("chat/models/catalogue.py", chat("visibility", "api_servers"),
            ("ProviderQuerySet", "Provider.save")),
    Trusted("chat/models/conversation.py",
            chat("visibility"),
            ("visible_to", "ConversationQuerySet", "MessageQuerySet", "AnswerQuerySet", "AttachmentQuerySet",
             "AttachmentManager")),
    Trusted("chat/models/lineup.py", chat("visibility"), ("LineUpQuerySet",)),
    Trusted("chat/models/sorting.py", chat("visibility", "folders", "tags"),
            ("FolderQuerySet", "TagQuerySet", "hold_tags")),
    Trusted("chat/provider_records.py", chat("api_providers", "api_servers"), ("provider_record",)),
    Trusted("chat/sockets.py", chat("sockets")),
)  # fmt: skip
OUTBOUND = (
    Trusted("chat/catalogue.py", chat("access"), ("address", "may_be_private")),
    Trusted("chat/providers/addresses.py", chat("addresses")),
    Trusted("chat/providers/http.py", chat("provider_http", "outbound", "failures"),
            ("ProviderClient._send",)),
    Trusted("chat/providers/outbound.py", chat("outbound")),
)  # fmt: skip
CRYPTO = (
    Trusted("accounts/secrets.py", accounts("second_step")),
    Trusted("chat/keys.py", chat("keys", "audited_keys")),
    Trusted("webox/crypto.py", ("tests/test_crypto.py", *chat("keys"))),
    Trusted("webox/secret_file.py", ("tests/test_secret_file.py",)),
)
QUOTA = (
    Trusted("accounts/models/ledger.py", LEDGER, ("LedgerEntry.tokens", "LedgerEntry.cost")),
    Trusted("accounts/models/plan.py", LEDGER, ("Plan.nanousd_per_month", "Plan.has_month_limits")),
    Trusted("accounts/periods.py", accounts("periods")),
    Trusted("accounts/quota.py", LEDGER),
    Trusted("chat/booking.py", LEDGER),
    Trusted("chat/prices.py", chat("prices", "answer_facts"), ("cost_nanousd", "_in_force")),
)
ROOMS = {"permission": PERMISSION, "outbound": OUTBOUND, "crypto": CRYPTO, "quota": QUOTA}
