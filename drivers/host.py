"""The device host: one thread per line, nothing shared between lines but the memory of printed slips.

A line that hangs or crashes stops nobody else. `publish(name, facts)` is called from these threads with
`health` (on change only), `result`, `key`, `rated`, `card` and `code`. A new declaration touches the lines
that changed, and no others.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from drivers.begun import Begun
from drivers.crew import Crew, Publish, Station, health_facts, serves
from drivers.errors import JobError
from drivers.jobs import Job, PrintSlip, ShowCounts, ShowText, job_from_dict
from drivers.line.clock import Clock
from drivers.line.record import Record
from drivers.line.serial_line import SerialLine
from drivers.preview import options_of
from drivers.printer.raster import Artist
from drivers.spec import MODELS, DeviceSpec, HallSpec
from drivers.virtual.bench import BENCH, PEERS

log = logging.getLogger(__name__)
REMEMBERED: Final = 200_000  # slip ids; 20 days of ten times a hall's load
TRIALS: Final = 100  # of those who try by hand, the last ones
Result = dict[str, Any]


class _Crewed:
    """A crew, its lock and its thread."""

    def __init__(self, crew: Crew, specs: dict[str, DeviceSpec]) -> None:
        self.crew, self.specs = crew, specs
        self.inbox: list[tuple[Job, str, bool, bool]] = []  # a job for a device; trial, refresh
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None
        self.stopping = False


class Host:
    def __init__(
        self,
        hall: HallSpec,
        publish: Publish,
        clock: Clock | None = None,
        artist: Artist | None = None,
        begun: Begun | None = None,
    ) -> None:
        """begun: what the host before this one was printing when it ended."""
        self.hall = hall
        self._begun = begun or Begun()
        self.clock = clock or Clock()
        self._outside = publish
        self._artist = artist or Artist()
        self._slips: OrderedDict[str, dict[str, Any] | None] = (
            OrderedDict()
        )  # id -> its last result, None: on its way
        self._trials: OrderedDict[str, dict[str, Any]] = OrderedDict()  # id -> its last result
        self._ended: dict[str, Callable[[Result], Result]] = {}
        self._lock = threading.Lock()
        for slip in self._begun.left.values():
            self._slips[slip] = {"job": slip, "state": "unsure", "reason": "host_restarted"}
        self._running = False
        self._crews = {url: self._make_crew(specs) for url, specs in _by_line(hall).items()}
        self._where = self._places()

    def _make_crew(self, specs: dict[str, DeviceSpec]) -> _Crewed:
        first, *_ = specs.values()
        discreet = any(getattr(MODELS[spec.driver][0], "discreet", False) for spec in specs.values())
        line = SerialLine(first.line.url, first.line.settings, self.clock, Record(discreet=discreet))
        stations = []
        for spec in specs.values():
            if spec.virtual and spec.driver in PEERS:
                self._plug_in(spec)
            driver: Any = MODELS[spec.driver][0]
            if spec.kind == "printer":
                made = driver(spec.name, line, spec.profile, self._artist)
                if spec.name in self._begun.left and not self._running:
                    made.left_torn()
            else:
                made = driver(spec.name, line, spec.address, spec.profile)
            stations.append(Station(spec, made))
        return _Crewed(Crew(line, stations, self._publish, begun=self._begun), specs)

    def _plug_in(self, spec: DeviceSpec) -> None:
        BENCH.attach(
            *(spec.line.url, spec.name, spec.driver, spec.address, options_of(spec.profile)),
            baud=spec.line.settings.baud,
            bits=spec.line.settings.frame_bits,
            clock=self.clock,
        )

    def _places(self) -> dict[str, _Crewed]:
        return {name: crewed for crewed in self._crews.values() for name in crewed.specs}

    # what the link asks

    def start(self) -> None:
        self._running = True
        for slip in self._begun.left.values():
            self._outside("result", self._slips[slip] or {})
        for crewed in self._crews.values():
            self._start(crewed)

    def stop(self, patience: float = 3.0) -> None:
        """Ends the threads; a slip in the middle is finished when that takes less than `patience` seconds."""
        self._running = False
        self._end(list(self._crews.values()), patience)

    def reload(self, hall: HallSpec) -> list[str]:
        """Look after `hall` from now on; the URLs of the lines that were begun anew or ended.

        What waits for a device that is still declared waits on; a strip's present is kept. A line whose
        devices and settings are the same is not touched.
        """
        old, new = self._crews, _by_line(hall)
        gone = {url: crewed for url, crewed in old.items() if new.get(url) != crewed.specs}
        self._end(list(gone.values()), 5.0)
        stations = {name: s for crewed in gone.values() for name, s in crewed.crew.stations.items()}
        left = [job for crewed in gone.values() for job in self._leftovers(crewed)]
        declared = {spec.name: spec for spec in hall.devices}
        for spec in (station.spec for station in stations.values() if station.spec.virtual):
            now = declared.get(spec.name)
            if now != spec and not (
                now
                and BENCH.has_moved(spec.line.url, spec.name, now.address)
                and replace(now, address=spec.address) == spec
            ):
                BENCH.detach(spec.line.url, spec.name)
        fresh = {url: self._make_crew(specs) for url, specs in new.items() if url not in old or url in gone}
        for crewed in fresh.values():
            for name, station in crewed.crew.stations.items():
                before = stations.get(name)
                if before is not None and before.spec.window == station.spec.window:
                    station.present = before.present
                if before is not None and getattr(before.driver, "torn", False):
                    station.driver.left_torn()
        self._crews = {url: fresh[url] if url in fresh else old[url] for url in new}
        self._where, self.hall = self._places(), hall
        if self._running:
            for crewed in fresh.values():
                self._start(crewed)
        for job, device, trial, refresh in left:
            self._hand_over(job, device, trial, refresh)
        return sorted(gone.keys() | fresh.keys())

    def submit(self, row: object) -> None:
        """Take a job from outside. Never raises: a bad job is a failed job."""
        try:
            job = job_from_dict(row)
        except JobError as error:
            log.warning("job refused: %s", error)
            job_id = row.get("id") if isinstance(row, Mapping) else None
            if isinstance(job_id, str) and job_id:
                self._publish("result", {"job": job_id, "state": "failed", "reason": error.reason})
            return
        self.take(job)

    def take(self, job: Job) -> None:
        """Hand a job to the device it means; the second strip of a window shows it too."""
        if isinstance(job, PrintSlip) and not self._is_new(job.id):
            return
        able = sorted((s for s in self.hall.devices if serves(s, job)), key=lambda s: s.kind == "summary")
        places = [spec.name for spec in able]
        if not places:
            self._publish("result", {"job": job.id, "state": "failed", "reason": "no_device"})
        for place in places if not isinstance(job, PrintSlip) else places[:1]:
            self._hand_over(job, place)
            job = replace(job, id="")

    def present(self, row: object) -> None:
        """What strips and keypads should be showing now; wrong rows are logged and passed over."""
        for kind, key in (("show_text", "strips"), ("show_counts", "keypads")):
            rows = row.get(key, []) if isinstance(row, Mapping) else []
            for one in rows if isinstance(rows, list) else []:
                try:
                    job = job_from_dict({"kind": kind, "id": "present", "facts": one})
                except JobError as error:
                    log.warning("present: %s", error)
                    continue
                if isinstance(job, (ShowText, ShowCounts)):
                    for spec in self.hall.devices:
                        if serves(spec, job):
                            self._hand_over(replace(job, id="", deadline_s=60.0), spec.name, refresh=True)

    def trial(self, device: str, job: Job, ended: Callable[[Result], Result] | None = None) -> str:
        """Let one device do a job by hand, past the hall; its id, for `tried`. Raises KeyError.

        ended: gets the result before anybody else, on the line's thread, and says what is told.
        """
        spec = self._where[device].specs[device]
        trial = f"trial-{uuid.uuid4().hex[:12]}"
        placed = {"kiosk": spec.kiosk or ""} if isinstance(job, PrintSlip) else {"window": spec.window or ""}
        with self._lock:
            if ended is not None:
                self._ended[trial] = ended
            self._trials[trial] = {"job": trial, "state": "waiting", "reason": ""}
            while len(self._trials) > TRIALS:
                self._trials.popitem(last=False)
        self._hand_over(replace(job, id=trial, **placed), device, True)
        return trial

    def tried(self, trial: str) -> dict[str, Any] | None:
        """How a trial stands; None: nobody remembers it."""
        with self._lock:
            return self._trials.get(trial)

    def devices(self) -> list[dict[str, Any]]:
        """Every device as `hello` tells it."""
        return [
            {
                "name": s.name,
                "kind": s.kind,
                "model": s.model,
                "line": s.line.url,
                "window": s.window,
                "windows": list(s.windows),
                "kiosk": s.kiosk,
                "zone": s.zone,
                "virtual": s.virtual,
            }
            for s in self.hall.devices
        ]

    def healths(self) -> list[dict[str, Any]]:
        """The last known health of every device that has one."""
        return [
            health_facts(station, self.clock.wall())
            for crewed in self._crews.values()
            for station in crewed.crew.stations.values()
            if station.known
        ]

    def held(self) -> list[str]:
        """Ids of jobs that are not finished."""
        with self._lock:
            going = [
                job for job, result in self._slips.items() if result is None or result["state"] == "sending"
            ]
        waiting = [job for crewed in self._crews.values() for job in crewed.crew.ids()]
        return list(dict.fromkeys([*going, *waiting]))

    def record(self, device: str) -> Record:
        """What passed by on a device's line, for support. Raises KeyError for an unknown device."""
        return self._where[device].crew.line.record

    def lines(self) -> list[dict[str, Any]]:
        """Every line with its devices, state and figures."""
        return [
            {
                "line": url,
                "baud": crewed.crew.line.settings.baud,
                "driver": next(iter(crewed.specs.values())).driver,
                "state": crewed.crew.state,
                "devices": list(crewed.specs),
                "withheld": crewed.crew.line.record.discreet,
                **crewed.crew.figures.facts(),
            }
            for url, crewed in self._crews.items()
        ]

    def wall(self, at: float) -> str:
        """ISO time of an entry of a record."""
        now = datetime.fromisoformat(self.clock.wall())
        return (now - timedelta(seconds=self.clock.now() - at)).isoformat(timespec="milliseconds")

    # threads

    def step_all(self) -> None:
        """One step of every line, for tests with their own clock."""
        for crewed in self._crews.values():
            self._empty_inbox(crewed)
            crewed.crew.step()

    def _start(self, crewed: _Crewed) -> None:
        name = f"line {crewed.crew.line.url}"
        crewed.thread = threading.Thread(target=self._run, args=(crewed,), name=name, daemon=True)
        crewed.thread.start()

    @staticmethod
    def _end(crews: list[_Crewed], patience: float) -> None:
        for crewed in crews:
            with crewed.changed:
                crewed.stopping = True
                crewed.changed.notify_all()
                crewed.crew.line.wake()
        for crewed in crews:
            if crewed.thread:
                crewed.thread.join(patience)

    @staticmethod
    def _leftovers(crewed: _Crewed) -> list[tuple[Job, str, bool, bool]]:
        with crewed.changed:
            inbox, crewed.inbox = crewed.inbox, []
        return [*((w.job, w.device, w.trial, w.refresh) for w in crewed.crew.leave()), *inbox]

    def _run(self, crewed: _Crewed) -> None:
        while not crewed.stopping:
            try:
                self._empty_inbox(crewed)
                pause = crewed.crew.step()
            except Exception:  # noqa: BLE001  the outermost loop of a thread
                log.exception("line %s stumbled", crewed.crew.line.url)
                pause = crewed.crew.stumbled()
            with crewed.changed:
                if pause > 0 and not crewed.inbox and not crewed.stopping:
                    crewed.changed.wait(pause)
        crewed.crew.line.close()

    def _hand_over(self, job: Job, device: str, trial: bool = False, refresh: bool = False) -> None:
        crewed = self._where.get(device)
        reason = "no_device"  # the declaration changed meanwhile
        if crewed is not None:
            with crewed.changed:
                if crewed.stopping:
                    reason = "reloaded"
                elif len(crewed.inbox) >= 1000:
                    reason = "queue_full"
                else:
                    crewed.inbox.append((job, device, trial, refresh))
                    crewed.changed.notify_all()
                    crewed.crew.line.wake()
                    return
        if job.id:
            self._publish("result", {"job": job.id, "state": "failed", "reason": reason})

    def _empty_inbox(self, crewed: _Crewed) -> None:
        with crewed.changed:
            jobs, crewed.inbox = crewed.inbox, []
        for job, device, trial, refresh in jobs:
            crewed.crew.put(job, device, trial, refresh)

    # slips are printed once

    def _is_new(self, slip: str) -> bool:
        """False for an id that is on its way or was printed; its last result is told again."""
        with self._lock:
            if slip not in self._slips:
                self._slips[slip] = None
                while len(self._slips) > REMEMBERED:
                    self._slips.popitem(last=False)
                return True
            result = self._slips[slip]
        if result is not None:
            self._outside("result", result)
        return False

    def _publish(self, name: str, facts: dict[str, Any]) -> None:
        if name == "result":
            with self._lock:
                trial = facts["job"] in self._trials
                ended = self._ended.pop(facts["job"], None) if trial and facts["state"] != "sending" else None
            facts = ended(facts) if ended else facts
            with self._lock:
                if trial:
                    self._trials[facts["job"]] = facts
                    return  # whoever tries it asks for it
                if facts["job"] in self._slips:
                    if facts["state"] == "failed":
                        del self._slips[facts["job"]]  # nothing was sent: the same id may be tried again
                    else:
                        self._slips[facts["job"]] = facts
        self._outside(name, facts)


def _by_line(hall: HallSpec) -> dict[str, dict[str, DeviceSpec]]:
    """url -> name -> device."""
    lines: dict[str, dict[str, DeviceSpec]] = {}
    for spec in hall.devices:
        lines.setdefault(spec.line.url, {})[spec.name] = spec
    return lines
