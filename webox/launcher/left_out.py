"""A pytest plugin that counts what a run left out or skipped, for the summary of `python3 -m webox test`.

It writes JSON to the file named in WEBOX_TEST_REPORT: `left_out` (group → count) and `skipped`
(reason → count).
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from webox.launcher.checks import GROUPS


class LeftOut:
    """Counts in every process of a run; the one that leads writes the file."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.left_out: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count each test under the first of its groups."""
        for item in items:
            groups = [name for name in GROUPS if item.get_closest_marker(name)]
            self.left_out.update(groups[:1])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a skipped test under its reason."""
        self.count_skip(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a skipped file under its reason."""
        self.count_skip(report)

    def count_skip(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Note the reason of a skip; an expected failure is none."""
        if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            self.skipped[report.longrepr[2].removeprefix("Skipped: ")] += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of xdist left out: all of them collect the same tests."""
        self.left_out |= Counter(node.workeroutput.get("left_out", {}))

    def pytest_sessionfinish(self) -> None:
        """Hand the counts on."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["left_out"] = dict(self.left_out)

    def pytest_unconfigure(self) -> None:
        """Write the report, unless this is a worker."""
        target = os.environ.get("WEBOX_TEST_REPORT")
        if target and not hasattr(self.config, "workerinput"):
            report = {"left_out": dict(self.left_out), "skipped": dict(self.skipped)}
            Path(target).write_text(json.dumps(report), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Join the run."""
    config.pluginmanager.register(LeftOut(config), "webox-left-out")
