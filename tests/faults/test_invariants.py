"""The invariants themselves: each fails where it should, else they would prove nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from tests.faults import invariants
from tests.faults.invariants import LOSS_S, READING_S, Scene
from tests.faults.parts import FaultSite
from tests.faults.rows import AnswerRow, LedgerRow, MessageRow, Rows, UsedRow
from tests.faults.story import Story
from tests.faults.tab import Asked, Shown, Tab
from tests.site.vendor import Vendor

KILLED_AT = 1000.0
LONG_BEFORE = KILLED_AT - LOSS_S - READING_S - 0.1
QUESTION = MessageRow(1, 7, None, "user", "Why?", "one")
ASSISTANT = MessageRow(2, 7, 1, "assistant", "", None)
ANSWER = AnswerRow(5, 2, "openai", "openai", 0, 1, "done", "Because", "", 1, 0.5)
ENTRY = LedgerRow(5, 3, "server", "done", 1, 900, 90, 20, 2)
OWN_KEY = LedgerRow(4, 3, "person", "", 0, 900, 90, 0, 0)
USED = (UsedRow(3, "day", 1, 20, 2), UsedRow(3, "month", 1, 20, 2))
ASKED = Asked("Why?", "one", 7, 1, 2, {"openai": 5})
Invariant = Callable[[Scene], None]


def scene(
    *messages: MessageRow,
    answers: tuple[AnswerRow, ...] = (ANSWER,),
    ledger: tuple[LedgerRow, ...] = (ENTRY, OWN_KEY),
) -> Scene:
    """One question that one AI has answered, or the rows that are given instead."""
    vendor = Vendor(0)
    vendor.asked.append(("openai", {"messages": [{"role": "user", "content": "Why?"}]}))
    story = Story(cast("FaultSite", None), vendor, asked=[ASKED], conversations={7}, tabs=[Tab([], 7)])
    rows = Rows(frozenset({7}), messages or (QUESTION, ASSISTANT), answers, ledger, USED)
    return Scene(story, rows, rows, None)


def shown(scene: Scene, text: str, at: float) -> Scene:
    scene.story.tabs[0].shown.append(Shown(5, at, text))
    return scene


def told(scene: Scene, *states: str) -> Scene:
    scene.story.tabs[0].told[5] = list(states)
    return scene


def asked_again(scene: Scene) -> Scene:
    scene.story.vendor.asked.append(scene.story.vendor.asked[0])
    return scene


def with_story(scene: Scene, **changes: object) -> Scene:
    for name, value in changes.items():
        setattr(scene.story, name, value)
    return scene


def test_a_good_story_breaks_none_of_them() -> None:
    good = told(shown(scene(), "Bec", LONG_BEFORE), "queued", "streaming", "done")
    good = with_story(good, whole={5: "Because"}, refused=["Never saved"])
    for invariant in (
        invariants.every_accepted_turn_exists_once,
        invariants.each_target_has_one_answer,
        invariants.no_turn_is_half_saved,
        invariants.refused_questions_left_nothing,
        invariants.what_was_shown_is_saved,
        invariants.nobody_was_told_two_stories,
        invariants.siblings_are_whole,
        invariants.nothing_was_paid_twice,
        invariants.the_ledger_agrees,
        invariants.stopped_is_stopped,
        invariants.deleted_is_gone,
    ):
        invariant(good)


@pytest.mark.parametrize(
    ("invariant", "broken"),
    [
        (invariants.every_accepted_turn_exists_once, scene(ASSISTANT)),
        (invariants.every_accepted_turn_exists_once, scene(QUESTION, ASSISTANT, replace(QUESTION, id=9))),
        (invariants.each_target_has_one_answer, scene(answers=())),
        (invariants.each_target_has_one_answer, scene(answers=(ANSWER, replace(ANSWER, id=6, name="xai")))),
        (invariants.no_turn_is_half_saved, scene(QUESTION)),
        (invariants.no_turn_is_half_saved, scene(answers=())),
        (invariants.refused_questions_left_nothing, with_story(scene(), refused=["Why?"])),
        (invariants.what_was_shown_is_saved, shown(scene(), "Because of", LONG_BEFORE)),
        (invariants.what_was_shown_is_saved, shown(scene(), "Perhaps", LONG_BEFORE)),
        (invariants.nobody_was_told_two_stories, told(scene(), "stopped", "done")),
        (invariants.nobody_was_told_two_stories, told(scene(), "streaming", "stopped")),
        (invariants.nobody_was_told_two_stories, told(scene(), "done", "streaming")),
        (invariants.siblings_are_whole, with_story(scene(), whole={5: "Because of"})),
        (invariants.nothing_was_paid_twice, asked_again(scene())),
        (invariants.the_ledger_agrees, scene(ledger=(OWN_KEY,))),
        (invariants.the_ledger_agrees, scene(ledger=(ENTRY, ENTRY, OWN_KEY))),
        (invariants.the_ledger_agrees, scene(ledger=(replace(ENTRY, outcome=""), OWN_KEY))),
        (invariants.the_ledger_agrees, scene(ledger=(replace(ENTRY, outcome="failed"), OWN_KEY))),
        (invariants.the_ledger_agrees, scene(ledger=(replace(ENTRY, used_nanousd=3), OWN_KEY))),
        (invariants.the_ledger_agrees, scene(ledger=(replace(ENTRY, messages=0), OWN_KEY))),
        (invariants.stopped_is_stopped, with_story(scene(), stopped={5})),
        (invariants.deleted_is_gone, with_story(scene(), deleted={7})),
    ],
)
def test_each_of_them_fails_where_it_is_broken(invariant: Invariant, broken: Scene) -> None:
    with pytest.raises(AssertionError):
        invariant(broken)


def test_a_kill_excuses_the_last_second_and_no_more() -> None:
    excused = replace(shown(scene(), "Because of", KILLED_AT - LOSS_S), killed_at=KILLED_AT)
    invariants.what_was_shown_is_saved(excused)
    with pytest.raises(AssertionError, match="3 characters lost"):
        invariants.what_was_shown_is_saved(shown(excused, "Because of", LONG_BEFORE))


def test_a_kill_excuses_no_other_text() -> None:
    other = replace(shown(scene(), "Perhaps", KILLED_AT), killed_at=KILLED_AT)
    with pytest.raises(AssertionError):
        invariants.what_was_shown_is_saved(other)


def test_a_spinner_that_lost_its_process_is_noticed() -> None:
    with pytest.raises(AssertionError, match="lost its process"):
        invariants.no_heartbeat_is_stale([replace(ANSWER, status="streaming", heartbeat_age_s=61)])
