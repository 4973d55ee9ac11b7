"""/devices: the device host. It says hello, is told the present, gets jobs, and reports results, keys,
health, and what was laid on a reader or held before a scanner.

A host hears of its own places only: it joins a room for each of its windows, kiosks and devices, and one of
its own name. What is meant for a place that no host has goes to all, so that somebody says so.
A card and a code are no facts of the hall: they are told to the face they stand beside, once, and kept
nowhere.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from flask_socketio import Namespace, SocketIO, emit, join_room, leave_room
from socketio.exceptions import TimeoutError as NoAnswer

from server import devices
from server.actions import device_host
from server.actions.go_on_above import go_on_above_printed
from server.actions.lend_blocks import Loan, enter_given, host_alone, lend_blocks, lending
from server.actions.rate import rate_by_key
from server.api.access import recheck, socket_actor
from server.domain import events as e
from server.domain.actors import Actor
from server.domain.blocks import LINK, SLIP_ENDS, Given
from server.domain.refusals import (
    DeviceUnknown,
    HostDoubled,
    InputInvalid,
    PersonInvalid,
    Refusal,
    StorageFailed,
)
from server.domain.routing import ORDINARY
from server.house import House
from server.keys import offline_key
from server.live.guests import Guests
from server.live.namespaces import HOSTS, sid
from server.live.publish import Listeners
from server.readings import read_card
from server.settings import HallSettings
from server.store.health import health_of, kiosks_served
from server.store.once import once
from server.store.ratings import open_round
from server.store.slips import Slip, find_slips, slips_in
from server.store.snapshots import public
from server.store.snapshots.view import ALL, View
from server.store.unit import Unit

log = logging.getLogger(__name__)

DEVICES = "devices"
WHO_S = 1.5  # for a host that is asked whether it is there
KEY_LIVES = timedelta(seconds=15)  # after a press that nobody has seen work yet somebody presses again
OLDEST_S = 7 * 86_400.0
SLIP_WAIT_S = 60.0  # a paper that comes out later than this finds nobody waiting for it
MAX_DEVICES = 500
LONGEST_MM = 20_000
ROW = re.compile(r"[1-9][0-9]{0,17}")  # a block's number as the key of an object
MOST_SEQ = 10**6
MOST_FURTHER = 4  # services that follow on one number
EVENT_ID = 64  # characters of the longest event_id
RESULTS = {  # what a host says of a job -> how the slip stands
    "sending": "sending",
    "confirmed": "printed",
    "sent": "unsure",
    "unsure": "unsure",
    "failed": "failed",
}


class DeviceDesk:
    """Turns events into jobs for the hosts. It remembers only what it sent last, to send changes only."""

    def __init__(self, house: House, socketio: SocketIO, listeners: Listeners) -> None:
        self._house, self._socketio, self._listeners = house, socketio, listeners
        self._counts: dict[str, tuple[int, str | None]] = {}
        self._guard = Lock()

    def on_events(self, events: Sequence[e.Event]) -> None:
        """Called by the publisher before the faces hear. Without a host there is nothing to do: one that
        comes later is told the present."""
        if not self._listeners.of(DEVICES):
            with self._guard:
                self._counts.clear()
            return
        with self._house.store.read() as connection:
            view = View.of(connection, self._house.store.hall, self._house.hall, self._house.texts)
            jobs = self._jobs(view, events)
            kiosks = kiosks_served(connection, view.hall) if jobs else set()
        for job in jobs:
            room = place_room(job)
            if "kiosk" in job and job["kiosk"] not in kiosks:
                room = HOSTS  # each says that it has no such printer, and the slip has failed at once
            self._socketio.emit("job", job, namespace="/devices", to=room)

    def _jobs(self, view: View, events: Sequence[e.Event]) -> list[dict[str, Any]]:
        jobs = devices.rating_jobs(events, view.settings.rating.timeout_seconds)
        windows = {w for event in events if e.WINDOW in event.touches for w in event.ids("window")}
        crowds = any(e.QUEUE in event.touches for event in events)
        if windows or crowds:
            jobs += self._window_jobs(view, windows)
        queued = [x.slip for x in events if isinstance(x, e.SlipChanged) and x.state == "queued"]
        if queued:
            found = find_slips(view.connection, view.hall, queued)
            jobs += [slip_job(slip, self._house) for slip in found if slip.state == "queued"]
        return jobs

    def _window_jobs(self, view: View, windows: set[str]) -> list[dict[str, Any]]:
        rows, queues = public.window_rows(view, ALL), public.queue_rows(view, ALL)
        jobs: list[dict[str, Any]] = []
        with self._guard:
            for window, row in rows.items():
                assert row is not None
                counts = devices.counts_of(row, queues)
                made = devices.window_jobs(row, queues, str(view.revision), view.settings, view.texts)
                if "*" in windows or window in windows:
                    jobs += made
                elif self._counts.get(window) != counts:
                    jobs += [job for job in made if job["kind"] == "show_counts"]
                self._counts[window] = counts
        return jobs


def place_room(job: Mapping[str, Any]) -> str:
    """The room of the hosts that stand where this job is to be done."""
    key = next((key for key in ("kiosk", "window") if job.get(key)), None)
    return f"{key}:{job[key]}" if key else HOSTS


def slip_job(slip: Slip, house: House) -> dict[str, Any]:
    job = devices.job_of_slip(slip.id, house.era, slip.facts.get("of", ""))
    parts = slip.facts["parts"]
    return devices.slip_job(job, slip.kiosk, slip.copy, parts, SLIP_WAIT_S, house.settings.pictures)


@dataclass
class Hosted:
    """One connected host: whose key it showed, and its machines as its last hello declared them."""

    actor: Actor
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    claim: str = ""  # the alarm of a host that was refused

    @property
    def desks(self) -> set[str]:
        """The windows at which it has a machine."""
        return {row["window"] for row in self.machines.values() if row["window"]}

    @property
    def windows(self) -> set[str]:
        """Those whose picture it shows somewhere, on a summary screen too."""
        return self.desks.union(*(row["windows"] for row in self.machines.values()))

    @property
    def kiosks(self) -> set[str]:
        """Those whose printer it has."""
        return {row["kiosk"] for row in self.machines.values() if row["kind"] == "printer" and row["kiosk"]}

    @property
    def rooms(self) -> set[str]:
        """Where it is to be heard."""
        windows, kiosks = (f"window:{w}" for w in self.windows), (f"kiosk:{k}" for k in self.kiosks)
        machines = self.machines.values()
        readers = (f"reader:{row['kiosk']}" for row in machines if row["kind"] == "reader" and row["kiosk"])
        return {*windows, *kiosks, *readers, *(f"device:{name}" for name in self.machines)}


class HostNamespace(Namespace):
    """Acts of a host are done in one unit each; a key or a rating is done once per event_id.

    Whatever a host says, the handlers do not raise: what cannot be understood is refused or ignored. A fact
    that the disk did not take is not acknowledged, so that the host tells it again.
    """

    def __init__(
        self,
        house: House,
        on_virtual: Callable[[str, dict[str, Any] | None], None],
        listeners: Listeners,
        guests: Guests,
    ) -> None:
        super().__init__("/devices")
        self._house, self._on_virtual = house, on_virtual
        self._listeners, self._guests = listeners, guests
        self._hosts: dict[str, Hosted] = {}

    def on_connect(self, auth: Any = None) -> None:
        """Raises ConnectionRefusedError for anybody but an enrolled host."""
        actor = socket_actor(auth if isinstance(auth, dict) else {}, self.namespace)
        self._hosts[sid()] = Hosted(actor)
        self._guests.enter(self.namespace, sid(), actor)
        self._listeners.join(DEVICES, HOSTS)
        join_room(HOSTS)
        join_room(f"host:{actor.id}")

    def on_disconnect(self, _reason: Any = None) -> None:
        self._guests.leave(self.namespace, sid())
        gone = self._hosts.pop(sid(), None)
        if gone is None:
            return
        if not gone.claim:
            self._listeners.leave(DEVICES, HOSTS)
        elsewhere = {name for host in self._hosts.values() for name in host.machines}
        lost = set(gone.machines) - elsewhere  # the same host may be back before its old socket was missed
        try:
            with self._house.store.unit(gone.actor) as unit:
                device_host.host_single(unit, gone.claim)
                device_host.host_left(unit, lost)
                if lost:
                    host_alone(unit, self._house.hall)
        except Refusal as no:
            log.warning("host: could not note that it left: %s", no.code)

    def on_hello(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        host = self._hosts.get(sid())
        if host is None:
            return _refused(DeviceUnknown())
        found = _devices(message, self._house.hall.catalogue.windows)
        era, jobs = self._house.era, [_clean(job) for job in _list(message, "jobs")]
        held = {s for job in jobs if (s := devices.slip_of_job(job, era)) is not None}
        name, instance = _text(message, "host"), _text(message, "instance", EVENT_ID)
        troubles, machines = [_clean(x) for x in _list(message, "troubles")], list(found.values())
        before, coming = host.rooms, replace(host, machines=found)
        try:
            while True:
                with self._house.store.read() as connection:
                    known = health_of(connection, self._house.store.hall)
                claims = device_host.claimed(known, machines, host.machines) if instance else []
                other = self._owner(claims, instance)
                if other is not None:
                    return self._refuse(host, name, instance, *other)
                with self._house.store.unit(host.actor) as unit:
                    recheck(unit)
                    known = health_of(unit.connection, unit.hall)
                    if instance:
                        now = device_host.claimed(known, machines, host.machines)
                        if not _whose(now) <= _whose(claims):
                            continue  # another one came in while we asked
                    device_host.host_single(unit, host.claim)
                    device_host.host_arrived(unit, machines, held, host.machines, name, troubles)
                    go_on_above_printed(unit, self._house.hall, _printed(message))
                    for room in coming.rooms - before:  # before the commit: who comes next asks there
                        join_room(room)
                    break
        except Refusal as no:
            for room in coming.rooms - before:
                leave_room(room)
            return _refused(no)
        if host.claim:
            host.claim = ""
            self._listeners.join(DEVICES, HOSTS)
            join_room(HOSTS)
        host.machines = found
        for room in before - host.rooms:
            leave_room(room)
        self._tell_present(host)
        return {"ok": True}

    def _owner(self, claims: Sequence[Mapping[str, Any]], instance: str) -> tuple[str, str] | None:
        """The first of these machines that another host answers for, and that host's name. A host that is
        cut off, or is this very one on an older socket, does not stand in the way.
        """
        by_host = {str(row["host"]): str(row["device"]) for row in reversed(claims)}
        for machine in sorted(by_host.values()):
            try:
                said = self.socketio.server.call(
                    "ask", {"what": "who"}, to=f"device:{machine}", namespace=self.namespace, timeout=WHO_S
                )
            except NoAnswer:
                continue
            if _text(said, "instance") not in ("", instance):
                return machine, " · ".join(filter(None, (_text(said, "name"), _text(said, "computer"))))
        return None

    def _refuse(self, host: Hosted, name: str, instance: str, machine: str, other: str) -> dict[str, Any]:
        """It hears of nothing until it says hello again and nobody else has its machines."""
        if not host.claim:
            host.claim = f"{host.actor.id}:{instance[:8]}"
            self._listeners.leave(DEVICES, HOSTS)
            leave_room(HOSTS)
        for room in host.rooms:
            leave_room(room)
        host.machines = {}
        with self._house.store.unit(host.actor) as unit:
            device_host.host_doubled(unit, host.claim, name, machine, other)
        no = HostDoubled(machine=machine, other=other)
        log.warning("host %s: refused, %s is with %s", name, machine, other)
        text = self._house.texts.both(f"refused.{no.code}", **no.facts)
        return {**_refused(no), "text": " / ".join(text.values())}

    def _tell_present(self, host: Hosted) -> None:
        """Strips and keypads as they should be, the papers owed, the questions nobody has answered yet."""
        hall, store = self._house.hall, self._house.store
        with store.read() as connection:
            view = View.of(connection, store.hall, hall, self._house.texts)
            mine = host.windows & hall.catalogue.windows.keys()  # a list may name a window that was closed
            rows, queues = public.window_rows(view, mine), public.queue_rows(view, ALL)
            elsewhere = kiosks_served(connection, view.hall) - host.kiosks
            owed = [slip for slip in slips_in(connection, view.hall, "queued") if slip.kiosk not in elsewhere]
            now, patience = max(self._house.clock(), view.at), hall.rating_rule.pad_timeout
            since, desks = now - patience, sorted(host.desks)
            open_rounds = [open_round(connection, view.hall, w, since, now) for w in desks]
        emit("present", devices.present(rows, queues, hall, self._house.texts))
        for slip in owed:
            emit("job", slip_job(slip, self._house))
        for asked in open_rounds:
            if asked is not None:
                left = (asked.asked_at + patience - now).total_seconds()
                emit("job", devices.ask_job(asked.window, asked.leg, left))

    def on_health(self, message: Any = None, *_more: Any) -> None:
        device, state = _text(message, "device"), _text(message, "state")
        host = self._hosts.get(sid())
        mine = host is not None and device in host.machines
        if mine and state in ("ok", "warn", "down", "unknown"):
            facts = (_text(message, "reason"), _text(message, "detail"))
            self._do(lambda unit: device_host.device_health(unit, device, state, *facts))

    def on_result(self, message: Any = None, *_more: Any) -> Any:
        """Acknowledged also when nobody knows the slip, or the host would tell it again and again."""
        slip = devices.slip_of_job(_text(message, "job"), self._house.era)
        state = RESULTS.get(_text(message, "state"))
        host = self._hosts.get(sid())
        if slip is None or state is None or host is None:
            return {"ok": True}
        reason, kiosks, mm = _text(message, "reason"), host.kiosks, _mm(message)
        no = self._do(lambda unit: device_host.slip_result(unit, slip, state, reason, kiosks, mm))
        return self.socketio.server.not_handled if isinstance(no, StorageFailed) else {"ok": True}

    def on_key(self, message: Any = None, *_more: Any) -> Any:
        """What was meant for the moment it was pressed in is not done much later, to somebody else."""
        key, value, late = _text(message, "key"), _text(message, "value", 8), _ago(message) > KEY_LIVES
        return self._once(
            message,
            {"key": key, **({"value": value} if value else {})},
            lambda unit, hall, window: {
                "number": device_host.press_key(unit, hall, window, key, value, late)
            },
        )

    def on_borrow(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        """What this host may give for its kiosks while we cannot be reached. {held: block -> next number};
        the answer holds all that it keeps, and nothing while the hall does not want it."""
        host = self._hosts.get(sid())
        held = message.get("held") if isinstance(message, Mapping) else None
        # Without its hello nobody knows which kiosks are this host's.
        if host is None or not host.machines or not isinstance(held, Mapping) or len(held) > MAX_DEVICES:
            return _refused(DeviceUnknown() if host is None else InputInvalid())
        known = {
            int(block): seq
            for block, seq in held.items()
            if isinstance(block, str) and ROW.fullmatch(block) and type(seq) is int and 0 < seq <= MOST_SEQ
        }
        house, kiosks = self._house, sorted(host.kiosks)
        loans: list[Loan] = []
        no = self._do(lambda unit: loans.extend(lend_blocks(unit, house.hall, kiosks, known)))
        if no is not None:
            return _refused(no)
        if not house.hall.hall.offline.enabled:
            return {"ok": True, "lending": None}
        with house.store.read() as connection:
            view = View.of(connection, house.store.hall, house.hall, house.texts)
            found = lending(view, house.slip, house.settings.url, loans, kiosks)
        for paper in found["papers"]:
            for form, parts in paper.items():
                paper[form] = devices.with_pictures(parts, house.settings.pictures)
        keys = {kiosk: offline_key(house.key, kiosk) for kiosk in kiosks}
        return {"ok": True, "lending": {**found, "keys": keys, "era": house.era}}

    def on_given(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        """Numbers that were given offline, {numbers: [...]}, each entered in its own unit. `done`: the
        links of those that need not be told again; the disk that would not take one leaves it out."""
        done, rows = [], _list(message, "numbers")
        for row in rows:
            given = read_given(row)
            if given is None:
                if link := _text(row, "link"):
                    log.error("a number given offline cannot be read: %s", link)
                continue
            no = self._do(lambda unit, one=given: _enter(unit, self._house.hall, one))
            if no is None:
                done.append(given.link)
        return {"ok": True, "done": done}

    def on_rated(self, message: Any = None, *_more: Any) -> Any:
        pressed_at = self._house.clock() - _ago(message)
        value = message.get("value") if isinstance(message, Mapping) else None
        level = value if type(value) is int and 1 <= value <= 5 else 0
        named = _text(message, "leg")
        leg = int(named) if ROW.fullmatch(named) else None
        return self._once(
            message,
            {"level": level, "leg": leg},
            lambda unit, hall, window: {"level": rate_by_key(unit, hall, window, level, leg, pressed_at)},
        )

    def on_card(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        """A card on a kiosk's reader: the kiosk gets a closed reading, the masked name and the class of
        age.
        """
        kiosk = self._machine(message, "reader").get("kiosk")
        if not isinstance(message, Mapping) or not kiosk:
            return _refused(InputInvalid())
        told: dict[str, Any] = {"name": "card.failed", "reason": _text(message, "failed")}
        if not told["reason"]:
            try:
                now = self._house.clock()
                closed, reading = read_card(self._house.key, self._house.hall, kiosk, message, now)
                shown = {"shown": _text(message, "name", 20), "kind": _text(message, "kind", 20)}
                told = {"name": "card.read", "reading": closed, "aged": reading.aged, **shown}
            except PersonInvalid:
                told["reason"] = "unsound"
        self._tell_beside("/kiosk", kiosk, {**told, "id": _text(message, "event_id", EVENT_ID)})
        return {"ok": True}

    def on_code(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        """A code before the scanner of a kiosk or of a window."""
        machine = self._machine(message, "scanner")
        text = _text(message, "text", 400)
        told = (
            {"name": "code.scanned", "text": text} if text else {"name": "code.failed", "reason": "not_text"}
        )
        said = {**told, "id": _text(message, "event_id", EVENT_ID)}
        if machine.get("kiosk"):
            self._tell_beside("/kiosk", machine["kiosk"], said)
        elif machine.get("window"):
            self._tell_beside("/clerk", machine["window"], said)
        else:
            return _refused(InputInvalid())
        return {"ok": True}

    def _machine(self, message: Any, kind: str) -> dict[str, Any]:
        """The declared machine that speaks, empty when this host has none of that name and kind."""
        host = self._hosts.get(sid())
        found = host.machines.get(_text(message, "device"), {}) if host else {}
        return found if found.get("kind") == kind else {}

    def _tell_beside(self, namespace: str, room: str, said: dict[str, Any]) -> None:
        self.socketio.emit("beside", said, namespace=namespace, to=room)

    def on_virtual(self, message: Any = None, *_more: Any) -> None:
        if not isinstance(message, Mapping) or "model" not in message:
            return
        if message["model"] is None or isinstance(message["model"], dict):
            self._on_virtual(_text(message, "device"), message["model"])

    def _do(self, deed: Callable[[Unit], None]) -> Refusal | None:
        """Do it in one unit; the refusal when it could not be done."""
        host = self._hosts.get(sid())
        if host is None:
            return DeviceUnknown()
        try:
            with self._house.store.unit(host.actor) as unit:
                recheck(unit)
                deed(unit)
        except Refusal as no:
            log.info("host: refused %s", no.code)
            return no
        return None

    def _once(
        self, message: Any, said: dict[str, Any], deed: Callable[[Unit, Any, str], dict[str, Any]]
    ) -> Any:
        """Do what a machine at a window asks, once per event_id: the ack tells it that it was heard, and none
        comes while the disk does not take it."""
        event, device = _text(message, "event_id", EVENT_ID + 1), _text(message, "device")
        host = self._hosts.get(sid())
        window = host.machines.get(device, {}).get("window") if host else None
        if not 0 < len(event) <= EVENT_ID or window is None or host is None:
            return {"ok": False, "refused": InputInvalid.code}
        # the keypad speaks for its own window only, whatever the message says
        actor, asked = replace(host.actor, window=window), {"device": device, **said}
        try:
            with self._house.store.unit(actor) as unit:
                recheck(unit)
                answer, _ = once(unit, event, asked, lambda: deed(unit, self._house.hall, window))
        except StorageFailed:
            return self.socketio.server.not_handled
        except Refusal as no:
            return _refused(no)
        return {"ok": "refused" not in answer, **answer}


def _enter(unit: Unit, hall: HallSettings, given: Given) -> None:
    enter_given(unit, hall, given)


def read_given(row: Any) -> Given | None:
    """One number as a host hands it over; None for what nobody can have given."""
    if not isinstance(row, Mapping):
        return None
    block, seq, copies = row.get("block"), row.get("seq"), row.get("copies")
    try:
        at = datetime.fromisoformat(_text(row, "at"))
    except ValueError:
        return None
    words = {k: _text(row, k, EVENT_ID) for k in ("request_id", "service", "lang", "link", "slip", "reason")}
    words["priority"] = _text(row, "priority", EVENT_ID) or ORDINARY
    further = tuple(_clean(one, EVENT_ID) for one in _list(row, "further")[:MOST_FURTHER])
    if (
        type(block) is not int
        or not 0 < block < 2**63
        or type(seq) is not int
        or not 0 < seq <= MOST_SEQ
        or type(copies) is not int
        or at.tzinfo is None
        or words["lang"] not in ("zh", "en")
        or words["slip"] not in SLIP_ENDS
        or not LINK.fullmatch(words["link"])
    ):
        return None
    return Given(block=block, seq=seq, at=at, copies=min(max(copies, 1), 10), further=further, **words)


def _whose(claims: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """(machine, host that has it). How a machine feels changes all the time and says nothing about whose it
    is."""
    return {(str(row["device"]), str(row["host"])) for row in claims}


def _refused(no: Refusal) -> dict[str, Any]:
    return {"ok": False, "refused": no.code}


def _clean(value: Any, most: int = 200) -> str:
    """A text from a machine without control characters and half characters; "" for anything else."""
    return "".join(c for c in value[:most] if c.isprintable()) if isinstance(value, str) else ""


def _text(message: Any, key: str, most: int = 200) -> str:
    return _clean(message.get(key), most) if isinstance(message, Mapping) else ""


def _ago(message: Any) -> timedelta:
    """How long before it was told something happened, by the teller's own clock; nothing for nonsense. What
    is older than OLDEST_S counts as that old: it is never of this moment."""
    value = message.get("ago_s") if isinstance(message, Mapping) else None
    known = type(value) in (int, float) and value >= 0
    return timedelta(seconds=min(value, OLDEST_S) if known else 0.0)


def _printed(message: Any) -> list[tuple[tuple[str, str], int]]:
    """The last number a host printed of each day and queue: [[day, prefix, place], …]."""
    found = []
    for row in _list(message, "printed"):
        if isinstance(row, list) and len(row) == 3 and type(row[2]) is int and 0 < row[2] <= MOST_SEQ:
            found.append(((_clean(row[0], 10), _clean(row[1], 20)), row[2]))
    return found


def _mm(message: Any) -> int:
    """Millimetres of paper, 0 for anything that no roll has."""
    value = message.get("mm") if isinstance(message, Mapping) else None
    return value if type(value) is int and 0 < value <= LONGEST_MM else 0


def _list(message: Any, key: str) -> list[Any]:
    value = message.get(key) if isinstance(message, Mapping) else None
    return value[:MAX_DEVICES] if isinstance(value, list) else []


def _shown(row: Any, windows: Collection[str]) -> set[str]:
    """The windows whose picture a device shows: its own; on a summary screen those it names, else all."""
    if _text(row, "kind") != "summary":
        return {window for window in (_text(row, "window"),) if window}
    return {_clean(window) for window in _list(row, "windows")} or set(windows)


def _devices(message: Any, windows: Collection[str]) -> dict[str, dict[str, Any]]:
    """The declared devices by name with every key present, text only; `windows`: those of the hall."""
    rows = [
        {
            **{k: _text(row, k) for k in ("name", "kind", "model", "line")},
            **{k: _text(row, k) or None for k in ("window", "kiosk")},
            "windows": _shown(row, windows),
        }
        for row in _list(message, "devices")
    ]
    return {str(row["name"]): row for row in rows if row["name"]}
