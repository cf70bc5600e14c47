"""The pages say what is there: links lead somewhere, commands and examples do what they show."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from chat import events
from chat.management.example_conversation import ASK, MISTRAL, OPENAI, PIECES, frames
from tests import ROOT
from tests.site.client import Watcher
from tests.site.running import Account, Site
from tests.site.vendor import Exchange, Vendor

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")]
README, LISEZMOI = ROOT / "README.md", ROOT / "README.fr.md"
CODE = re.compile(r"^```.*?^```|`[^`]*`", re.MULTILINE | re.DOTALL)
OURS = "http://127.0.0.1:8000"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def settings_table(page: Path) -> list[tuple[str, list[str]]]:
    """The first cell of each row, and the code in the second: names, and the defaults that are values."""
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [(names, re.findall(r"`[^`]+`", default)) for names, default in rows]


def test_both_readmes_name_the_same_settings_and_defaults() -> None:
    assert len(settings_table(README)) > 20
    assert settings_table(README) == settings_table(LISEZMOI)


@pytest.mark.parametrize("page", [README, LISEZMOI], ids=lambda page: page.name)
def test_both_readmes_give_the_commands(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for command in ("python3 -m webox ", "python3 -m webox test", "py -m webox`", "py -m webox test"):
        assert command in text


@pytest.mark.parametrize(
    "fault",
    [r" [;!?:»](?=\s)", r"« ", r"[^\s\u202f][;!?](?=\s)", r"[^\s\u00a0]:(?=\s)", r"\w'\w", "[Vv]euillez"],
)
def test_the_french_readme_is_set_as_the_french_set_it(fault: str) -> None:
    prose = CODE.sub("code", LISEZMOI.read_text(encoding="utf-8"))
    # The line of dashes under a table's head is none of it.
    assert re.findall(f".{{0,20}}{fault}", re.sub(r"^[|-]+$", "", prose, flags=re.MULTILINE)) == []


@pytest.mark.parametrize("page", [README, LISEZMOI], ids=lambda page: page.name)
def test_the_readmes_requests_work_as_they_stand(
    page: Path, embedded_site: Site, vendor_scripts: Vendor
) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("Hello")
    # One account for each page: the same name can't be registered twice on one site.
    name = page.stem.replace(".", "_").lower()
    access, answers = "", []
    for line in re.findall(r"^curl (?:.*\\\n)*.*$", page.read_text(encoding="utf-8"), re.MULTILINE):
        words = shlex.split(line.replace("\\\n", " ").replace("$ACCESS", access).replace("ada", name))
        url = words[1].replace(OURS, embedded_site.url)
        given = dict(zip(words[2::2], words[3::2], strict=True)) if "-d" in words else {}
        headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
        got = httpx.request(
            "POST" if given else "GET",
            url,
            headers=headers,
            content=given.get("-d"),
            trust_env=False,
            timeout=60,
        )
        assert got.is_success, (line, got.text)
        answers.append(got.json())
        access = got.json().get("access", access) if isinstance(got.json(), dict) else access
    sent = next(answer for answer in answers if "ai_responses" in answer)
    assert sent["ai_responses"]["GPT-4"] == "Hello"
    assert sent["ai_responses"]["demo:quick"]
    assert sent["errors"] == {}
    assert [one["id"] for one in answers[-2]] == [sent["conversation_id"]]
    assert answers[-1]["total_messages"] == 2


# --- The example of docs/protocol.md -------------------------------------------------------------------


def play(person: Account, conversation_id: int) -> list[dict[str, Any]]:
    """Send the example's commands one after another; return every frame that comes back."""
    commands = [frame for frame in frames() if isinstance(frame, events.Command)]
    with Watcher(person, conversation_id) as watcher:
        watcher.read_until(lambda event: event["type"] == "snapshot")
        for command in commands:
            watcher.send(**msgspec.to_builtins(command))
            watcher.read_until(lambda event: event["type"] == "error" or event.get("state") == "complete")
        return watcher.frames


def essence(frames: list[dict[str, Any]], names: dict[int, str]) -> dict[str, Any]:
    """What hangs neither on the clock nor on prices: each answer's text and states, the other frames."""
    texts, states = dict.fromkeys(names.values(), ""), {name: [] for name in names.values()}  # type: ignore[var-annotated]  # of JSON
    others = []
    for frame in frames:
        if frame["type"] == "deltas":
            for answer_id, offset, piece in frame["deltas"]:
                assert offset == len(texts[names[answer_id]])
                texts[names[answer_id]] += piece
        elif frame["type"] == "answer":
            clock = {"id", "first_token_ms", "total_ms", "text_length", "cost_usd"}
            states[names[frame["id"]]].append(
                {key: value for key, value in frame.items() if key not in clock}
                | {key: frame[key] is not None for key in ("first_token_ms", "total_ms", "cost_usd")}
            )
        elif frame["type"] != "lengths":
            others.append(without_ids_and_times(frame))
    return {"texts": texts, "states": states, "others": others}


def without_ids_and_times(value: Any) -> Any:
    if isinstance(value, list):
        return [without_ids_and_times(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_ids_and_times(one)
        for key, one in value.items()
        if key not in ("id", "siblings", "created_at") and not (key.endswith("_id") and isinstance(one, int))
    }


def test_the_protocols_example_is_what_happens(embedded_site: Site, vendor_scripts: Vendor) -> None:
    def whole(exchange: Exchange) -> None:
        exchange.answer(*PIECES[OPENAI])

    def cut_off(exchange: Exchange) -> None:
        exchange.start()
        for piece in PIECES[MISTRAL]:
            exchange.text(piece)

    vendor_scripts.scripts = {"openai": whole, "mistral": cut_off}
    person = embedded_site.account("protocol-docs")

    came = play(person, person.conversation())

    accepted = next(frame for frame in came if frame["type"] == "accepted")
    shown = [json.loads(events.encode(frame)) for frame in frames() if isinstance(frame, events.Event)]
    names = {answer["id"]: answer["name"] for answer in accepted["answers"]}
    example_names = dict(zip((OPENAI, MISTRAL), map(str, ASK.targets), strict=True))
    assert essence(came, names) == essence(shown, example_names)
