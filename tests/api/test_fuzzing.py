"""The API answers as described to whatever is asked of it, whoever asks: schemathesis, with every check."""

from pathlib import Path

import pytest

from tests.api.fuzzing import WHO, configuration, fuzz, fuzzed_site, tokens
from tests.tried import tries_all

pytestmark = pytest.mark.fuzz
EXAMPLES = 20 if tries_all("schema") else 2
"""For each operation and phase; `python -m tests.api.fuzzing` takes more."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", WHO)
def test_nothing_that_is_asked_breaks_what_is_described(who: str, tmp_path: Path) -> None:
    with fuzzed_site(tmp_path) as site:
        done = fuzz(site, configuration(tmp_path, who, tokens(site)), EXAMPLES, "--generation-deterministic")
    assert "ignored_auth" not in done.stdout
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert "Traceback" not in (tmp_path / "log").read_text()
