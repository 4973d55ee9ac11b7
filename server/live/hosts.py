"""/devices: the device host. It says hello, is told the present, gets jobs, and reports results, keys and health."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

from flask_socketio import Namespace, SocketIO, emit, join_room

from server import devices
from server.actions import device_host
from server.actions.print_slip import follow_slip
from server.actions.rate import rate_open_visit
from server.api.access import recheck, socket_actor
from server.domain import events as e
from server.domain.actors import Actor
from server.domain.refusals import InputInvalid, Refusal
from server.house import House
from server.live.guests import Guests
from server.live.namespaces import sid
from server.store.once import once
from server.store.slips import Slip, slips_in
from server.store.snapshots import public
from server.store.snapshots.view import ALL, View
from server.store.unit import Unit

log = logging.getLogger(__name__)

HOSTS = "hosts"
SLIP_WAIT_S = 60.0  # a paper that comes out later than this finds nobody waiting for it
MAX_DEVICES = 500


class DeviceDesk:
    """Turns each batch of events into jobs for the hosts. It remembers only what it sent last, to send changes only."""

    def __init__(self, house: House, socketio: SocketIO) -> None:
        self._house, self._socketio = house, socketio
        self._counts: dict[str, tuple[int, str | None]] = {}
        self._guard = Lock()

    def on_batch(self, view: View, events: Sequence[e.Event]) -> None:
        """Called by the publisher before the faces hear the same batch."""
        jobs = devices.rating_jobs(events, view.settings.rating.timeout_seconds)
        windows = {w for event in events if e.WINDOW in event.touches for w in event.ids("window")}
        crowds = any(e.QUEUE in event.touches for event in events)
        if windows or crowds:
            jobs += self._window_jobs(view, windows)
        queued = [x.slip for x in events if isinstance(x, e.SlipChanged) and x.state == "queued"]
        if queued:
            jobs += [slip_job(s) for s in slips_in(view.connection, view.hall, "queued") if s.id in queued]
        for job in jobs:
            self._socketio.emit("job", job, namespace="/devices", to=HOSTS)

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


class HostNamespace(Namespace):
    """Acts of a host are done in one unit each; a key or a rating is done once per event_id."""

    def __init__(
        self, house: House, on_virtual: Callable[[str, dict[str, Any]], None], guests: Guests
    ) -> None:
        super().__init__("/devices")
        self._house, self._on_virtual, self._guests = house, on_virtual, guests
        self._hosts: dict[str, Actor] = {}
        self._windows: dict[str, dict[str, str]] = {}  # sid -> device -> window, as declared in its hello

    def on_connect(self, auth: Any = None) -> None:
        """Raises ConnectionRefusedError for anybody but an enrolled host."""
        actor = socket_actor(auth if isinstance(auth, dict) else {}, self.namespace)
        self._hosts[sid()] = actor
        self._guests.enter(self.namespace, sid(), actor)
        join_room(HOSTS)

    def on_disconnect(self, _reason: Any = None) -> None:
        self._guests.leave(self.namespace, sid())
        actor = self._hosts.pop(sid(), None)
        self._windows.pop(sid(), None)
        if actor is not None and not self._hosts:
            with self._house.store.unit(actor) as unit:
                device_host.host_left(unit)

    def on_hello(self, message: Any) -> dict[str, Any]:
        found = _devices(message)
        held = {s for job in _list(message, "jobs") if (s := devices.slip_of_job(str(job))) is not None}
        self._windows[sid()] = {d["name"]: d["window"] for d in found if d["window"]}
        with self._house.store.unit(self._actor()) as unit:
            recheck(unit)
            device_host.host_arrived(unit, found, held)
        with self._house.store.read() as connection:
            view = View.of(connection, self._house.store.hall, self._house.hall, self._house.texts)
            rows, queues = public.window_rows(view, ALL), public.queue_rows(view, ALL)
            owed = slips_in(connection, view.hall, "queued")
        emit("present", devices.present(rows, queues, self._house.hall, self._house.texts))
        for slip in owed:
            emit("job", slip_job(slip))
        return {"ok": True}

    def on_health(self, message: Any) -> None:
        device, state = _text(message, "device"), _text(message, "state")
        if state in ("ok", "warn", "down", "unknown"):
            facts = (_text(message, "reason"), _text(message, "detail"))
            self._do(lambda unit: device_host.device_health(unit, device, state, *facts))

    def on_result(self, message: Any) -> None:
        slip = devices.slip_of_job(_text(message, "job"))
        words = {
            "confirmed": "printed",
            "sent": "unsure",
            "sending": "sending",
            "unsure": "unsure",
            "failed": "failed",
        }
        state = words.get(_text(message, "state"))
        if slip is not None and state is not None:
            reason = _text(message, "reason")
            self._do(lambda unit: follow_slip(unit, slip, state, reason))

    def on_key(self, message: Any) -> dict[str, Any]:
        return self._once(
            message,
            lambda unit, hall, window: {
                "number": device_host.press_key(unit, hall, window, _text(message, "key"))
            },
        )

    def on_rated(self, message: Any) -> dict[str, Any]:
        value = message.get("value") if isinstance(message, dict) else None
        level = value if isinstance(value, int) else 0
        return self._once(
            message, lambda unit, hall, window: {"level": rate_open_visit(unit, hall, window, level)}
        )

    def on_virtual(self, message: Any) -> None:
        if isinstance(message, dict) and isinstance(message.get("model"), dict):
            self._on_virtual(_text(message, "device"), message["model"])

    def _actor(self) -> Actor:
        return self._hosts[sid()]

    def _do(self, deed: Callable[[Unit], None]) -> None:
        try:
            with self._house.store.unit(self._actor()) as unit:
                recheck(unit)
                deed(unit)
        except Refusal as no:
            log.info("host: refused %s", no.code)

    def _once(self, message: Any, deed: Callable[[Unit, Any, str], dict[str, Any]]) -> dict[str, Any]:
        """Do what a machine at a window asks, once per event_id: the ack tells it that it was heard."""
        event, device = _text(message, "event_id"), _text(message, "device")
        window = self._windows.get(sid(), {}).get(device)
        if not event or window is None:
            return {"ok": False, "refused": InputInvalid.code}
        # the keypad speaks for its own window only, whatever the message says
        actor = replace(self._actor(), window=window)
        try:
            with self._house.store.unit(actor) as unit:
                recheck(unit)
                answer, _ = once(
                    unit, f"{event}", dict(message), lambda: deed(unit, self._house.hall, window)
                )
        except Refusal as no:
            return {"ok": False, "refused": no.code}
        return {"ok": "refused" not in answer, **answer}


def _text(message: Any, key: str) -> str:
    value = message.get(key) if isinstance(message, Mapping) else None
    return str(value)[:200] if value is not None else ""


def _list(message: Any, key: str) -> list[Any]:
    value = message.get(key) if isinstance(message, Mapping) else None
    return value[:MAX_DEVICES] if isinstance(value, list) else []


def _devices(message: Any) -> list[dict[str, Any]]:
    """The declared devices with every key present, text only."""
    keys = ("name", "kind", "model", "line")
    rows = [row for row in _list(message, "devices") if isinstance(row, dict) and row.get("name")]
    texts = [
        {**{k: _text(row, k) for k in keys}, **{k: _text(row, k) or None for k in ("window", "kiosk")}}
        for row in rows
    ]
    return texts
