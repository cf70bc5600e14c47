"""What holds after every fault: `check_invariants` waits until all has settled, then looks."""

import time
from dataclasses import dataclass
from functools import partial

from tests.faults.rows import AnswerRow, Rows
from tests.faults.services import LOOK_EVERY_S, wait_until
from tests.faults.story import Story
from tests.faults.tab import Tab
from tests.site.client import FINAL

SETTLE_S = 10.0
STALE_S = 60.0
"""The longest that a dead process may leave an answer without its end."""
LOSS_S = 1.0
"""Of what was shown, so much of the end may be missing after a SIGKILL of the process that wrote it."""
READING_S = 0.5
"""What a frame takes on a busy machine to be sent, read and noted, and the rows to be written."""
TABS_AGREE_S = 2.0
STOPPED_S = 3.0
"""As long as who waits for an end over REST waits for the text of what somebody stopped."""
SECRET = "sk-CANARY-of-faults-0123456789"


@dataclass(frozen=True)
class Scene:
    """The story, and the rows that its conversations have at the end."""

    story: Story
    rows: Rows
    all_rows: Rows
    killed_at: float | None
    """When the writing process was killed (`time.monotonic`); None where nothing shown may be lost."""

    def answers(self) -> list[AnswerRow]:
        """The rows of every accepted answer that was not deleted."""
        kept = [one for one in self.story.asked if one.conversation_id not in self.story.deleted]
        return [self.rows.answer(pk) for asked in kept for pk in asked.answers.values()]


def check_invariants(story: Story, *, killed_at: float | None = None, settle_s: float = SETTLE_S) -> Rows:
    """Wait until no answer of the story is unfinished, then assert everything; returns the rows.

    `killed_at`: when the process that wrote the answers was killed; then the end of what was shown may be
    missing, no more than the last second of it.
    """
    everything_ends(story, settle_s)
    stopped_texts_arrive(story)
    all_rows = story.site.database.read()
    scene = Scene(story, all_rows.of(story.conversations), all_rows, killed_at)
    every_accepted_turn_exists_once(scene)
    each_target_has_one_answer(scene)
    no_turn_is_half_saved(scene)
    refused_questions_left_nothing(scene)
    what_was_shown_is_saved(scene)
    nobody_was_told_two_stories(scene)
    siblings_are_whole(scene)
    nothing_was_paid_twice(scene)
    the_ledger_agrees(scene)
    stopped_is_stopped(scene)
    deleted_is_gone(scene)
    open_tabs_show_the_rows(scene)
    no_key_is_in_a_log(scene)
    return scene.rows


def everything_ends(story: Story, settle_s: float) -> None:
    """Every answer reaches its end; polled, so that a test waits no longer than it must."""
    deadline = time.monotonic() + settle_s
    while unfinished := story.site.database.read().of(story.conversations).unfinished():
        no_heartbeat_is_stale(unfinished)
        told = [(one.id, one.name, one.status, one.heartbeat_age_s) for one in unfinished]
        assert time.monotonic() < deadline, f"still unfinished after {settle_s:g} s: {told}"
        time.sleep(LOOK_EVERY_S)


def stopped_texts_arrive(story: Story) -> None:
    """A stop writes the row first, its text follows in a moment (decision 2); if not, it is missed below."""
    deadline = time.monotonic() + STOPPED_S
    while time.monotonic() < deadline:
        rows = story.site.database.read().of(story.conversations)
        stopped = {one.id: one.text for one in rows.answers if one.status == "stopped"}
        shown = [one for tab in story.tabs for one in tab.shown if one.answer_id in stopped]
        if all(len(one.text) <= len(stopped[one.answer_id]) for one in shown):
            return
        time.sleep(LOOK_EVERY_S)


def every_accepted_turn_exists_once(scene: Scene) -> None:
    """Accepted = saved: the question stands in one row, word for word."""
    for asked in scene.story.asked:
        if asked.conversation_id in scene.story.deleted:
            continue
        found = [one for one in scene.rows.messages if one.content == asked.question]
        assert [(one.id, one.role) for one in found] == [(asked.question_id, "user")], asked.question


def each_target_has_one_answer(scene: Scene) -> None:
    """The turn has the answers that were accepted and no other; retries are versions of their own."""
    for asked in scene.story.asked:
        if asked.conversation_id in scene.story.deleted:
            continue
        first = [one for one in scene.rows.answers if one.message_id == asked.message_id and one.version == 1]
        assert {one.name: one.id for one in first} == asked.answers
        assert len(first) == len(asked.answers), f"a target of {asked.question!r} has two answers"


def no_turn_is_half_saved(scene: Scene) -> None:
    """Every question has one assistant message, and that one has answers."""
    answered = {one.message_id for one in scene.rows.answers}
    for question in scene.rows.messages:
        if question.role == "user":
            replies = [one for one in scene.rows.messages if one.parent_id == question.id]
            assert len(replies) == 1, f"{question.content!r} has {len(replies)} assistant messages"
            assert replies[0].id in answered, f"{question.content!r} has no answers"


def refused_questions_left_nothing(scene: Scene) -> None:
    saved = {message.content for message in scene.all_rows.messages}
    assert not saved & set(scene.story.refused), "a refused question was saved"


def no_heartbeat_is_stale(unfinished: list[AnswerRow]) -> None:
    """No spinner turns for ever."""
    for answer in unfinished:
        age_s = answer.heartbeat_age_s or 0
        assert age_s <= STALE_S, f"answer {answer.id} lost its process {age_s:.0f} s ago"


