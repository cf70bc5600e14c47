"""What the usage page is asked for: which days, which AI, which folder; and a person's own budget."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.stats import EARLIEST, USUAL_DAYS, Filters, Span

RANGES = (7, 30, 90)
BEFORE_LAST = timedelta(days=USUAL_DAYS - 1)


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
        if not self.errors and (fault := self._asked(cleaned).fault):
            raise forms.ValidationError(fault)
        return cleaned

    def _asked(self, cleaned: dict[str, Any]) -> Span:
        first, last = cleaned["first"], cleaned["last"]
        if not (first or last):
            return Span.of_days(cleaned["days"] or USUAL_DAYS, now=self._now)
        last = min(last or self._usual.last, self._usual.last)
        # Years before EARLIEST are refused either way; the first of them has no days before it.
        return Span(first or (last - BEFORE_LAST if last >= EARLIEST else last), last)

    @property
    def span(self) -> Span:
        """The days that are shown."""
        return self._asked(self.cleaned_data) if self.is_valid() else self._usual

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


class BudgetForm(forms.Form):
    """A person's own monthly budget; empty for none."""

    budget_usd = forms.DecimalField(
        label=_("Monthly budget in US dollars"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(1_000_000),
        decimal_places=2,
        widget=forms.NumberInput({"step": "0.01", "inputmode": "decimal"}),
    )
