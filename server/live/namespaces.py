"""One namespace per face. A listener is admitted, joins its room first and is shown the picture after, so
that nothing falls between; it drops what is not newer and asks `resync` when it sees a gap."""

from __future__ import annotations

from threading import Lock
from typing import Any, cast

from flask import request
from flask_socketio import ConnectionRefusedError, Namespace, emit, join_room

from server import devices
from server.api.access import socket_actor
from server.domain.actors import Actor
from server.house import House
from server.live.faces import FACES, snapshot
from server.live.guests import Guests
from server.live.publish import Listeners
from server.store.snapshots.view import View, iso

ALL_ROOM = "all"
HOSTS = "hosts"  # the room of the device hosts
WANTED_S = 90.0  # a kiosk that still wants a card asks again before


class FaceNamespace(Namespace):
    """/<face>: one `snapshot` on connect, then `changes` and `pulse`."""

    def __init__(self, face: str, house: House, listeners: Listeners, guests: Guests) -> None:
        super().__init__(f"/{face}")
        self._face, self._house, self._listeners = FACES[face], house, listeners
        self._guests = guests
        self._room_of: dict[str, str] = {}
        self._pictures: dict[str, dict[str, Any]] = {}  # by room, the newest that was shown
        self._guard = Lock()

    def on_connect(self, auth: Any = None) -> None:
        """Raises ConnectionRefusedError("unknown-device" | "session-needed" | …)."""
        auth = auth if isinstance(auth, dict) else {}
        actor = socket_actor(auth, self.namespace)
        room = self._admit(actor, auth)
        guest = sid()
        self._room_of[guest] = room
        self._guests.enter(self.namespace, guest, actor)
        self._listeners.join(self._face.name, room)
        join_room(room)
        self._show(room)

    def on_resync(self, _message: Any = None) -> None:
        room = self._room_of.get(sid())
        if room is not None:
            self._show(room)

    def on_disconnect(self, _reason: Any = None) -> None:
        self._guests.leave(self.namespace, sid())
        room = self._room_of.pop(sid(), None)
        if room is not None:
            self._listeners.leave(self._face.name, room)

    def _admit(self, actor: Actor, auth: dict[str, Any]) -> str:
        """The room this caller may listen to: a device's own, a clerk's by request."""
        if not self._face.key:
            return ALL_ROOM
        if actor.kind == "device":
            room = actor.kiosk if self._face.key == "kiosk" else actor.window
        else:
            room = auth.get("window")
        if not isinstance(room, str) or (self._face.key == "window" and not self._is_window(room)):
            raise ConnectionRefusedError("window-unknown")
        return room

    def _is_window(self, window: str) -> bool:
        return window in self._house.hall.catalogue.windows

    def _show(self, room: str) -> None:
        emit("snapshot", {**self._picture(room), "at": iso(self._house.clock())})

    def _picture(self, room: str) -> dict[str, Any]:
        """Read once for all who come at the same revision: after a power cut they come together."""
        with self._guard:
            kept = self._pictures.get(room)
            if kept is None or kept["revision"] != revision(self._house):
                kept = self._pictures[room] = picture(self._house, self._face.name, room)
            return kept


class KioskNamespace(FaceNamespace):
    """A kiosk may also ask for a card: readers that do not look all the time look while it is wanted."""

    def on_want_card(self, message: Any = None, *_more: Any) -> dict[str, Any]:
        room = self._room_of.get(sid())
        wanted = message.get("wanted") if isinstance(message, dict) else None
        if room is None or not isinstance(wanted, bool):
            return {"ok": False}
        job = devices.card_job(room, wanted, WANTED_S)
        self.socketio.emit("job", job, namespace="/devices", to=f"reader:{room}")
        return {"ok": True}


def picture(house: House, face: str, room: str) -> dict[str, Any]:
    """The snapshot message of a room: what a newcomer sees."""
    with house.store.read() as connection:
        view = View.of(connection, house.store.hall, house.hall, house.texts)
        whole = snapshot(FACES[face], room, view)
    return {"revision": view.revision, "at": iso(house.clock()), **whole.wire()}


def revision(house: House) -> int:
    """The last commit's."""
    with house.store.read() as connection:
        return View.of(connection, house.store.hall, house.hall, house.texts).revision


def sid() -> str:
    """The caller's id in this namespace."""
    return str(cast(Any, request).sid)  # Flask-SocketIO puts it there
