"""The programs in docs/examples do what they say."""

import os
import re
import subprocess
import sys

import pytest

from tests import ROOT
from tests.site.running import Site


@pytest.mark.fuzz
def test_the_example_client_asks_by_every_way(embedded_site: Site) -> None:
    person = embedded_site.account("example-reader")
    token = person.post("/api/auth/tokens", name="The example", scope="chat").json()["token"]
    command = [sys.executable, str(ROOT / "docs/examples/client.py"), "Which?", "demo:quick", "demo:code"]
    env = os.environ | {"WEBOX_URL": embedded_site.url, "WEBOX_TOKEN": token, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^REST: demo:quick wrote [1-9]\d* characters $", done.stdout, re.MULTILINE)
    assert re.search(r"^REST: demo:code wrote [1-9]\d* characters $", done.stdout, re.MULTILINE)
    assert re.search(r"^Socket: [1-9]\d* pieces of text$", done.stdout, re.MULTILINE)
    assert "Events: snapshot … turn" in done.stdout
    assert re.search(r"^Gateway: demo/code wrote [1-9]\d* characters$", done.stdout, re.MULTILINE)
