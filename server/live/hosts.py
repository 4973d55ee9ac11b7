"""/devices: the device host. It says hello, is told the present, gets jobs, and reports results, keys and
health."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from flask_socketio import Namespace, SocketIO, emit, join_room

from server import devices
from server.actions import device_host
from server.actions.rate import rate_open_visit
from server.api.access import recheck, socket_actor
from server.domain import events as e
from server.domain.actors import Actor
from server.domain.refusals import DeviceUnknown, InputInvalid, Refusal, StorageFailed
from server.house import House
from server.live.guests import Guests
from server.live.namespaces import sid
from server.live.publish import Listeners
from server.store.once import once
from server.store.ratings import open_round
from server.store.slips import Slip, find_slips, slips_in
from server.store.snapshots import public
from server.store.snapshots.view import ALL, View
from server.store.unit import Unit

log = logging.getLogger(__name__)

DEVICES, HOSTS = "devices", "hosts"
SLIP_WAIT_S = 60.0  # a paper that comes out later than this finds nobody waiting for it
MAX_DEVICES = 500
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
        for job in jobs:
            self._socketio.emit("job", job, namespace="/devices", to=HOSTS)

    def _jobs(self, view: View, events: Sequence[e.Event]) -> list[dict[str, Any]]:
        jobs = devices.rating_jobs(events, view.settings.rating.timeout_seconds)
        windows = {w for event in events if e.WINDOW in event.touches for w in event.ids("window")}
        crowds = any(e.QUEUE in event.touches for event in events)
        if windows or crowds:
            jobs += self._window_jobs(view, windows)
        queued = [x.slip for x in events if isinstance(x, e.SlipChanged) and x.state == "queued"]
        if queued:
            found = find_slips(view.connection, view.hall, queued)
            jobs += [slip_job(slip) for slip in found if slip.state == "queued"]
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


def slip_job(slip: Slip) -> dict[str, Any]:
    return devices.slip_job(slip.id, slip.kiosk, slip.copy, slip.facts["parts"], SLIP_WAIT_S)


@dataclass
class Hosted:
    """One connected host: whose key it showed, and its machines as its last hello declared them."""

    actor: Actor
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def windows(self) -> set[str]:
        return {row["window"] for row in self.machines.values() if row["window"]}

    @property
    def kiosks(self) -> set[str]:
        """Those whose printer it has."""
        return {row["kiosk"] for row in self.machines.values() if row["kind"] == "printer" and row["kiosk"]}


class HostNamespace(Namespace):
    """Acts of a host are done in one unit each; a key or a rating is done once per event_id.

    Whatever a host says, the handlers do not raise: what cannot be understood is refused or ignored. A fact
    that the disk did not take is not acknowledged, so that the host tells it again.
    """

    def __init__(
        self,
        house: House,
        on_virtual: Callable[[str, dict[str, Any]], None],
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

    def on_disconnect(self, _reason: Any = None) -> None:
        self._guests.leave(self.namespace, sid())
        gone = self._hosts.pop(sid(), None)
        if gone is None:
            return
        self._listeners.leave(DEVICES, HOSTS)
        elsewhere = {name for host in self._hosts.values() for name in host.machines}
        lost = set(gone.machines) - elsewhere  # the same host may be back before its old socket was missed
        try:
            with self._house.store.unit(gone.actor) as unit:
                device_host.host_left(unit, lost)
        except Refusal as no:
            log.warning("host: could not note that it left: %s", no.code)

    def on_hello(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        host = self._hosts.get(sid())
        if host is None:
            return _refused(DeviceUnknown())
        found = _devices(message)
        held = {s for job in _list(message, "jobs") if (s := devices.slip_of_job(_clean(job))) is not None}
        try:
            with self._house.store.unit(host.actor) as unit:
                recheck(unit)
                device_host.host_arrived(unit, list(found.values()), held, host.machines)
        except Refusal as no:
            return _refused(no)
        host.machines = found
        self._tell_present(host)
        return {"ok": True}

    def _tell_present(self, host: Hosted) -> None:
        """Strips and keypads as they should be, the papers owed, the questions nobody has answered yet."""
        hall, store = self._house.hall, self._house.store
        with store.read() as connection:
            view = View.of(connection, store.hall, hall, self._house.texts)
            rows, queues = public.window_rows(view, ALL), public.queue_rows(view, ALL)
            owed = slips_in(connection, view.hall, "queued")
            now, patience = max(self._house.clock(), view.at), hall.rating_rule.pad_timeout
            open_rounds = [open_round(connection, view.hall, w, now - patience) for w in sorted(host.windows)]
        emit("present", devices.present(rows, queues, hall, self._house.texts))
        for slip in owed:
            emit("job", slip_job(slip))
        for asked in open_rounds:
            if asked is not None:
                left = (asked.asked_at + patience - now).total_seconds()
                emit("job", devices.ask_job(asked.window, asked.leg, left))

    def on_health(self, message: Any = None, *_more: Any) -> None:
        device, state = _text(message, "device"), _text(message, "state")
        if state in ("ok", "warn", "down", "unknown"):
            facts = (_text(message, "reason"), _text(message, "detail"))
            self._do(lambda unit: device_host.device_health(unit, device, state, *facts))

    def on_result(self, message: Any = None, *_more: Any) -> Any:
        """Acknowledged also when nobody knows the slip, or the host would tell it again and again."""
        slip = devices.slip_of_job(_text(message, "job"))
        state = RESULTS.get(_text(message, "state"))
        host = self._hosts.get(sid())
        if slip is None or state is None or host is None:
            return {"ok": True}
        reason, kiosks = _text(message, "reason"), host.kiosks
        no = self._do(lambda unit: device_host.slip_result(unit, slip, state, reason, kiosks))
        return self.socketio.server.not_handled if isinstance(no, StorageFailed) else {"ok": True}

    def on_key(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        key, value = _text(message, "key"), _text(message, "value", 8)
        return self._once(
            message,
            {"key": key, **({"value": value} if value else {})},
            lambda unit, hall, window: {"number": device_host.press_key(unit, hall, window, key, value)},
        )

    def on_rated(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        value = message.get("value") if isinstance(message, Mapping) else None
        level = value if type(value) is int and 1 <= value <= 5 else 0
        return self._once(
            message,
            {"level": level},
            lambda unit, hall, window: {"level": rate_open_visit(unit, hall, window, level)},
        )

    def on_virtual(self, message: Any = None, *_more: Any) -> None:
        model = message.get("model") if isinstance(message, Mapping) else None
        if isinstance(model, dict):
            self._on_virtual(_text(message, "device"), model)

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
    ) -> dict[str, Any]:
        """Do what a machine at a window asks, once per event_id: the ack tells it that it was heard."""
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
        except Refusal as no:
            return _refused(no)
        return {"ok": "refused" not in answer, **answer}


def _refused(no: Refusal) -> dict[str, Any]:
    return {"ok": False, "refused": no.code}


def _clean(value: Any, most: int = 200) -> str:
    """A text from a machine without control characters and half characters; "" for anything else."""
    return "".join(c for c in value[:most] if c.isprintable()) if isinstance(value, str) else ""


def _text(message: Any, key: str, most: int = 200) -> str:
    return _clean(message.get(key), most) if isinstance(message, Mapping) else ""


def _list(message: Any, key: str) -> list[Any]:
    value = message.get(key) if isinstance(message, Mapping) else None
    return value[:MAX_DEVICES] if isinstance(value, list) else []


def _devices(message: Any) -> dict[str, dict[str, Any]]:
    """The declared devices by name with every key present, text only."""
    rows = [
        {
            **{k: _text(row, k) for k in ("name", "kind", "model", "line")},
            **{k: _text(row, k) or None for k in ("window", "kiosk")},
        }
        for row in _list(message, "devices")
    ]
    return {str(row["name"]): row for row in rows if row["name"]}
