"""What giving and taking premium asks: until when, and why."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminDateWidget, AdminSplitDateTime
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.plans.periods import start_of


class NamedDateTime(AdminSplitDateTime):
    """Django's fields of a day and an hour, each with a name that screen readers say."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        for widget, name in zip(self.widgets, (_("Day"), _("Time of day")), strict=True):
            widget.attrs["aria-label"] = name


class PremiumForm(forms.Form):
    """The page between the choice of people and the change; `is_giving` asks for an end, too."""

    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=AdminDateWidget(),
        help_text=_("The last day, itself included. Empty: without an end."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, data: Any, *, is_giving: bool) -> None:
        super().__init__(data)
        if not is_giving:
            del self.fields["until"]

    @property
    def end(self) -> datetime | None:
        """The moment at which premium ends; None for never."""
        until = self.cleaned_data["until"]
        return None if until is None else start_of(until + timedelta(days=1))

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until and until < timezone.localdate():
            raise forms.ValidationError(_("This day is over."))
        return until


SELECTED = ACTION_CHECKBOX_NAME
