"""People, plans and the ledger in Django's admin."""

from accounts.admin import people, plans  # noqa: F401
