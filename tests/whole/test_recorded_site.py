"""Every recorded answer once through a running server: the socket shows it and the rows hold it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from providers.tests.recorded import FOLDER, MISSING, Case, all_cases, expected_usage, kind_of
from tests.site.client import Watcher
from tests.site.running import Account, Site, environment, free_port, manage, running_site, server_command

PROTOCOLS = {"openai-chat": "openai", "cohere-v2": "cohere"}
A_TURN = 8
# As a person would add them one by one; in one process, since there are many.
ADD_ALL = """
import io, json
from django.core.management import call_command
for words in json.load(open({path!r})):
    call_command("provider", *words, stdout=io.StringIO())
"""


@pytest.fixture(scope="module")
def replaying_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site on which each case is a provider, added by `manage.py provider add`."""
    if not (FOLDER / "replay_server.py").exists():
        pytest.skip(MISSING)
    replay = subprocess.Popen(
        [sys.executable, str(FOLDER / "replay_server.py"), "--cases", str(FOLDER), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert replay.stdout is not None
    found = re.search(r"http://[^/]+", replay.stdout.readline())
    assert found
    var, port = tmp_path_factory.mktemp("replaying"), free_port()
    env = environment(var, WEBOX_SIGNUP="open", WEBOX_VENDOR_SILENCE_S="5")
    try:
        manage(env, "migrate", "--verbosity", "0")
        words = var / "providers.json"
        words.write_text(json.dumps([_words(case, found[0]) for case in all_cases()]))
        manage(env, "shell", "--command", ADD_ALL.format(path=str(words)))
        with running_site(server_command(port), env, port, var / "log") as site:
            yield site
    finally:
        replay.terminate()
        replay.communicate()


def _words(case: Case, address: str) -> list[str]:
    protocol = PROTOCOLS.get(case.expected["protocol"], case.expected["protocol"])
    base_url = f"{address}/case/{case.folder.name};frag=200"
    return ["add", _slug(case), "--protocol", protocol, "--base-url", base_url, "--model", "recorded"]


def _slug(case: Case) -> str:
    return case.folder.name.lower()[:50].strip("-")


# Adapters have all of them in chat/tests; through a whole site they take a minute.
@pytest.mark.fuzz
def test_each_recorded_answer_is_shown_and_saved_as_it_was(replaying_site: Site) -> None:
    person = replaying_site.account("replayer")
    cases = all_cases()
    wrong: dict[str, list[str]] = {}
    for at in range(0, len(cases), A_TURN):
        asked = {_slug(case): case for case in cases[at : at + A_TURN]}
        for name, answer in _ask(person, list(asked)).items():
            if faults := _faults(asked[name], answer):
                wrong[name] = faults
    assert wrong == {}


def _ask(person: Account, names: list[str]) -> dict[str, dict[str, Any]]:
    """Ask these providers; return the saved answers by name, which the socket must have shown alike."""
    conversation_id = person.conversation()
    with Watcher(person, conversation_id) as watcher:
        watcher.ask("Again, as you said it then.", names, f"ask-{conversation_id}")
        watcher.read_to_the_end()
    saved: list[dict[str, Any]] = person.messages(conversation_id)[-1]["answers"]  # type: ignore[assignment]  # JSON
    for answer in saved:
        assert watcher.texts[answer["id"]] == answer["text"]
        assert watcher.reasoning[answer["id"]] == answer["reasoning"]
        assert watcher.states[answer["id"]] == answer["status"]
    assert watcher.gaps == 0
    return {answer["name"]: answer for answer in saved}


def _faults(case: Case, answer: dict[str, Any]) -> list[str]:
    """What differs from what the vendor's own client read."""
    code = answer["error"]["code"] if answer["error"] else ""
    wanted: dict[str, Any] = {
        "text": case.text if case.status == 200 else "",
        "reasoning": case.reasoning if case.status == 200 else "",
    }
    if case.status == 200 and case.expected["complete"]:
        usage = expected_usage(case)
        wanted |= {
            "status": "done",
            "vendor_finish_reason": case.expected["finish_reason"] or "",
            "refusal": case.expected.get("refusal") or "",
        }
        # What the vendor did not count is estimated for the ledger, and said to be.
        counted = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
        wanted |= {name: value for name, value in counted.items() if value is not None}
        wanted["is_estimated"] = None in counted.values()
        if usage.cached_tokens is not None:
            wanted["cached_tokens"] = usage.cached_tokens
        if usage.reasoning_tokens is not None:
            wanted["reasoning_tokens"] = usage.reasoning_tokens
    faults = [
        f"{name}: {answer[name]!r} is not {value!r}"
        for name, value in wanted.items()
        if answer[name] != value
    ]
    stage = answer["error"]["params"].get("stage") if answer["error"] else None
    expected_stage = (case.expected.get("error") or {}).get("stage", stage)
    if stage != expected_stage:
        faults.append(f"stage: {stage!r} is not {expected_stage!r}")
    return faults + ([] if code in _codes(case) else [f"error: {code!r} is none of {sorted(_codes(case))}"])


def _codes(case: Case) -> set[str]:
    """The error codes that fit a case; the empty one for a whole answer."""
    if case.status != 200:
        kind = kind_of(case)
        return {kind.code if kind else "bad_request"}
    if case.expected["complete"]:
        return {""}
    error = case.expected.get("error") or {}
    if case.expected.get("block_reason"):
        return {"blocked"}
    if error.get("stage") == "mid-stream":
        return {"vendor_failed", "overloaded", "no_credit", "rate_limited", "bad_stream"}
    return {"cut_off", "bad_stream"}
