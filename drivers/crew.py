"""The devices of one line and the one thread that may touch it, as a machine that is stepped.

    line   closed --open--> ready --any trouble--> closed, opened again after 0.5 s, 1 s … 3.5 s with jitter
    strip  up --two silences--> down, polled after 2 s, 4 s … 30 s --answer--> up, told the present at once

A strip is asked for a sign of life every 6 s and told its text again every 60 s, for its memory dies with
its power; where a text is confirmed, telling it is the sign of life. A summary screen gets the calls of all
its windows; one that puts a row for each (`appends`) is told again only when it was away. A printer is
asked every 2 s. A dead address costs the others one patience, and a job is tried three times with the
others' jobs in between. A new text for a dead strip fails, but is a reason to look for it now: when it is
back, the text is its present. An adapter that is pulled out is looked for twice a second, whatever the
back-off says: it is there again as soon as its node is.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Literal, TypeVar

from drivers.agenda import Agenda, Dropped, Waiting
from drivers.begun import Begun
from drivers.errors import DriverError, LineLost
from drivers.jobs import (
    AskRating,
    Health,
    Job,
    Outcome,
    PrintSlip,
    ReadCard,
    ShowCounts,
    ShowText,
    StopRating,
    StopReading,
)
from drivers.line.record import Figures
from drivers.line.serial_line import SerialLine
from drivers.pad.events import Bus, Ears, Pressed, RatingGiven
from drivers.protocol.errors import EncodeError
from drivers.spec import DeviceSpec

log = logging.getLogger(__name__)
T = TypeVar("T")
TRIES: Final = 3
LISTEN_S: Final = 0.05  # for lines that cannot be woken; a job waits no longer than this
PATIENT_S: Final = 2.0
QUIET_S: Final = 0.015  # longer than a keypad's frame at 9600 baud
BABBLE: Final = 256  # bytes after which nobody is waited for any longer
TRIAL_S: Final = 10.0  # a test text stays so long, then the present comes back
CRASHES_S: Final = 60.0  # without a crash: forgotten
LOOK_S: Final = 1.0  # between two looks whether an idle line's port is still there
CHECK_S: Final = {
    "printer": 2.0,
    "strip": 6.0,
    "summary": 6.0,
    "keypad": 2.0,
    "reader": 2.0,
    "scanner": 2.0,
}
AGAIN_S: Final = 1.0  # after a first silence
AFTER_S: Final = 0.1  # between two tries of one job
DEAD_S: Final = (2.0, 30.0)  # between two polls of a dead one
RESEND_S: Final = 60.0
SCREENS: Final = ("strip", "summary")
BACK_OFF_S: Final = (0.5, 3.5)  # a re-plugged adapter is found within five seconds
LOST: Final = frozenset({"line_lost", "no_right", "port_taken"})
TROUBLED: Final = frozenset({"silent", "busy", "refused", "garbled"})  # over with the next good answer
#: what(name, facts): "health", "result", "key", "rated", "card" or "code"
Publish = Callable[[str, dict[str, Any]], None]


@dataclass
class Station:
    """One device of this line. present: what it should be showing, by window, told again after every cut."""

    spec: DeviceSpec
    driver: Any
    health: Health = Health("unknown")
    known: bool = False
    present: dict[str, ShowText | ShowCounts] = field(default_factory=dict)
    told_at: float = 0.0
    check_at: float = 0.0
    silences: int = 0
    down: bool = False
    poll_s: float = DEAD_S[0]

    @property
    def confirms(self) -> bool:
        """Is a text that was shown a sign of life?"""
        return bool(getattr(self.driver, "confirms", False))

    @property
    def appends(self) -> bool:
        """Does a text that is told again stand there twice?"""
        return bool(getattr(self.driver, "appends", False))

    @property
    def tries(self) -> int:
        return int(getattr(self.driver, "tries", TRIES))


class Crew:
    """Not safe for several threads, except that the host hands jobs over under its own lock."""

    def __init__(
        self,
        line: SerialLine,
        stations: Iterable[Station],
        publish: Publish,
        chance: random.Random | None = None,
        begun: Begun | None = None,
    ) -> None:
        self.line = line
        self._begun = begun or Begun()
        self.stations = {station.spec.name: station for station in stations}
        self._publish = publish
        self._chance = chance or random.Random()
        self._agenda = Agenda()
        self._open_at = 0.0
        self._back_off = BACK_OFF_S[0]
        self._lost = self._gone = False
        self._crashes, self._crashed_at = 0, 0.0
        self._doing: Waiting | None = None
        self._look_at = 0.0
        self.figures = Figures()
        keypads = [s.driver for s in self.stations.values() if s.spec.kind == "keypad"]
        self._bus: Bus | None = keypads[0].bus(line, keypads) if keypads else None
        alone = [s.driver for s in self.stations.values() if s.spec.kind in ("reader", "scanner")]
        self._ears: Ears | None = self._bus or (alone[0] if alone else None)
        self._mixed = 0 < len(keypads) < len(self.stations)

    # what the host asks

    def put(self, job: Job, device: str, trial: bool = False, refresh: bool = False) -> None:
        """Take a job. A text or count becomes the present even when it cannot be shown now; that of a `trial`
        does not, and makes way for the present after a while.

        refresh: the server tells the present, which may be nothing new.
        """
        now, station = self.line.clock.now(), self.stations[device]
        waiting = Waiting(job, device, now, now + job.deadline_s, trial=trial, taken=now, refresh=refresh)
        if isinstance(job, (ShowText, ShowCounts)) and not trial:
            before = station.present.pop(job.window, None)
            if station.spec.kind == "summary" and isinstance(job, ShowText):
                if job.tone != "call":
                    self._drop([(waiting, Outcome("failed", "not_for_this_device"))])
                    return
                if station.appends and refresh and before and _unnamed(before) == _unnamed(job):
                    station.present[job.window] = job
                    return
            station.present[job.window] = job
        if station.down:
            station.check_at = now
            self._drop([(waiting, Outcome("failed", "silent"))])
        else:
            self._drop(self._agenda.put(waiting))

    def ids(self) -> list[str]:
        return self._agenda.ids()

    def leave(self) -> list[Waiting]:
        """What is not done yet, for whoever comes after; nothing of it is told as failed."""
        return self._agenda.leave()

    @property
    def state(self) -> str:
        """opening: not open yet; ready; fault: it was lost, or could not be opened."""
        return "ready" if self.line.is_open else "fault" if self._lost else "opening"

    # one step

    def step(self) -> float:
        """Do one thing. Returns in how many seconds the next step is due (0: at once)."""
        now = self.line.clock.now()
        self._drop(self._agenda.expire(now))
        try:
            if not self.line.is_open:
                return self._try_open(now)
            if self._ears and self._ears.somebody_talks:
                self._listen(LISTEN_S)
                return 0.0
            waiting = self._agenda.take(now)
            if waiting:
                self._do(waiting)
                return 0.0
            station = min(self.stations.values(), key=lambda s: s.check_at)
            if station.check_at <= now:
                self._keep_up(station, now)
                return 0.0
            next_at = self._agenda.next_at()
            soon = min(station.check_at, next_at if next_at is not None else station.check_at)
            if self._ears:
                patient = self.line.wakes and self._ears.only_listens
                self._listen(min(max(0.0, soon - now), PATIENT_S) if patient else LISTEN_S, patient)
                return 0.0
            if now >= self._look_at:
                self.line.look()
                self._look_at = now + LOOK_S
            return max(0.0, min(soon, self._look_at) - now)
        except LineLost as error:
            self._line_lost(error)
            return 0.0

    def _try_open(self, now: float) -> float:
        if now < self._open_at and not self._is_back():
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
            if station.confirms and station.present:
                self._tell_again(station, now)
        return 0.0

    def _is_back(self) -> bool:
        """Is the adapter there again that was gone at the last look?"""
        back = self.line.there and self._gone
        self._gone = not self.line.there
        if back:
            self._back_off = BACK_OFF_S[0]  # its node may need a moment to get its rights
        return back

    def stumbled(self) -> float:
        """A driver broke in the middle of a step: say so; how many seconds to leave this line alone."""
        now = self.line.clock.now()
        self._crashes = self._crashes + 1 if now - self._crashed_at < CRASHES_S else 1
        self._crashed_at = now
        self.line.close()
        if self._doing is not None:  # of a slip nobody can know
            if isinstance(self._doing.job, PrintSlip):
                self.stations[self._doing.device].driver.left_torn()
            state: Literal["unsure", "failed"] = (
                "unsure" if isinstance(self._doing.job, PrintSlip) else "failed"
            )
            self._ended(self._doing, Outcome(state, "driver_error"))
        for station in self.stations.values():
            self._say_health(station, Health("down", "driver_error"))
        return float(min(BACK_OFF_S[1], BACK_OFF_S[0] * 2**self._crashes))

    def _line_lost(self, error: LineLost) -> None:
        if not self._lost:
            log.warning("line lost: %s", error)
            self.figures.losses += 1
        self._lost = True
        self.line.close()
        self._open_at = self.line.clock.now() + self._back_off * (0.75 + self._chance.random() / 2)
        self._back_off = min(BACK_OFF_S[1], self._back_off * 2)
        for station in self.stations.values():
            self._say_health(station, Health("down", error.reason, str(error)[:200]))

    def _listen(self, patience: float, woken: bool = False) -> None:
        """`woken`: a job that comes meanwhile ends it."""
        assert self._ears is not None
        self.line.resting = woken
        try:
            heard = self._ears.listen(patience)
        finally:
            self.line.resting = False
        self._tell(heard)

    def _ask(self, station: Station, what: Callable[[], T]) -> T:
        """Talk to one device; keypads of the same line that speak meanwhile are heard too."""
        if self._bus is None or not self._mixed or station.spec.kind == "keypad":
            return what()
        self._listen_first()
        heard = bytearray()
        try:
            with self.line.overhearing() as heard:
                return what()
        finally:
            if self.line.is_open:
                self.line.forget()
                self._tell(self._bus.overhear(bytes(heard)))

    def _listen_first(self) -> None:
        """Keypads talk when they like: what one has begun to say is heard, and answered, before we talk."""
        assert self._bus is not None
        heard = b""
        while len(heard) < BABBLE and (more := self.line.read(QUIET_S)):
            heard += more
        self._tell(self._bus.overhear(heard))

    def _tell(self, events: Iterable[Any]) -> None:
        for event in events:
            station = self.stations[event.device]
            facts: dict[str, Any] = {"device": event.device, "window": station.spec.window}
            if isinstance(event, Pressed):
                self._publish(
                    "key", facts | {"key": event.key} | ({"value": event.value} if event.value else {})
                )
            elif isinstance(event, RatingGiven):
                self._publish("rated", facts | {"value": event.level, "leg": event.leg})
            else:
                self._publish(event.word, facts | {"kiosk": station.spec.kiosk} | event.facts())
                continue  # its health is the check's business: a reader is asked for it
            self._say_health(station, station.driver.check())

    def _do(self, waiting: Waiting) -> None:
        station, job = self.stations[waiting.device], waiting.job
        self._doing = waiting
        if isinstance(job, PrintSlip):
            self._begun.began(waiting.device, job.id)
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
            if outcome.state != "sent":
                self._heard(station)
            if isinstance(job, (ShowText, ShowCounts)):
                station.told_at = self.line.clock.now() - (RESEND_S - TRIAL_S if waiting.trial else 0.0)
        if outcome is not None:
            self._ended(waiting, outcome)
            if isinstance(job, PrintSlip):
                self._say_health(station, station.driver.health)

    def _stumble(self, waiting: Waiting, station: Station, error: DriverError) -> Outcome | None:
        now = self.line.clock.now()
        if error.reason == "silent":
            station.silences += 1
            self.figures.silences += 1
        if error.retry and waiting.tries + 1 < station.tries:
            self._doing = None
            self.figures.retries += 1
            again = replace(waiting, arrived=now, not_before=now + AFTER_S, tries=waiting.tries + 1)
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
        due = self._is_due(station, now)
        if due and station.confirms and not was_down:
            self._tell_again(station, now)
            return
        try:
            health = self._ask(station, station.driver.check)
        except LineLost:
            raise
        except DriverError as error:
            if error.reason != "silent":
                self._say_health(station, Health("warn", error.reason, str(error)))
                return
            station.silences += 1
            self.figures.silences += 1
            station.check_at = self.line.clock.now() + AGAIN_S
            if station.silences >= 2 or was_down:
                self._mark_down(station, str(error))
            return
        if was_down and health.state == "unknown" and station.present and station.spec.kind in SCREENS:
            station.told_at = 0.0
            self._tell_again(station, now)  # it cannot be asked: whether it takes a text shows if it is back
            return
        self._heard(station)
        self._say_health(station, health)
        if was_down:
            station.told_at = 0.0
        if was_down or due:
            self._tell_again(station, now)

    @staticmethod
    def _is_due(station: Station, now: float) -> bool:
        """Must it be told its present again?"""
        if not station.present:
            return False
        return not station.told_at or (not station.appends and now - station.told_at >= RESEND_S)

    def _tell_again(self, station: Station, now: float) -> None:
        """Everything to a screen that was away; a list that was not away is whole with its last call."""
        everything = not station.told_at or station.spec.kind != "summary"
        station.told_at = now
        station.check_at = now + CHECK_S[station.spec.kind]
        for present in list(station.present.values())[0 if everything else -1 :]:
            again = Waiting(_unnamed(present), station.spec.name, now, now + 30.0, tries=1, refresh=True)
            self._drop(self._agenda.put(again))

    def _mark_down(self, station: Station, detail: str) -> None:
        station.down = True
        station.check_at = self.line.clock.now() + station.poll_s
        station.poll_s = min(DEAD_S[1], station.poll_s * 2)
        self._say_health(station, Health("down", "silent", detail))
        self._drop([(w, Outcome("failed", "silent")) for w in self._agenda.remove(station.spec.name)])

    def _heard(self, station: Station) -> None:
        station.silences, station.down, station.poll_s = 0, False, DEAD_S[0]
        was_away = station.health.reason in TROUBLED and station.spec.kind in SCREENS
        if was_away or (station.confirms and (not station.known or station.health.reason in LOST)):
            self._say_health(station, Health("ok"))

    # what goes out

    def _drop(self, dropped: Iterable[Dropped]) -> None:
        for waiting, outcome in dropped:
            self._ended(waiting, outcome)

    def _ended(self, waiting: Waiting, outcome: Outcome) -> None:
        if self._doing is waiting:
            self._doing = None
            if isinstance(waiting.job, PrintSlip):
                self._begun.ended(waiting.device)
        if waiting.job.id and outcome.reason != "replaced":
            self.figures.ended(outcome.state, self.line.clock.now() - waiting.taken)
        self._result(waiting.job, outcome.state, outcome.reason, outcome.mm)

    def _result(self, job: Job, state: str, reason: str, mm: int = 0) -> None:
        if job.id:
            paper = {"mm": mm} if mm else {}
            self._publish("result", {"job": job.id, "state": state, "reason": reason, **paper})

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
        if spec.kind == "summary":
            return not spec.windows or job.window in spec.windows
        return spec.kind == "strip" and spec.window == job.window
    if isinstance(job, (ShowCounts, AskRating, StopRating)):
        rating = not isinstance(job, ShowCounts)
        return spec.kind == "keypad" and spec.window == job.window and (spec.profile.pad or not rating)
    if isinstance(job, (ReadCard, StopReading)):
        return spec.kind == "reader" and spec.kiosk == job.kiosk
    return False


def _unnamed(job: ShowText | ShowCounts) -> ShowText | ShowCounts:
    """The same fact without an id: nobody waits for its result."""
    return replace(job, id="", deadline_s=30.0)
