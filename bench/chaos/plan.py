"""The plan of a chaos run: what is broken when, and what each user does, all of it drawn from a seed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

AIS = ("openai", "mistral", "groq", "xai")
"""The vendors behind the run's site: what the tests' own `vendor_settings` names."""

DOWN_S = {
    "worker SIGKILL": (1.0, 5.0),
    "worker SIGTERM": (1.0, 5.0),
    "web SIGKILL": (1.0, 5.0),
    "web SIGTERM": (1.0, 5.0),
    "Redis SIGKILL": (2.0, 10.0),
    "Redis FLUSHALL": (0.0, 0.0),
    "PostgreSQL restart": (1.0, 3.0),
    "stats SIGKILL": (1.0, 5.0),
    "beat SIGKILL": (1.0, 5.0),
}
"""Every kind of fault, and for how long what it hits stays away."""

ACTIONS = {
    "ask": 38,
    "ask twice": 6,
    "stop one": 8,
    "stop all": 5,
    "retry": 12,
    "refresh": 12,
    "go offline": 5,
    "second tab": 5,
    "new conversation": 6,
    "delete": 3,
}
"""Every action of a user, and how often it is drawn beside the others."""

BEHAVIOURS = {"flow": 60, "stall": 10, "break": 10, "refuse": 7, "busy": 5, "flood": 8}
FLOW_WORDS, SHORT_WORDS = (10, 80), (1, 30)
FLOOD_HUNDREDS = (3, 10)
"""A flood comes in hundreds of words."""
PAUSE_S = (0.3, 3.0)
REFUSED = ("refuse", "busy")
WHOLE = ("flow", "flood")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: when at the earliest, which, and of two web processes the one it hits."""

    at_s: float
    kind: str
    web: int
    down_s: float


def faults(random: Random, length_s: float, every_s: float) -> list[Fault]:
    """The faults of a run, one every so many seconds."""
    return [_fault(random, every_s * number) for number in range(1, int(length_s / every_s) + 1)]


def _fault(random: Random, at_s: float) -> Fault:
    kind = random.choice(list(DOWN_S))
    return Fault(at_s, kind, random.randrange(2), random.uniform(*DOWN_S[kind]))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a vendor does when it is first asked for an answer; asked again, it sends so many words."""

    kind: str
    words: int
    again: int

    @property
    def is_whole(self) -> bool:
        """Whether the first answer is one that a vendor finishes."""
        return self.kind in WHOLE


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a user. `pick` chooses among whatever there is to choose from by then."""

    kind: str
    token: str
    behaviours: dict[str, Behaviour]
    pick: float
    door: int
    pause_s: float

    @property
    def question(self) -> str:
        """A question like no other, which tells the vendors how to behave."""
        wanted = [f"{name}={one.kind}/{one.words}+{one.again}" for name, one in self.behaviours.items()]
        return f"Chaos {self.token}? {' '.join(wanted)}"


def steps(random: Random) -> Iterator[Step]:
    """What a user does, without end. It depends on nothing that happens, so that a seed repeats it."""
    while True:
        names = random.sample(AIS, random.randint(1, len(AIS)))
        yield Step(
            kind=_weighted(random, ACTIONS),
            token=f"{random.getrandbits(64):016x}",
            behaviours={name: _behaviour(random) for name in names},
            pick=random.random(),
            door=random.randrange(2),
            pause_s=random.uniform(*PAUSE_S),
        )


def _behaviour(random: Random) -> Behaviour:
    kind = _weighted(random, BEHAVIOURS)
    words = random.randint(*(FLOW_WORDS if kind == "flow" else SHORT_WORDS))
    if kind == "flood":
        words = 100 * random.randint(*FLOOD_HUNDREDS)
    return Behaviour(kind, words, random.randint(*FLOW_WORDS))


def _weighted(random: Random, weights: dict[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


_QUESTION = re.compile(r"Chaos ([0-9a-f]{16})\?((?: \w+=\w+/\d+\+\d+)+)")
_WANTED = re.compile(r"(\w+)=(\w+)/(\d+)\+(\d+)")


def read_question(text: str) -> tuple[str, dict[str, Behaviour]]:
    """The token and the behaviours of a question; of several merged into one message, the last."""
    token, wanted = _QUESTION.findall(text)[-1]
    return token, {
        name: Behaviour(kind, int(count), int(again)) for name, kind, count, again in _WANTED.findall(wanted)
    }
