"""People, what lets them in, what they may do, and what they have used."""

from accounts.models.audit import AuditEvent
from accounts.models.ledger import LedgerEntry, UsedInPeriod
from accounts.models.people import (
    Invitation,
    OwnerLink,
    PersonalToken,
    SocketTicket,
    TokenFamily,
    User,
    find_user,
)
from accounts.models.plan import Plan, PremiumChange
from accounts.models.policy import SitePolicy

__all__ = [
    "AuditEvent",
    "Invitation",
    "LedgerEntry",
    "OwnerLink",
    "PersonalToken",
    "Plan",
    "PremiumChange",
    "SitePolicy",
    "SocketTicket",
    "TokenFamily",
    "UsedInPeriod",
    "User",
    "find_user",
]
