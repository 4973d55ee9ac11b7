"""The devices of one line and the one thread that may touch it, as a machine that is stepped.

    line   closed --open--> ready --any trouble--> closed, opened again after 0.5 s, 1 s … 3.5 s with jitter
    strip  up --two silences--> down, polled after 2 s, 4 s … 30 s --answer--> up, told the present at once

A strip is asked for a sign of life every 6 s and told its text again every 60 s, for its memory dies with
its power. A printer is asked every 2 s. A dead address costs the others one patience per try, and a job is
tried three times with the others' jobs in between. A new text for a dead strip fails, but is a reason to look
for it now: when it is back, the text is its present.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

from drivers.agenda import Agenda, Dropped, Waiting
from drivers.errors import DriverError, LineLost
from drivers.jobs import AskRating, Health, Job, Outcome, PrintSlip, ShowCounts, ShowText, StopRating
from drivers.line.serial_line import SerialLine
from drivers.pad.events import Bus, Event, Pressed, RatingGiven
from drivers.protocol.errors import EncodeError
from drivers.spec import DeviceSpec

log = logging.getLogger(__name__)
T = TypeVar("T")
TRIES: Final = 3
LISTEN_S: Final = 0.05
LOOK_S: Final = 1.0  # between two looks whether an idle line's port is still there
CHECK_S: Final = {"printer": 2.0, "strip": 6.0, "keypad": 2.0}
AGAIN_S: Final = 1.0  # after a first silence
DEAD_S: Final = (2.0, 30.0)  # between two polls of a dead one
RESEND_S: Final = 60.0
BACK_OFF_S: Final = (0.5, 3.5)  # a re-plugged adapter is found within five seconds
TROUBLED: Final = frozenset({"silent", "busy", "refused", "garbled"})  # over with the next good answer
#: what(name, facts): "health", "result", "key" or "rated"
Publish = Callable[[str, dict[str, Any]], None]


@dataclass
class Station:
    """One device of this line. present: what it should be showing, told again after every cut."""

    spec: DeviceSpec
    driver: Any
    health: Health = Health("unknown")
    known: bool = False
    present: ShowText | ShowCounts | None = None
    told_at: float = 0.0
    check_at: float = 0.0
    silences: int = 0
    down: bool = False
    poll_s: float = DEAD_S[0]


class Crew:
    """Not safe for several threads, except that the host hands jobs over under its own lock."""

    def __init__(
        self,
        line: SerialLine,
        stations: Iterable[Station],
        publish: Publish,
        chance: random.Random | None = None,
    ) -> None:
        self.line = line
        self.stations = {station.spec.name: station for station in stations}
        self._publish = publish
        self._chance = chance or random.Random()
        self._agenda = Agenda()
        self._open_at = 0.0
        self._back_off = BACK_OFF_S[0]
        self._lost = False
        self._look_at = 0.0
        keypads = [s.driver for s in self.stations.values() if s.spec.kind == "keypad"]
        self._bus: Bus | None = keypads[0].bus(line, keypads) if keypads else None
        self._mixed = 0 < len(keypads) < len(self.stations)

    # what the host asks

    def put(self, job: Job, device: str) -> None:
        """Take a job. A text or count becomes the present even when it cannot be shown now."""
        now, station = self.line.clock.now(), self.stations[device]
        if isinstance(job, (ShowText, ShowCounts)):
            station.present = job
        waiting = Waiting(job, device, now, now + job.deadline_s)
        if station.down:
            station.check_at = now
            self._drop([(waiting, Outcome("failed", "silent"))])
        else:
            self._drop(self._agenda.put(waiting))

    def ids(self) -> list[str]:
        return self._agenda.ids()

    @property
    def listens(self) -> bool:
        """Does `step` itself wait for what comes in?"""
        return self._bus is not None and self.line.is_open

    # one step

    def step(self) -> float:
        """Do one thing. Returns in how many seconds the next step is due (0: at once)."""
        now = self.line.clock.now()
        self._drop(self._agenda.expire(now))
        try:
            if not self.line.is_open:
                return self._try_open(now)
            if self._bus and self._bus.somebody_talks:
                self._listen()
                return 0.0
            waiting = self._agenda.take(now)
            if waiting:
                self._do(waiting)
                return 0.0
            station = min(self.stations.values(), key=lambda s: s.check_at)
            if station.check_at <= now:
                self._keep_up(station, now)
                return 0.0
            if self._bus:
                self._listen()
                return 0.0
            if now >= self._look_at:
                self.line.look()
                self._look_at = now + LOOK_S
            next_at = self._agenda.next_at()
            soon = min(station.check_at, self._look_at)
            return max(0.0, min(soon, next_at if next_at is not None else soon) - now)
        except LineLost as error:
            self._line_lost(error)
            return 0.0

    def _try_open(self, now: float) -> float:
        if now < self._open_at:
            for station in self.stations.values():
                self._drop(
                    [(w, Outcome("failed", "line_lost")) for w in self._agenda.remove(station.spec.name)]
                )
            return min(self._open_at - now, 0.5)
        self.line.open()
        if self._lost:
            log.info("line %s is back", self.line.url)
        self._lost, self._back_off = False, BACK_OFF_S[0]
        for station in self.stations.values():
            station.check_at, station.told_at, station.silences, station.down = now, 0.0, 0, False
            station.poll_s = DEAD_S[0]
        return 0.0

    def _line_lost(self, error: LineLost) -> None:
        if not self._lost:
            log.warning("line lost: %s", error)
        self._lost = True
        self.line.close()
        self._open_at = self.line.clock.now() + self._back_off * (0.75 + self._chance.random() / 2)
        self._back_off = min(BACK_OFF_S[1], self._back_off * 2)
        for station in self.stations.values():
            self._say_health(station, Health("down", "line_lost", str(error)[:200]))

    def _listen(self) -> None:
        assert self._bus is not None
        self._tell(self._bus.listen(LISTEN_S))

    def _ask(self, station: Station, what: Callable[[], T]) -> T:
        """Talk to one device; keypads of the same line that speak meanwhile are heard too."""
        if self._bus is None or not self._mixed or station.spec.kind == "keypad":
            return what()
        heard = bytearray()
        try:
            with self.line.overhearing() as heard:
                return what()
        finally:
            if self.line.is_open:
                self.line.forget()
                self._tell(self._bus.overhear(bytes(heard)))

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            station = self.stations[event.device]
            facts: dict[str, Any] = {"device": event.device, "window": station.spec.window}
            if isinstance(event, Pressed):
                self._publish(
                    "key", facts | {"key": event.key} | ({"value": event.value} if event.value else {})
                )
            elif isinstance(event, RatingGiven):
                self._publish("rated", facts | {"value": event.level})
            self._say_health(station, station.driver.check())

    def _do(self, waiting: Waiting) -> None:
        station, job = self.stations[waiting.device], waiting.job
        if isinstance(job, PrintSlip):
            self._result(job, "sending", "")
        try:
            outcome = self._ask(station, partial(station.driver.perform, job))
        except LineLost:
            self._drop([(waiting, Outcome("failed", "line_lost"))])
            raise
        except EncodeError as error:
            log.warning("%s: %s", station.spec.name, error)
            outcome = Outcome("failed", "encode")
        except DriverError as error:
            outcome = self._stumble(waiting, station, error)
        else:
            self._heard(station)
            if isinstance(job, (ShowText, ShowCounts)):
                station.told_at = self.line.clock.now()
        if outcome is not None:
            self._result(job, outcome.state, outcome.reason)
            if isinstance(job, PrintSlip):
                self._say_health(station, station.driver.health)

    def _stumble(self, waiting: Waiting, station: Station, error: DriverError) -> Outcome | None:
        now = self.line.clock.now()
        if error.reason == "silent":
            station.silences += 1
        if error.retry and waiting.tries + 1 < TRIES:
            again = Waiting(waiting.job, waiting.device, now, waiting.expires, now + 0.1, waiting.tries + 1)
            self._drop(self._agenda.put(again))
            return None
        if error.reason == "silent":
            self._mark_down(station, str(error))
        else:
            self._say_health(station, Health("warn", error.reason, str(error)))
        return Outcome("failed", error.reason)

    def _keep_up(self, station: Station, now: float) -> None:
        station.check_at = now + CHECK_S[station.spec.kind]
        was_down = station.down
        try:
            health = self._ask(station, station.driver.check)
        except LineLost:
            raise
        except DriverError as error:
            if error.reason != "silent":
                self._say_health(station, Health("warn", error.reason, str(error)))
                return
            station.silences += 1
            station.check_at = self.line.clock.now() + AGAIN_S
            if station.silences >= 2 or was_down:
                self._mark_down(station, str(error))
            return
        self._heard(station)
        self._say_health(station, health)
        present = station.present
        if present is not None and (was_down or now - station.told_at >= RESEND_S or not station.told_at):
            station.told_at = now
            waiting = Waiting(_unnamed(present), station.spec.name, now, now + 30.0, tries=1)
            self._drop(self._agenda.put(waiting))

    def _mark_down(self, station: Station, detail: str) -> None:
        station.down = True
        station.check_at = self.line.clock.now() + station.poll_s
        station.poll_s = min(DEAD_S[1], station.poll_s * 2)
        self._say_health(station, Health("down", "silent", detail))
        self._drop([(w, Outcome("failed", "silent")) for w in self._agenda.remove(station.spec.name)])

    def _heard(self, station: Station) -> None:
        station.silences, station.down, station.poll_s = 0, False, DEAD_S[0]
        if station.health.reason in TROUBLED and station.spec.kind == "strip":
            self._say_health(station, Health("ok"))

    # what goes out

    def _drop(self, dropped: Iterable[Dropped]) -> None:
        for waiting, outcome in dropped:
            self._result(waiting.job, outcome.state, outcome.reason)

    def _result(self, job: Job, state: str, reason: str) -> None:
        if job.id:
            self._publish("result", {"job": job.id, "state": state, "reason": reason})

    def _say_health(self, station: Station, health: Health) -> None:
        """Publish a change of state or reason, and log a loss and a return once each."""
        old = station.health
        if station.known and (old.state, old.reason) == (health.state, health.reason):
            return
        if health.state == "down" and old.state != "down":
            log.warning("%s is down: %s", station.spec.name, health.reason)
        elif old.state == "down" and health.state != "down":
            log.info("%s is back: %s", station.spec.name, health.state)
        station.health, station.known = health, True
        self._publish("health", health_facts(station, self.line.clock.wall()))


def health_facts(station: Station, at: str) -> dict[str, Any]:
    """Health as it is told to the server. `at`: ISO time."""
    health = station.health
    return {
        "device": station.spec.name,
        "state": health.state,
        "reason": health.reason,
        "detail": health.detail,
        "at": at,
    }


def serves(spec: DeviceSpec, job: Job) -> bool:
    """Is this device the one the job means?"""
    if isinstance(job, PrintSlip):
        return spec.kind == "printer" and spec.kiosk == job.kiosk
    if isinstance(job, ShowText):
        return spec.kind == "strip" and spec.window == job.window
    if isinstance(job, (ShowCounts, AskRating, StopRating)):
        rating = not isinstance(job, ShowCounts)
        return spec.kind == "keypad" and spec.window == job.window and (spec.profile.pad or not rating)
    return False


def _unnamed(job: ShowText | ShowCounts) -> Job:
    """The same fact without an id: nobody waits for its result."""
    return replace(job, id="", deadline_s=30.0)
