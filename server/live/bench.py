"""/bench: the virtual hall as the device host shows it, and the hands that press, pull and refill there.

The models live in the host's far ends; this is only their relay, and it forgets them when the server stops.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from flask_socketio import Namespace, SocketIO, emit

from server.api.access import keep_session, socket_actor
from server.house import House
from server.live.guests import Guests
from server.live.hosts import MAX_DEVICES
from server.live.namespaces import HOSTS, sid
from server.store.snapshots.view import iso


class BenchNamespace(Namespace):
    """One `snapshot` of all virtual devices on connect, then `changes` with single models."""

    def __init__(self, house: House, socketio: SocketIO, guests: Guests) -> None:
        super().__init__("/bench")
        self._house, self._socketio, self._guests = house, socketio, guests
        self._models: dict[str, dict[str, Any]] = {}
        self._revision, self._guard = 0, Lock()

    def show(self, device: str, model: dict[str, Any]) -> None:
        """A virtual device looks like `model` now."""
        with self._guard:
            if not device or (device not in self._models and len(self._models) >= MAX_DEVICES):
                return
            self._models[device] = model
            self._revision += 1
            head = {"since": self._revision - 1, "revision": self._revision, "at": iso(self._house.clock())}
            change = {**head, "events": [], "rows": {"devices": {device: model}}, "values": {}}
            self._socketio.emit("changes", change, namespace="/bench")

    def on_connect(self, auth: Any = None) -> None:
        """Raises ConnectionRefusedError unless the caller may use the bench."""
        actor = socket_actor(auth if isinstance(auth, dict) else {}, self.namespace)
        self._guests.enter(self.namespace, sid(), actor)
        self.on_resync()

    def on_disconnect(self, _reason: Any = None) -> None:
        self._guests.leave(self.namespace, sid())

    def on_resync(self, _message: Any = None) -> None:
        with self._guard:
            rows = {"devices": dict(self._models)}
            head = {"revision": self._revision, "at": iso(self._house.clock())}
        emit("snapshot", {**head, "rows": rows, "values": {}})

    def on_act(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        """Pass a press, a fault or a repair on to the host."""
        device = message.get("device") if isinstance(message, dict) else None
        if not isinstance(device, str) or device not in self._models:
            return {"ok": False}
        actor = self._guests.actor(self.namespace, sid())
        if actor is not None:
            keep_session(actor)
        self._socketio.emit("virtual_act", message, namespace="/devices", to=HOSTS)
        return {"ok": True}
