"""Snapshot plus events equals a fresh read, however the frames are lost and whenever a client joins."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import events
from chat.engine.broadcast.frames import RunningText
from chat.engine.running import RunningAnswer, RunningTurn
from chat.live.resume import snapshot
from tests import ROOT

EXAMPLES = ROOT / "tests" / "examples" / "events.json"

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("text"), st.sampled_from([1, 2]), st.text(min_size=1, max_size=5)),
        st.tuples(st.just("reasoning"), st.sampled_from([1, 2]), st.text(min_size=1, max_size=5)),
        st.tuples(st.sampled_from(["tick", "lost tick", "snapshot", "beat"]), st.just(0), st.just("")),
    ),
    max_size=60,
)


class Client:
    """The rules of the protocol in their shortest form: skip what is old, ask again after a gap."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, int], str] = {}
        self.must_resume = True

    def take(self, event: events.AnyEvent) -> None:
        if isinstance(event, events.Snapshot):
            for message in event.messages:
                for answer in message.answers:
                    self.texts["text", answer.id] = answer.text
                    self.texts["reasoning", answer.id] = answer.reasoning
            self.must_resume = False
        elif isinstance(event, events.Deltas):
            for kind, deltas in (("text", event.deltas), ("reasoning", event.reasoning)):
                for answer_id, offset, piece in deltas:
                    self._grow((kind, answer_id), offset, piece)
        elif isinstance(event, events.Lengths):
            for answer_id, text, reasoning in event.lengths:
                lengths = {"text": text, "reasoning": reasoning}
                self.must_resume |= any(
                    len(self.texts.get((k, answer_id), "")) < n for k, n in lengths.items()
                )

    def _grow(self, key: tuple[str, int], offset: int, piece: str) -> None:
        have = self.texts.get(key, "")
        if offset > len(have):
            self.must_resume = True
        else:
            self.texts[key] = have + piece[len(have) - offset :]


def record(answer_id: int) -> events.AnswerRecord:
    empty: dict[str, Any] = dict.fromkeys(events.AnswerRecord.__struct_fields__)
    words = ("target", "name", "provider", "label", "mark", "model", "finish_reason", "vendor_finish_reason")
    strings = dict.fromkeys((*words, "created_at", "text", "reasoning", "refusal", "request_id"), "")
    numbers = {"id": answer_id, "message_id": 1, "position": 0, "version": 1, "attempts": 0}
    return events.AnswerRecord(**(empty | strings | numbers | {"status": "streaming", "notes": []}))


def snapshot_of(turn: RunningTurn) -> events.Snapshot:
    texts = {
        one.id: RunningText(one.id, one.text.shown(), one.reasoning.shown(), None)
        for one in turn.answers.values()
    }
    message = events.MessageRecord(
        id=1,
        parent_id=None,
        role="assistant",
        content="",
        created_at="",
        context="own",
        siblings=[],
        attachments=[],
        answers=[record(1), record(2)],
    )
    return snapshot([message], texts)


@given(STEPS)
def test_snapshot_plus_events_equals_a_fresh_read(steps: list[tuple[str, int, str]]) -> None:
    turn = RunningTurn(1, 1, {answer_id: RunningAnswer(answer_id, 1) for answer_id in (1, 2)})
    client = Client()
    for what, answer_id, piece in steps:
        if what in ("text", "reasoning"):
            getattr(turn.answers[answer_id], what).append(piece)
        elif what in ("tick", "lost tick"):
            frame = turn.take_deltas()
            if frame and what == "tick":
                client.take(frame)
        elif what == "beat":
            client.take(turn.lengths())
        if client.must_resume or what == "snapshot":
            client.take(snapshot_of(turn))
    last = turn.take_deltas()
    if last:
        client.take(last)
    client.take(turn.lengths())
    if client.must_resume:
        client.take(snapshot_of(turn))
    for answer_id, answer in turn.answers.items():
        assert client.texts["text", answer_id] == answer.text.whole()
        assert client.texts["reasoning", answer_id] == answer.reasoning.whole()


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1), st.data())
def test_deltas_are_gapless_whatever_the_ticks(pieces: list[str], data: st.DataObject) -> None:
    turn = RunningTurn(1, 1, {7: RunningAnswer(7, 1)})
    shown = ""
    for piece in pieces:
        turn.answers[7].text.append(piece)
        if data.draw(st.booleans()):
            frame = turn.take_deltas()
            assert frame is not None
            [(_, offset, text)] = frame.deltas
            assert offset == len(shown)
            shown += text
    assert turn.answers[7].text.shown() == shown
    assert "".join(pieces).startswith(shown)


@pytest.mark.parametrize("example", json.loads(EXAMPLES.read_text())["examples"], ids=lambda one: one["name"])
def test_the_examples_of_the_page_are_events_of_the_protocol(example: dict[str, Any]) -> None:
    for event in [example["snapshot"], *example["events"]]:
        assert msgspec.convert(event, events.AnyEvent) is not None
