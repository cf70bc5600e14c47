"""Where WeBox keeps a text, how it is read back, and what it may have become meanwhile."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.api.adversarial.made import GATEWAY, LINE_UP, SEND
from tests.api.adversarial.probe import Probe

Made = Mapping[str, Any]
"""What was answered when each text was taken, by the text's name."""


@dataclass(frozen=True)
class Place:
    """One place. `read` asks for the texts anew."""

    name: str
    operation: str
    body: Callable[[str], dict[str, Any]]
    read: Callable[[Probe, Made], dict[str, Any]]
    kept_as: Callable[[str], str] = str.strip
    undo: str = ""
    """Takes one away again, where there may be only so many."""
    is_lasting: bool = True
    """False where each takes the place of the one before."""
    every: int = 1
    """Of how many texts one is put here; every one of them is asked over the socket."""


def of_list(path: str, field: str = "name") -> Callable[[Probe, Made], dict[str, Any]]:
    """A field of what a list names."""

    def read(probe: Probe, made: Made) -> dict[str, Any]:
        rows = {row["id"]: row[field] for row in probe.read(path)}
        return {name: rows[one["id"]] for name, one in made.items()}

    return read


def of_record(path: str, field: str) -> Callable[[Probe, Made], dict[str, Any]]:
    """A field of a single record, which says the last text alone."""
    return lambda probe, made: {name: probe.read(path)[field] for name in made}


def tags(probe: Probe, made: Made) -> dict[str, Any]:
    return {name: one[0] for name, one in of_list(CONVERSATIONS, "tags")(probe, made).items()}


def contents(probe: Probe, made: Made) -> dict[str, Any]:
    """What the messages say that were not answered here; one text where they all say the same."""
    found: dict[str, Any] = {}
    for name, one in made.items():
        messages = probe.read(f"/api/chat/conversations/{one['conversation_id']}/messages")
        said = {str(message["content"]) for message in messages if not message["answers"]}
        found[name] = said.pop() if len(said) == 1 else said
    return found


def preferences(probe: Probe, made: Made) -> dict[str, Any]:
    kept = probe.read("/api/auth/me")["preferences"]
    return {name: kept["note"] if kept.get(kept["note"]) == "note" else kept for name in made}


def as_username(text: str) -> str:
    """As accounts.identity has it: compatible forms made one, spaces single."""
    return " ".join(part for part in unicodedata.normalize("NFKC", text.strip()).split(" ") if part)


def told(text: str) -> dict[str, Any]:
    """A program's conversation in which everybody says the same."""
    roles = ("system", "user", "assistant", "user")
    messages = [{"role": role, "content": text} for role in roles]
    return {"model": "openai/first-model", "store": True, "messages": messages}


START, CONVERSATIONS = "POST /api/chat/conversations", "/api/chat/conversations?limit=100"
PREFERENCE = "/api/chat/providers/demo/preference"
PLACES = [
    Place("a folder", "POST /api/chat/folders", lambda text: {"name": text}, of_list("/api/chat/folders")),
    Place(
        "a conversation in it",
        START,
        lambda text: {"folder": text},
        of_list(CONVERSATIONS, "folder"),
        every=2,
    ),
    Place("a title", START, lambda text: {"title": text}, of_list(CONVERSATIONS, "title")),
    Place("a tag", START, lambda text: {"tags": [text]}, tags),
    Place(
        "a line-up",
        LINE_UP,
        lambda text: {"name": text, "targets": ["openai"]},
        of_list("/api/chat/line-ups?limit=100"),
        undo="DELETE /api/chat/line-ups/{id}",
        every=2,
    ),
    Place(
        "an access token",
        "POST /api/auth/tokens",
        lambda text: {"name": text, "scope": "read"},
        of_list("/api/auth/tokens"),
        undo="DELETE /api/auth/tokens/{id}",
        every=2,
    ),
    Place(
        "preferences",
        "PATCH /api/auth/me",
        lambda text: {"preferences": {text: "note", "note": text}},
        preferences,
        kept_as=str,
        is_lasting=False,
    ),
    Place(
        "a username",
        "PATCH /api/auth/me",
        lambda text: {"username": text},
        of_record("/api/auth/me", "username"),
        kept_as=as_username,
        is_lasting=False,
        every=2,
    ),
    Place(
        "a system prompt",
        f"PUT {PREFERENCE}",
        lambda text: {"system_prompt": text, "model": text[:200]},
        of_record(PREFERENCE, "system_prompt"),
        is_lasting=False,
        every=2,
    ),
    Place(
        "a question",
        SEND,
        lambda text: {"message": text, "selected_providers": ["openai"]},
        contents,
        kept_as=str,
        every=2,
    ),
    Place("a program's conversation", GATEWAY, told, contents, kept_as=str, every=4),
]


def keep(probe: Probe, place: Place, texts: Mapping[str, str]) -> list[str]:
    """Put texts there; those that are taken must be the same when they are read again. Which were taken."""
    made: dict[str, Any] = {}
    for name, text in texts.items():
        answer = probe.write(f"{place.name}: {name}", place.operation, place.body(text))
        if answer.is_good:
            made[name] = answer.json()
            if not place.is_lasting:
                compare(probe, place, {name: text}, {name: made[name]})
    if place.is_lasting:
        compare(probe, place, texts, made)
    for name, one in made.items() if place.undo else ():
        label = f"{place.name}, taken away: {name}"
        undone = probe.ask(label, place.undo.format(**one))
        probe.expect(label, undone.status == 204, f"{undone.status}")
    return [*made]


def compare(probe: Probe, place: Place, texts: Mapping[str, str], made: Made) -> None:
    """Note which of the texts that were taken are not what they may be."""
    for name, found in place.read(probe, made).items():
        kept = place.kept_as(texts[name])
        probe.expect(f"{place.name}: {name}", found == kept, f"{texts[name]!r} became {found!r}")
