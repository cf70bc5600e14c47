"""What a chaos run came to, in Markdown."""

import re
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.chaos.checks import Scene
from bench.chaos.faults import Damage
from bench.chaos.tab import Pulse
from bench.chaos.users import Record, Violation, clock
from bench.kit.measure import table

LOUDEST = 12
_NUMBERS = re.compile(r"\d+")
_ERROR = re.compile(r" (?:ERROR|CRITICAL) |^Traceback |^\w[\w.]*(?:Error|Exception)\b")


def progress(began: float, records: list[Record], damage: Damage) -> str:
    """One line on how far a run is."""
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    turns = sum(len(record.asked) for record in records)
    noticed = len(damage.violations) + sum(len(record.violations) for record in records)
    refused = sum(_refusals(records).values())
    return (
        f"{minutes}:{seconds:02d}: {turns} turns, {len(damage.injected)} faults, "
        f"{_reconnects(records)} reconnects, {refused} refused, {noticed} violations noticed so far"
    )


def report(scene: Scene, pulse: Pulse, ended: float, found: list[Violation]) -> str:
    """The counts of a run, and every violation with its evidence."""
    outcomes = Counter(f"{one.status} {one.error_code}".strip() for one in scene.rows.answers)
    actions: Counter[str] = sum((record.actions for record in scene.records), Counter())
    silences = _silences(scene, pulse, ended)
    kinds = Counter(one.kind for one in scene.damage.injected)
    rows: list[list[object]] = [
        ["turns accepted", len(scene.asked)],
        ["answers saved, by outcome", _listed(outcomes)],
        ["actions", _listed(actions)],
        ["faults", _listed(kinds)],
        ["conversations made / deleted", f"{_made(scene)} / {len(scene.deleted)}"],
        ["retries sent", sum(record.retries_sent for record in scene.records)],
        ["reconnects", _reconnects(scene.records)],
        ["refused commands", _listed(_refusals(scene.records)) or 0],
        ["questions of unknown fate", sum(len(record.unknown) for record in scene.records)],
        ["longest time without new text from a fault to the next, s (0.0: under 0.2)", _listed_s(silences)],
        ["errors in logs", sum(_errors(scene.logs).values())],
        ["violations", len(found)],
    ]
    parts = [table(["", "value"], rows)]
    if errors := _errors(scene.logs):
        parts.append(table(["error in a log", "times"], errors.most_common(LOUDEST)))
    if found:
        parts += [_told(found), _faults(scene)]
    return "\n\n".join(parts)


def _told(found: list[Violation]) -> str:
    rows = [[one.rule, one.evidence.replace("|", "\\|").replace("\n", "<br>")] for one in found]
    return table(["violated", "evidence"], rows)


def _faults(scene: Scene) -> str:
    """When each fault was, by the clock of the logs: what a violation is explained with."""
    zero = time.time() - time.monotonic()
    rows: list[list[object]] = [
        [clock(zero + one.at), one.kind, one.target, one.until - one.at] for one in scene.damage.injected
    ]
    return table(["at", "fault", "hit", "s until it was back"], rows)


def _silences(scene: Scene, pulse: Pulse, ended: float) -> dict[str, float]:
    """By kind of fault, the longest time without text at any tab between it and the next fault."""
    longest: dict[str, float] = {}
    for one, after in zip(scene.damage.injected, [*scene.damage.injected[1:], None], strict=True):
        until = after.at if after else ended
        longest[one.kind] = max(longest.get(one.kind, 0.0), pulse.longest_silence(one.at, until))
    return longest


def _made(scene: Scene) -> int:
    return sum(len(record.conversations) for record in scene.records)


def _reconnects(records: Iterable[Record]) -> int:
    return sum(max(0, tab.entries - 1) for record in records for tab in [*record.tabs])


def _refusals(records: Iterable[Record]) -> Counter[str]:
    return sum((Counter(dict(tab.refusals)) for one in records for tab in [*one.tabs]), Counter())


def _errors(logs: list[Path]) -> Counter[str]:
    """The lines of the logs that tell of a fault, whatever their numbers."""
    found: Counter[str] = Counter()
    for log in logs:
        for line in log.read_text(errors="replace").splitlines() if log.exists() else []:
            if _ERROR.search(line):
                # Without its date: what is left is the same line, however often it comes.
                text = re.sub(r"^\S+ \S+ (?=ERROR|CRITICAL)", "", line)
                found[f"{log.stem}: {_NUMBERS.sub('#', text)[:160]}".replace("|", "\\|")] += 1
    return found


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _listed_s(seconds: dict[str, float]) -> str:
    ordered = sorted(seconds.items(), key=lambda item: -item[1])
    return ", ".join(f"{kind} {value:.1f}" for kind, value in ordered)
