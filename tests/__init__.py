"""Tests of WeBox as a whole; those of one room lie in its own `tests` folder."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""
