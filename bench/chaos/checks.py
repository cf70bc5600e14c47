"""What must hold after a chaos run: the invariants of the fault tests, for everything that happened in it.

Each check yields all of its violations, so that one does not hide the next.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.chaos.faults import Damage
from bench.chaos.plan import Behaviour, read_question
from bench.chaos.tab import ChaosTab, Seen
from bench.chaos.users import Record, Violation
from bench.chaos.vendor import Book
from tests.faults.invariants import LOSS_S, READING_S, SECRET
from tests.faults.rows import AnswerRow, MessageRow, Rows
from tests.faults.scripts import words
from tests.faults.tab import Asked
from tests.site.client import FINAL

GONE = 4404
LOST = "lost"


@dataclass
class Scene:
    """What happened, and the rows at the end."""

    records: list[Record]
    rows: Rows
    book: Book
    damage: Damage
    logs: list[Path]
    deleted: set[int] = field(init=False)
    tabs: list[ChaosTab] = field(init=False)

    def __post_init__(self) -> None:
        self.deleted = {pk for record in self.records for pk in record.deleted}
        self.tabs = [tab for record in self.records for tab in record.tabs]

    @cached_property
    def asked(self) -> list[Asked]:
        return [one for record in self.records for one in record.asked]

    @cached_property
    def kept(self) -> list[Asked]:
        """What was accepted and not deleted since."""
        return [one for one in self.asked if one.conversation_id not in self.deleted]

    @cached_property
    def answers(self) -> dict[int, AnswerRow]:
        return {one.id: one for one in self.rows.answers}

    @cached_property
    def by_message(self) -> dict[int, list[AnswerRow]]:
        found = defaultdict(list)
        for one in self.rows.answers:
            found[one.message_id].append(one)
        return found

    @cached_property
    def by_content(self) -> dict[str, list[MessageRow]]:
        found = defaultdict(list)
        for one in self.rows.messages:
            found[one.content].append(one)
        return found

    @cached_property
    def questions(self) -> dict[int, str]:
        """By the id of the assistant message that answers it."""
        content = {one.id: one.content for one in self.rows.messages}
        return {one.id: content[one.parent_id] for one in self.rows.messages if one.parent_id in content}

    def behaviour(self, answer: AnswerRow) -> Behaviour:
        """What its vendor does when it is first asked this question."""
        return read_question(self.questions[answer.message_id])[1][answer.provider]


def violations(scene: Scene) -> list[Violation]:
    """Everything that must not be; those the users and the faults noticed themselves come first."""
    noticed = [one for record in scene.records for one in record.violations] + scene.damage.violations
    checks = (
        everything_ended,
        accepted_once,
        one_answer_a_target,
        nothing_is_half_saved,
        refused_left_nothing,
        one_client_id_is_one_turn,
        shown_is_saved,
        told_one_story,
        texts_are_the_vendors,
        outcomes_have_reasons,
        nothing_was_paid_twice,
        deleted_is_gone,
        nobody_was_sent_away,
        open_tabs_show_the_rows,
        no_key_is_in_a_log,
    )
    found = [
        Violation(check.__name__.replace("_", " "), evidence) for check in checks for evidence in check(scene)
    ]
    return noticed + found


def everything_ended(scene: Scene) -> Iterator[str]:
    for one in scene.rows.unfinished():
        age = "never claimed" if one.heartbeat_age_s is None else f"heartbeat {one.heartbeat_age_s:.0f} s old"
        yield f"answer {one.id} ({one.name}, message {one.message_id}) is {one.status}, {age}"


def accepted_once(scene: Scene) -> Iterator[str]:
    for asked in scene.kept:
        found = [(one.id, one.role) for one in scene.by_content[asked.question]]
        if found != [(asked.question_id, "user")]:
            yield f"{asked.question!r}, accepted as {asked.question_id}, stands in {found}"


def one_answer_a_target(scene: Scene) -> Iterator[str]:
    for asked in scene.kept:
        first = [one for one in scene.by_message[asked.message_id] if one.version == 1]
        if {one.name: one.id for one in first} != asked.answers or len(first) != len(asked.answers):
            yield f"message {asked.message_id}: accepted {asked.answers}, saved {[one.id for one in first]}"


def nothing_is_half_saved(scene: Scene) -> Iterator[str]:
    replies = defaultdict(list)
    for one in scene.rows.messages:
        replies[one.parent_id].append(one.id)
    for question in scene.rows.messages:
        if question.role != "user":
            continue
        found = replies[question.id]
        if len(found) != 1 or not scene.by_message[found[0]]:
            yield f"question {question.id} ({question.content!r}) has replies {found}"


def refused_left_nothing(scene: Scene) -> Iterator[str]:
    for record in scene.records:
        for question, code in record.refused:
            if saved := scene.by_content.get(question):
                yield f"{question!r} was refused ({code}) and saved as {[one.id for one in saved]}"
        for question in record.unknown:
            if len(saved := scene.by_content.get(question, [])) > 1:
                yield f"{question!r} is saved as {[one.id for one in saved]}"


def one_client_id_is_one_turn(scene: Scene) -> Iterator[str]:
    turns: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    for tab in scene.tabs:
        for frame in tab.accepted():
            turns[frame["client_id"]].add(tuple(message["id"] for message in frame["messages"]))
    for client_id, found in turns.items():
        if len(found) > 1:
            yield f"client id {client_id} was accepted as {sorted(found)}"


def shown_is_saved(scene: Scene) -> Iterator[str]:
    """What stood on a screen begins what is saved, but for the last second before a kill of the worker."""
    for tab in scene.tabs:
        yield from tab.contradictions
        by_answer: dict[int, list[Seen]] = defaultdict(list)
        for seen in tab.seen:
            by_answer[seen.answer_id].append(seen)
        for answer_id, seens in by_answer.items():
            if tab.conversation_id in scene.deleted:
                continue
            answer = scene.answers.get(answer_id)
            if answer is None:
                yield f"answer {answer_id} of conversation {tab.conversation_id} was shown and has no row"
            elif wrong := _first_wrong(answer, seens, _certain_until(scene, answer, seens)):
                yield _about_shown(scene, tab, answer, wrong)


def _first_wrong(answer: AnswerRow, seens: list[Seen], certain_until: float) -> Seen | None:
    for seen in seens:
        is_longer = seen.length > len(answer.text)
        if is_longer and seen.at > certain_until:
            continue
        if is_longer or hash(answer.text[: seen.length]) != seen.digest:
            return seen
    return None


def _certain_until(scene: Scene, answer: AnswerRow, seens: list[Seen]) -> float:
    """Until when what was shown of it must be saved: for ever, unless its worker was killed.

    An answer lives in one worker, so the first kill after its first text was seen is the one that ended it.
    """
    if answer.error_code != LOST and answer.status != "stopped":
        return float("inf")
    began = next((seen.at for seen in seens if seen.length), seens[0].at)
    kill = min((at for at in scene.damage.kills if at > began - READING_S), default=float("inf"))
    certain = kill - LOSS_S - READING_S
    for start, end in scene.damage.outages:
        if start < certain < end + LOSS_S + READING_S:
            # Nothing could be saved, so nothing was.
            certain = start - LOSS_S - READING_S
    return certain


def _about_shown(scene: Scene, tab: ChaosTab, answer: AnswerRow, seen: Seen) -> str:
    before = [one for one in scene.damage.injected if one.at < seen.at + LOSS_S + READING_S]
    near = f"{seen.at - before[-1].at:+.2f} s from {before[-1].kind} ({before[-1].target})" if before else ""
    return (
        f"answer {answer.id} ({answer.status} {answer.error_code}, conversation {tab.conversation_id}): "
        f"shown {seen.length} characters {near}, saved {len(answer.text)}: …{answer.text[-30:]!r}, "
        f"the tab ends with …{tab.texts.get(answer.id, '')[-30:]!r}"
    )


def told_one_story(scene: Scene) -> Iterator[str]:
    """An end is the end: the one that is saved. What was said to be stopped stays stopped."""
    for tab in scene.tabs:
        for answer_id, told in tab.told.items():
            ends = [status for status in told if status in FINAL]
            answer = scene.answers.get(answer_id)
            if ends and answer and (ends != [answer.status] or told[-1] != answer.status):
                yield (
                    f"answer {answer_id} (conversation {tab.conversation_id}): a tab was told "
                    f"{tab.heard.get(answer_id, told)}, the row says {answer.status} {answer.error_code}"
                )


def texts_are_the_vendors(scene: Scene) -> Iterator[str]:
    """A text begins what its vendor sends; one that is done is all of it."""
    for answer in scene.answers.values():
        planned = scene.behaviour(answer)
        wholes = [words(planned.again)] + ([words(planned.words)] if planned.is_whole else [])
        longest = words(max(planned.words, planned.again))
        if not longest.startswith(answer.text):
            yield f"answer {answer.id} ({answer.status}) is not what the vendor sent: …{answer.text[-60:]!r}"
        elif answer.status == "done" and answer.text not in wholes:
            yield f"answer {answer.id} is done with {len(answer.text)} characters: {planned}"


def outcomes_have_reasons(scene: Scene) -> Iterator[str]:
    """A vendor that answers well makes no failure: only a person or a stopped worker ends such an answer."""
    worker_was_hit = any(one.target == "worker" for one in scene.damage.injected)
    for answer in scene.answers.values():
        is_lost = answer.error_code == LOST
        if is_lost and not worker_was_hit:
            yield f"answer {answer.id} is lost, and no worker was hit"
        has_reason = answer.status in ("done", "stopped") or is_lost
        has_reason |= answer.status not in FINAL or not scene.behaviour(answer).is_whole
        if answer.error_code == "internal" or not has_reason:
            yield f"answer {answer.id} is {answer.status} {answer.error_code}: {scene.behaviour(answer)}"


def nothing_was_paid_twice(scene: Scene) -> Iterator[str]:
    """A vendor began to answer once for each answer, retries among them."""
    saved = Counter(
        (one.provider, read_question(scene.questions[one.message_id])[0]) for one in scene.rows.answers
    )
    gone = {
        read_question(asked.question)[0] for asked in scene.asked if asked.conversation_id in scene.deleted
    }
    gone |= {read_question(one)[0] for record in scene.records for one in record.unknown}
    for (name, token), count in scene.book.paid.items():
        # Of what was deleted nobody knows any more how often it was retried.
        if token not in gone and count > saved[name, token]:
            yield f"{name} was asked {count} times for {saved[name, token]} answers to {token}"


def deleted_is_gone(scene: Scene) -> Iterator[str]:
    for conversation_id in scene.deleted & scene.rows.conversations:
        yield f"conversation {conversation_id} was deleted and can be seen"
    for answer in scene.rows.of(scene.deleted).unfinished():
        yield f"answer {answer.id} of a deleted conversation is still being written"


def nobody_was_sent_away(scene: Scene) -> Iterator[str]:
    for tab in scene.tabs:
        is_gone = tab.conversation_id in scene.deleted
        if tab.close_code is not None and not (is_gone and tab.close_code == GONE):
            yield f"a tab on conversation {tab.conversation_id} was closed with {tab.close_code}"


def open_tabs_show_the_rows(scene: Scene) -> Iterator[str]:
    """What is open shows what is saved; a tab may keep what was lost with a worker, it was read already."""
    for tab in scene.tabs:
        if tab.is_left or tab.conversation_id in scene.deleted:
            continue
        if not tab.is_online:
            yield f"a tab on conversation {tab.conversation_id} is not online"
        for answer_id in disagreements(tab, scene.answers):
            answer = scene.answers.get(answer_id)
            saved = f"{answer.status}, {len(answer.text)}" if answer else "nothing"
            shown = f"{tab.states[answer_id]}, {len(tab.texts[answer_id])}"
            yield f"answer {answer_id}, conversation {tab.conversation_id}: shown {shown}, saved {saved}"


def disagreements(tab: ChaosTab, answers: dict[int, AnswerRow]) -> list[int]:
    """The answers that this tab shows otherwise than they are saved."""
    return [pk for pk, text in dict(tab.texts).items() if not _agrees(tab, text, answers.get(pk), pk)]


def _agrees(tab: ChaosTab, text: str, answer: AnswerRow | None, answer_id: int) -> bool:
    if answer is None or tab.states.get(answer_id) != answer.status:
        return False
    may_be_ahead = answer.error_code == LOST or answer.status == "stopped"
    return text == answer.text or (may_be_ahead and text.startswith(answer.text))


def no_key_is_in_a_log(scene: Scene) -> Iterator[str]:
    for log in scene.logs:
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        for number, _ in itertools.islice(
            ((number, line) for number, line in enumerate(lines, 1) if SECRET in line), 3
        ):
            yield f"{log.name}, line {number}"
