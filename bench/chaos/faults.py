"""Breaks one part of a scaled site after the other, by a plan, and notes what went wrong with that."""

import subprocess
import threading
import time
from dataclasses import dataclass, field

from bench.chaos.plan import Fault
from bench.chaos.users import Violation, clock
from tests.faults.parts import STOP_S, Part, ScaledSite, Web

LOG_CHARS = 1500


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that happened (`time.monotonic`), and when what it hit was there again."""

    kind: str
    target: str
    at: float
    until: float


@dataclass
class Damage:
    """What was done to the site."""

    injected: list[Injected] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    """When the worker was killed: what was shown in the second before may be lost."""
    violations: list[Violation] = field(default_factory=list)

    @property
    def outages(self) -> list[tuple[float, float]]:
        """From when to when PostgreSQL was away: what was shown then is saved after it."""
        return [(one.at, one.until) for one in self.injected if one.target == "postgres"]


class Injector:
    """Follows a plan of faults until `over` is set."""

    def __init__(self, site: ScaledSite, plan: list[Fault], over: threading.Event) -> None:
        self.damage = Damage()
        self._site = site
        self._plan = plan
        self._over = over

    def run(self) -> None:
        """Returns after the last fault. One that took longer than the plan has for it delays the next."""
        began = time.monotonic()
        for fault in self._plan:
            if self._over.wait(max(0.0, began + fault.at_s - time.monotonic())):
                return
            self.restart_what_died()
            self._inject(fault)

    def restart_what_died(self) -> None:
        """Nothing may end by itself, whatever else is broken; what did is started again."""
        for part in self._site.parts:
            if not part.is_running:
                code = part.process.returncode if part.process else None
                self._violation(
                    "no process ends by itself",
                    f"{part.name}, code {code}:\n{part.log.read_text()[-LOG_CHARS:]}",
                )
                part.start()

    def heal(self) -> None:
        """Start whatever is dead, and wait until it serves."""
        self._site.redis.start()
        self._site.postgres.start()
        self.restart_what_died()
        for web in self._site.webs:
            self._wait_until_it_serves(web)

    def _inject(self, fault: Fault) -> None:
        target, _, how = fault.kind.partition(" ")
        at = time.monotonic()
        if target == "Redis":
            self._hit_redis(how, fault)
        elif target == "PostgreSQL":
            self._site.postgres.stop_fast()
            time.sleep(fault.down_s)
            self._site.postgres.start()
            target = "postgres"
        else:
            part = self._part(target, fault)
            target = part.name
            self._end(part, how)
            time.sleep(fault.down_s)
            part.start()
            if isinstance(part, Web):
                self._wait_until_it_serves(part)
        self.damage.injected.append(Injected(fault.kind, target, at, time.monotonic()))

    def _part(self, name: str, fault: Fault) -> Part:
        if name == "web":
            return self._site.webs[fault.web]
        return next(part for part in self._site.others if part.name == name)

    def _hit_redis(self, how: str, fault: Fault) -> None:
        if how == "FLUSHALL":
            self._site.redis.flush_all()
            return
        self._site.redis.kill()
        time.sleep(fault.down_s)
        self._site.redis.start()

    def _end(self, part: Part, how: str) -> None:
        if how == "SIGTERM":
            try:
                part.terminate()
            except subprocess.TimeoutExpired:
                log = part.log.read_text()[-LOG_CHARS:]
                evidence = f"{part.name} ran on for {STOP_S} s after SIGTERM:\n{log}"
                self._violation("a process that is told to stop stops", evidence)
            else:
                return
        moment = part.kill()
        if part is self._site.worker:
            self.damage.kills.append(moment)

    def _wait_until_it_serves(self, web: Web) -> None:
        try:
            web.wait_until_it_serves()
        except AssertionError as error:
            self._violation("a process that is started serves", f"{web.name}: {str(error)[-LOG_CHARS:]}")

    def _violation(self, rule: str, evidence: str) -> None:
        self.damage.violations.append(Violation(rule, f"at {clock()}: {evidence}"))