def what_was_shown_is_saved(scene: Scene) -> None:
    """Whatever text stood on a screen begins the saved one; after a kill, but for the last second."""
    saved = scene.rows.texts()
    certain_until = None if scene.killed_at is None else scene.killed_at - LOSS_S - READING_S
    for tab in scene.story.tabs:
        assert not tab.contradictions, tab.contradictions
        for shown in tab.shown:
            if tab.conversation_id in scene.story.deleted:
                continue
            text = saved[shown.answer_id]
            if certain_until is None or shown.at <= certain_until:
                lost = len(shown.text) - len(text)
                assert text.startswith(shown.text), (
                    f"answer {shown.answer_id}: shown {shown.text[-40:]!r}, saved {text[-40:]!r} "
                    f"({lost} characters lost{_age(shown.at, scene.killed_at)})"
                )
            else:
                assert text.startswith(shown.text) or shown.text.startswith(text)


def _age(shown_at: float, killed_at: float | None) -> str:
    return "" if killed_at is None else f", shown {killed_at - shown_at:.2f} s before the kill"


def nobody_was_told_two_stories(scene: Scene) -> None:
    """An end is the end: no tab hears of a second one, and what it hears is what the rows say."""
    statuses = {answer.id: answer.status for answer in scene.rows.answers}
    for tab in scene.story.tabs:
        for answer_id, told in tab.told.items():
            ends = [status for status in told if status in FINAL]
            if ends and answer_id in statuses:
                assert ends == [statuses[answer_id]], f"answer {answer_id}: told {told}"
                assert told[-1] == ends[0], f"answer {answer_id} went on after its end: {told}"


def siblings_are_whole(scene: Scene) -> None:
    """A fault in one answer changes no other."""
    for answer_id, text in scene.story.whole.items():
        answer = scene.rows.answer(answer_id)
        assert (answer.status, answer.error_code) == ("done", ""), f"{answer.name} was not left alone"
        assert answer.text == text, f"{answer.name} is not whole"


def nothing_was_paid_twice(scene: Scene) -> None:
    """The vendor was asked once for an answer, or as often as its row says: refusals come first."""
    calls = scene.story.calls()
    messages = {message.id: message for message in scene.rows.messages}
    allowed: dict[tuple[str, str], int] = {}
    for answer in scene.rows.answers:
        question = messages[messages[answer.message_id].parent_id or 0].content
        key = (answer.provider, question)
        allowed[key] = allowed.get(key, 0) + max(1, answer.attempts)
    for (provider, question), limit in allowed.items():
        # Earlier questions that this AI never answered come merged with it, before it.
        count = sum(name == provider and text.endswith(question) for name, text in calls)
        assert count <= limit, f"{provider} was asked {count} times for one answer"


def the_ledger_agrees(scene: Scene) -> None:
    """Every answer has one entry, settled as it ended; a person's sums are those of the entries.

    An answer that was stopped while nobody wrote it is settled a little later.
    """
    for answer in scene.rows.answers:
        entries = [one for one in scene.rows.ledger if one.answer_id == answer.id]
        assert len(entries) == 1, f"answer {answer.id} has {len(entries)} entries"
        outcome = entries[0].outcome
        assert outcome == answer.status or (answer.status == "stopped" and not outcome), (
            f"answer {answer.id} is {answer.status}, and its entry {outcome or 'reserved'}"
        )
    for kind in ("day", "month"):
        for user_id in {one.user_id for one in scene.rows.ledger}:
            booked = [one.sums for one in scene.rows.ledger if one.user_id == user_id]
            used = [one for one in scene.rows.used if (one.user_id, one.kind) == (user_id, kind)]
            kept = [(one.messages, one.tokens, one.nanousd) for one in used]
            assert _sum(kept) == _sum(booked), f"the {kind} of person {user_id}: {kept}"


def _sum(rows: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    return (sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows))


def stopped_is_stopped(scene: Scene) -> None:
    for answer_id in scene.story.stopped:
        assert scene.rows.answer(answer_id).status == "stopped"


def deleted_is_gone(scene: Scene) -> None:
    """Nobody sees what was deleted, and no late writer goes on with it."""
    assert not scene.story.deleted & scene.all_rows.conversations
    assert not scene.all_rows.of(scene.story.deleted).unfinished()


def open_tabs_show_the_rows(scene: Scene) -> None:
    """Within two seconds every open tab shows the same, which is what is saved.

    After a kill a tab may keep the last second that was lost: it was read already.
    """
    saved = scene.rows.texts()
    for tab in scene.story.tabs:
        if not tab.is_online or tab.conversation_id in scene.story.deleted:
            continue

        agrees = partial(_agrees, tab, saved, may_be_ahead=scene.killed_at is not None)
        tab.wait(agrees, "the tab shows what the rows say", TABS_AGREE_S)


def _agrees(tab: Tab, saved: dict[int, str], *, may_be_ahead: bool) -> bool:
    return all(
        tab.states[pk] in FINAL and (text == saved[pk] or (may_be_ahead and text.startswith(saved[pk])))
        for pk, text in tab.texts.items()
    )


def no_key_is_in_a_log(scene: Scene) -> None:
    for log in scene.story.site.logs:
        if log.exists():
            assert SECRET not in log.read_text(errors="replace"), f"a key is in {log.name}"


def vendor_hears_of_it(story: Story, name: str, within_s: float) -> None:
    """The vendor notices within so long that WeBox has left."""
    wait_until(
        lambda: (f"{name} left", {}) in story.vendor.asked, within_s, f"the connection to {name} is closed"
    )
