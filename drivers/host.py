"""The device host: one thread per line, nothing shared between lines but the memory of printed slips.

A line that hangs or crashes stops nobody else. `publish(name, facts)` is called from these threads with
`health` (on change only), `result`, `key` and `rated`.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from drivers.crew import Crew, Publish, Station, health_facts, serves
from drivers.errors import JobError
from drivers.jobs import Job, PrintSlip, ShowCounts, ShowText, job_from_dict
from drivers.line.clock import Clock
from drivers.line.record import Record
from drivers.line.serial_line import SerialLine
from drivers.printer.raster import Artist
from drivers.spec import MODELS, DeviceSpec, HallSpec
from drivers.virtual.bench import BENCH, PEERS

log = logging.getLogger(__name__)
REMEMBERED: Final = 200_000  # slip ids; 20 days of ten times a hall's load


class _Crewed:
    """A crew, its lock and its thread."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.inbox: list[tuple[Job, str]] = []
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None


class Host:
    def __init__(
        self, hall: HallSpec, publish: Publish, clock: Clock | None = None, artist: Artist | None = None
    ) -> None:
        self.hall = hall
        self.clock = clock or Clock()
        self._outside = publish
        self._artist = artist or Artist()
        self._slips: OrderedDict[str, dict[str, Any] | None] = (
            OrderedDict()
        )  # id -> its last result, None: on its way
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._crews: dict[str, _Crewed] = {}
        by_line: dict[str, list[DeviceSpec]] = {}
        for spec in hall.devices:
            by_line.setdefault(spec.line.url, []).append(spec)
            if spec.virtual and spec.driver in PEERS:
                options = {
                    k: v for k, v in vars(spec.profile).items() if isinstance(v, (str, int, float, bool))
                }
                BENCH.attach(
                    spec.line.url,
                    spec.name,
                    spec.driver,
                    spec.address,
                    options,
                    baud=spec.line.settings.baud,
                    bits=10 if spec.line.settings.parity == "N" else 11,
                    clock=self.clock,
                )
        for url, specs in by_line.items():
            self._crews[url] = _Crewed(self._make_crew(specs))
        self._where = {spec.name: self._crews[spec.line.url] for spec in hall.devices}

    def _make_crew(self, specs: list[DeviceSpec]) -> Crew:
        line = SerialLine(specs[0].line.url, specs[0].line.settings, self.clock, Record())
        stations = []
        for spec in specs:
            driver: Any = MODELS[spec.driver][0]
            if spec.kind == "printer":
                made = driver(spec.name, line, spec.profile, self._artist)
            else:
                made = driver(spec.name, line, spec.address, spec.profile)
            stations.append(Station(spec, made))
        return Crew(line, stations, self._publish)

    # what the link asks

    def start(self) -> None:
        for url, crewed in self._crews.items():
            crewed.thread = threading.Thread(
                target=self._run, args=(crewed,), name=f"line {url}", daemon=True
            )
            crewed.thread.start()

    def stop(self, patience: float = 3.0) -> None:
        """Ends the threads; a slip in the middle is finished when that takes less than `patience` seconds."""
        self._stop.set()
        for crewed in self._crews.values():
            with crewed.changed:
                crewed.changed.notify_all()
        for crewed in self._crews.values():
            if crewed.thread:
                crewed.thread.join(patience)

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
        places = [spec.name for spec in self.hall.devices if serves(spec, job)]
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
                            self._hand_over(replace(job, id="", deadline_s=60.0), spec.name)

    def devices(self) -> list[dict[str, Any]]:
        """Every device as `hello` tells it."""
        return [
            {
                "name": s.name,
                "kind": s.kind,
                "model": s.model,
                "line": s.line.url,
                "window": s.window,
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

    def record(self, device: str) -> list[str]:
        """What passed by on a device's line, for support. Raises KeyError for an unknown device."""
        return self._where[device].crew.line.record.lines()

    # threads

    def step_all(self) -> None:
        """One step of every line, for tests with their own clock."""
        for crewed in self._crews.values():
            self._empty_inbox(crewed)
            crewed.crew.step()

    def _run(self, crewed: _Crewed) -> None:
        while not self._stop.is_set():
            try:
                self._empty_inbox(crewed)
                pause = crewed.crew.step()
            except Exception:  # noqa: BLE001  the outermost loop of a thread
                log.exception("line %s stumbled", crewed.crew.line.url)
                crewed.crew.line.close()
                pause = 1.0
            with crewed.changed:
                if pause > 0 and not crewed.inbox and not self._stop.is_set():
                    crewed.changed.wait(pause)
        crewed.crew.line.close()

    def _hand_over(self, job: Job, device: str) -> None:
        crewed = self._where[device]
        with crewed.changed:
            full = len(crewed.inbox) >= 1000
            if not full:
                crewed.inbox.append((job, device))
                crewed.changed.notify_all()
        if full and job.id:
            self._publish("result", {"job": job.id, "state": "failed", "reason": "queue_full"})

    def _empty_inbox(self, crewed: _Crewed) -> None:
        with crewed.changed:
            jobs, crewed.inbox = crewed.inbox, []
        for job, device in jobs:
            crewed.crew.put(job, device)

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
                if facts["job"] in self._slips:
                    if facts["state"] == "failed":
                        del self._slips[facts["job"]]  # nothing was sent: the same id may be tried again
                    else:
                        self._slips[facts["job"]] = facts
        self._outside(name, facts)
