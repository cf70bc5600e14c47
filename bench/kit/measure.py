"""What processes cost, read from /proc (Linux), and how figures are summed up and printed."""

import math
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import redis

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that so many percent of the values do not exceed; NaN where there are none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a float is shown with the digits that matter."""
    lines = [heads, ["---"] * len(heads), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "–"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 4 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def judged(value: float, aim: float, *, valid: bool = True) -> str:
    """An aim, and whether the value meets it; `valid` is False where the machine was too busy to say."""
    if not valid or math.isnan(value):
        return f"≤ {aim:g} (not judged)"
    return f"≤ {aim:g} {'met' if value <= aim else 'missed'}"


class Meter:
    """CPU, memory and descriptors of a site's processes, by part.

    Parts are `server` in embedded mode; `launcher`, `web`, `worker`, `stats` and `beat` in scaled mode, with
    `redis` (the whole server) and `postgres` (the back ends of the site's database, where they can be read).
    """

    def __init__(
        self, root_pid: int, redis_url: str = "", database: str = "", beside: Mapping[int, str] | None = None
    ) -> None:
        """`beside`: other processes that take part, as their number and the name of their part."""
        self._root = root_pid
        self._beside = beside or {}
        self._database = database
        self._redis = redis.Redis.from_url(redis_url) if redis_url else None
        # By process: one that ended between two readings has still cost what it cost.
        self._seen_cpu_s: dict[tuple[str, int], float] = {}

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds since the start, by part."""
        for pid, part in (self._processes() | self._database_processes()).items():
            fields = _stat(pid)
            if fields:
                self._seen_cpu_s[part, pid] = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
        by_part: dict[str, float] = defaultdict(float)
        for (part, _), seconds in self._seen_cpu_s.items():
            by_part[part] += seconds
        if self._redis:
            by_part["redis"] = self._redis_info("used_cpu_user") + self._redis_info("used_cpu_sys")
        return dict(by_part)

    def pss_kb(self) -> dict[str, int]:
        """Memory in kB by part, what processes share divided among them."""
        by_part: dict[str, int] = defaultdict(int)
        for pid, part in self._processes().items():
            by_part[part] += pss_kb(pid)
        return dict(by_part)

    def anonymous_kb(self) -> int:
        """Memory in kB that is no file’s: what grows with use, without the noise of shared pages."""
        return sum(pss_kb(pid, "Pss_Anon") for pid in self._processes())

    def descriptors(self) -> int:
        """How many files and sockets the site's own processes hold open."""
        return sum(len(os.listdir(PROC / str(pid) / "fd")) for pid in self._processes())

    def redis_connections(self) -> int:
        """How many clients the Redis server has, ours among them."""
        return int(self._redis_info("connected_clients")) if self._redis else 0

    def database_connections(self) -> int:
        """How many connections the database has: back ends, or open files of SQLite."""
        if self._database:
            return len(self._database_processes())
        links = (
            PROC / str(pid) / "fd" / name
            for pid in self._processes()
            for name in os.listdir(PROC / str(pid) / "fd")
        )
        return sum(_target(link).endswith(".sqlite3") for link in links)

    def _redis_info(self, name: str) -> float:
        assert self._redis is not None
        found = self._redis.info()
        # The annotation allows for the asynchronous client, too.
        assert isinstance(found, dict)
        return float(found[name])

    def _processes(self) -> dict[int, str]:
        children: dict[int, list[int]] = defaultdict(list)
        for entry in PROC.iterdir():
            if entry.name.isdigit() and (fields := _stat(int(entry.name))):
                children[int(fields[1])].append(int(entry.name))
        is_alone = not children[self._root]
        found: dict[int, str] = {}
        waiting = [(self._root, "server" if is_alone else "launcher")]
        while waiting:
            pid, part = waiting.pop()
            words = _read(PROC / str(pid) / "cmdline").split("\0")
            found[pid] = words[words.index("--only") + 1] if "--only" in words else part
            waiting += [(child, found[pid]) for child in children[pid]]
        return found | dict(self._beside)

    def _database_processes(self) -> dict[int, str]:
        if not self._database:
            return {}
        # Back ends call themselves `postgres: user database host(port) state`.
        return {
            int(entry.name): "postgres"
            for entry in PROC.iterdir()
            if entry.name.isdigit() and f" {self._database} " in _read(entry / "cmdline")
        }


def pss_kb(pid: int, kind: str = "Pss") -> int:
    """A process's memory in kB, what it shares with others divided among them; 0 once it has ended.

    `kind` is the line of /proc/PID/smaps_rollup.
    """
    for line in _read(PROC / str(pid) / "smaps_rollup").splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1])
    return 0


def less(later: dict[str, float], earlier: dict[str, float]) -> dict[str, float]:
    """What was used between two readings, by part."""
    return {part: seconds - earlier.get(part, 0.0) for part, seconds in later.items()}


def own(cpu_s: dict[str, float]) -> float:
    """The CPU of WeBox's own processes, without Redis and PostgreSQL."""
    return sum(seconds for part, seconds in cpu_s.items() if part not in ("redis", "postgres"))


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        # It ended while we looked.
        return ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on: [1] is the parent, [11] and [12] the CPU ticks."""
    return _read(PROC / str(pid) / "stat").rpartition(")")[2].split()


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""
