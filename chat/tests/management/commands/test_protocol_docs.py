"""docs/protocol.md says what chat/events.py says."""

import io
import re
from pathlib import Path

import msgspec
import pytest
from django.core.management import call_command

from chat import events
from chat.engine.broadcast.frames import decode
from chat.management.commands import protocol_docs
from chat.management.example_conversation import PIECES, frames


def test_the_committed_page_is_what_the_command_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / "protocol.md"
    committed = protocol_docs.PATH.read_text(encoding="utf-8")
    monkeypatch.setattr(protocol_docs, "PATH", written)

    call_command("protocol_docs", stdout=io.StringIO())

    assert written.read_text(encoding="utf-8") == committed, "run: python3 -m webox manage protocol_docs"


def test_every_struct_has_a_heading() -> None:
    structs = [
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == events.__name__
    ]
    described = {kind for kind in structs if kind not in (events.Command, events.Event)}

    headings = re.findall(r"^### (.+)$", protocol_docs.page(), re.MULTILINE)

    assert sorted(headings) == sorted(protocol_docs.title(kind) for kind in described)


def test_every_link_leads_to_a_heading() -> None:
    page = protocol_docs.page()
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors


def test_an_unknown_kind_of_field_is_not_left_out() -> None:
    class Odd(msgspec.Struct):
        raw: bytes

    with pytest.raises(NotImplementedError):
        protocol_docs.section(Odd)


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__name__)
def test_the_examples_frames_are_what_the_protocol_reads(frame: events.Command | events.Event) -> None:
    if isinstance(frame, events.Command):
        assert events.parse(msgspec.to_builtins(frame), events.AnyCommand) == frame  # type: ignore[arg-type]  # a union
    else:
        assert decode(events.encode(frame)) == frame


def test_the_examples_offsets_meet() -> None:
    texts = dict.fromkeys(PIECES, "")
    for frame in frames():
        if isinstance(frame, events.Deltas):
            for answer_id, offset, piece in frame.deltas:
                assert offset == len(texts[answer_id])
                texts[answer_id] += piece
        elif isinstance(frame, events.AnswerChanged) and frame.status in events.FINAL_STATUSES:
            assert frame.text_length == len(texts[frame.id])

    assert texts == {answer_id: "".join(pieces) for answer_id, pieces in PIECES.items()}
