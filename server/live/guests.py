"""Who is connected with which proof, so that a revoked device or an ended session loses its sockets (F81,
S26)."""

from __future__ import annotations

from threading import Lock

from flask_socketio import SocketIO

from server.api.access import fallen, keep_seen
from server.domain.actors import Actor


class Guests:
    """The callers behind the open sockets of this process."""

    def __init__(self) -> None:
        self._inside: dict[tuple[str, str], Actor] = {}
        self._guard = Lock()

    def enter(self, namespace: str, sid: str, actor: Actor) -> None:
        with self._guard:
            self._inside[namespace, sid] = actor

    def actor(self, namespace: str, sid: str) -> Actor | None:
        with self._guard:
            return self._inside.get((namespace, sid))

    def leave(self, namespace: str, sid: str) -> None:
        with self._guard:
            self._inside.pop((namespace, sid), None)

    def sweep(self, socketio: SocketIO) -> int:
        """Disconnect everybody whose right has ended; how many. Needs an application context."""
        with self._guard:
            inside = dict(self._inside)
        gone = fallen(inside.values())
        keep_seen(actor for actor in inside.values() if actor.proof not in gone)
        out = [place for place, actor in inside.items() if actor.proof in gone]
        for namespace, sid in out:
            socketio.server.disconnect(sid, namespace=namespace)
        return len(out)
