"""A site that does not run, asked for all that it tells of its data."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, cast

from tests import ROOT

MAIN = "from tests.releases import telling; telling.main()"


def told_by(env: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """What the site with this environment tells; `known` is what its people know.

    It is as if it were the moment at which they left. At the end a deleted conversation and a closed account
    have been had back.
    """
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", MAIN]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(env), input=json.dumps(known), capture_output=True, encoding="utf-8",
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return cast("dict[str, Any]", json.loads(done.stdout))
