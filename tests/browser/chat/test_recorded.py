"""Once end to end, from the browser, through replayed recordings of three real vendors."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.browser.kit.browser import Visits, ask, choose, text_of, wait_for_state
from tests.site.running import Site, environment, free_port, running_site, server_command

pytestmark = pytest.mark.browser

CASSETTES = Path(os.environ.get("WEBOX_CASSETTES", ROOT.parent / "shared" / "cassettes"))
CASES = {
    "openai": "openai-chat-ok-01",
    "anthropic": "anthropic-messages-uni-03",
    "google": "gemini-gen-uni-01",
}


@pytest.fixture(scope="module")
def recorded_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose three vendors are recordings, sent in small pieces."""
    if not (CASSETTES / "replay_server.py").exists():
        pytest.skip("the recorded cases are not beside this checkout (WEBOX_CASSETTES)")
    replay = subprocess.Popen(
        [sys.executable, str(CASSETTES / "replay_server.py"), "--cases", str(CASSETTES), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert replay.stdout is not None
    found = re.search(r"http://[^/]+", replay.stdout.readline())
    assert found
    var, port = tmp_path_factory.mktemp("recorded"), free_port()
    settings = {
        f"{vendor.upper()}_BASE_URL": f"{found[0]}/case/{case};frag=40;delay=2/v1"
        for vendor, case in CASES.items()
    }
    settings |= {f"{vendor.upper()}_API_KEY": "sk-test" for vendor in CASES}
    try:
        with running_site(server_command(port), environment(var, **settings), port, var / "log") as site:
            yield site
    finally:
        replay.terminate()
        replay.communicate()


def test_recorded_answers_stand_in_the_columns_as_they_were_given(recorded_site: Site, visit: Visits) -> None:
    visitor = visit(recorded_site).sign_in("recorded")
    page = visitor.page
    page.goto("/chat/")
    choose(page, *CASES)
    ask(page, "Again, as you said it then.")
    wait_for_state(page, **dict.fromkeys(CASES, "done"))
    rows = {row["provider"]: row["text"] for row in visitor.rows(page)}
    for vendor, case in CASES.items():
        expected = json.loads(next(CASSETTES.glob(f"*/{case}/expected.json")).read_text())
        assert rows[vendor] == expected["text"]
        assert text_of(page.locator(f'.turn.live .column[data-provider="{vendor}"]')) == expected["text"]
