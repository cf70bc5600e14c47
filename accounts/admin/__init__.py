"""People, plans, the ledger and the log in Django's admin."""

from accounts.admin import audit, people, plans  # noqa: F401
