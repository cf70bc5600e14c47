"""The accounts app."""

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        # ruff: noqa: PLC0415 - models can be imported only once every application is loaded, which is now
        from accounts import checks, receivers  # noqa: F401 - importing registers them
        from accounts.models import Plan, SitePolicy

        def make_rows(**_: object) -> None:
            """The plans that come with WeBox, and the rules for people's data."""
            # Not on the way back to before there were such tables.
            tables = connection.introspection.table_names()
            if Plan._meta.db_table in tables:
                Plan.objects.make_ready()
            if SitePolicy._meta.db_table in tables:
                SitePolicy.objects.get_or_create(pk=1)

        post_migrate.connect(make_rows, sender=self, weak=False)
