"""A sketch of many values that answers "how long did half of them take?" and can be merged with others.

Values are counted in buckets whose bounds grow by a fixed factor (DDSketch: Masson, Rim, Lee, VLDB 2019), so
that a quantile is off by at most 2 %, however many sketches were put together, and in whatever order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil, log

ACCURACY = 0.02
_GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GROWTH = log(_GROWTH)
_LEAST = 1.0
"""Smaller values, zero among them, are counted as this one."""

Buckets = dict[str, int]
"""As it is stored in JSON: how many values, by the number of their bucket."""


class Sketch:
    """Counts of values, all of them positive or zero."""

    def __init__(self, buckets: Mapping[str, int] | None = None) -> None:
        self._counts = Counter({int(bucket): count for bucket, count in (buckets or {}).items()})

    @classmethod
    def of(cls, values: Iterable[float]) -> "Sketch":
        sketch = cls()
        for value in values:
            sketch.add(value)
        return sketch

    def add(self, value: float) -> None:
        self._counts[ceil(log(max(value, _LEAST)) / _LOG_GROWTH)] += 1

    def merge(self, buckets: Mapping[str, int]) -> None:
        """Take in a stored one."""
        for bucket, count in buckets.items():
            self._counts[int(bucket)] += count

    @property
    def count(self) -> int:
        return self._counts.total()

    def quantile(self, share: float) -> float | None:
        """The value that this share (0 to 1) of all stay at or below; None where there is none."""
        rank = ceil(share * self.count)
        seen = 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= max(rank, 1):
                return float(2 * _GROWTH**bucket / (_GROWTH + 1))
        return None

    def stored(self) -> Buckets:
        """For a JSON column."""
        return {str(bucket): count for bucket, count in sorted(self._counts.items())}
