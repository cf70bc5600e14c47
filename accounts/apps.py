"""The accounts app."""

from importlib import import_module

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        # Models exist only now; importing connects the receivers.
        import_module("accounts.receivers")
        import_module("accounts.checks")
        import_module("webox.checks")
        post_migrate.connect(_make_rows, sender=self)


def _make_rows(**_: object) -> None:
    """The plans that come with WeBox, and the rules for people's data."""
    models = import_module("accounts.models")
    # Not on the way back to before there were such tables.
    tables = connection.introspection.table_names()
    if models.Plan._meta.db_table in tables:
        models.Plan.objects.make_ready()
    if models.SitePolicy._meta.db_table in tables:
        models.SitePolicy.objects.get_or_create(pk=1)
