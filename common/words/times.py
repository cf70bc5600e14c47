"""Moments as WeBox's API writes them."""

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """A moment in ISO 8601, in UTC with `Z`: the one way in which the API writes times (decision 33)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
