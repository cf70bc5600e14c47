"""What the usage page is asked for: which days, which AI, which folder; and a person's own budget."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from dashboard.stats import MOST_DAYS, USUAL_DAYS, Filters, Span

RANGES = (7, 30, 90)


class WantedForm(forms.Form):
    """The page's own query. What is not understood is said, and the usual is shown."""

    days = forms.TypedChoiceField(choices=[(days, days) for days in RANGES], coerce=int, required=False)
    first = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    ai = forms.CharField(max_length=50, required=False)
    folder = forms.CharField(max_length=100, required=False)

    def __init__(self, query: Any, *, now: datetime) -> None:
        super().__init__(query)
        self._usual = Span.of_days(USUAL_DAYS, now=now)
        self._now = now

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            raise forms.ValidationError(_("The first day is after the last one."))
        if first and (last or self._usual.last) - first >= timedelta(days=MOST_DAYS):
            raise forms.ValidationError(_("That is more than a year."))
        return cleaned

    @property
    def span(self) -> Span:
        """The days that are shown."""
        if not self.is_valid():
            return self._usual
        wanted = self.cleaned_data
        if not (wanted["first"] or wanted["last"]):
            return Span.of_days(wanted["days"] or USUAL_DAYS, now=self._now)
        last = min(wanted["last"] or self._usual.last, self._usual.last)
        first = wanted["first"] or last - timedelta(days=USUAL_DAYS - 1)
        return Span(min(first, last), last)

    @property
    def days_chosen(self) -> int | None:
        """Of the ready-made ranges the one that is shown; None for days of the person's own."""
        length = (self.span.last - self.span.first).days + 1
        is_own = self.is_valid() and (self.cleaned_data["first"] or self.cleaned_data["last"])
        return None if is_own else length

    @property
    def filters(self) -> Filters:
        if not self.is_valid():
            return Filters()
        return Filters(provider=self.cleaned_data["ai"] or None, folder=self.cleaned_data["folder"] or None)


class BudgetForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A person's own monthly budget; empty for none."""

    class Meta:
        model = User
        fields = ("budget_usd",)
        labels = {"budget_usd": _("Monthly budget in US dollars")}  # Django's own shape

    budget_usd = forms.DecimalField(
        label=_("Monthly budget in US dollars"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(1_000_000),
        decimal_places=2,
        widget=forms.NumberInput({"step": "0.01", "inputmode": "decimal"}),
    )
