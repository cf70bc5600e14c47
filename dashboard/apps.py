"""The dashboard application: figures counted from the chat's rows. It has none of its own."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = _("Usage")
