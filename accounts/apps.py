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
        post_migrate.connect(_make_plans, sender=self)


def _make_plans(**_: object) -> None:
    plans = import_module("accounts.models").Plan
    # Not on the way back to before there were plans.
    if plans._meta.db_table in connection.introspection.table_names():
        plans.objects.make_ready()
