"""Committed events to the rooms of the faces, in order of revision, encoded once per room.

One thread: it takes every commit that is waiting, groups neighbouring revisions into one `changes` message per room, and
reads the touched rows once for all rooms. A room with nothing of its own still hears that the revision moved on, in one
message shared by all such rooms, so that a gap is always a real gap. Nothing is dropped: when reading fails, the message
is lost but the next one shows the gap and the faces ask for a `resync`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from threading import Condition, Lock, Thread
from typing import Any

from server.domain.events import Event
from server.live.contract import heard, wire
from server.live.faces import FACES, Face, changed_rows, changed_values
from server.settings import HallSettings
from server.store.snapshots.view import View, iso
from server.store.unit import Commit, Store
from server.text import Texts

log = logging.getLogger(__name__)

Emit = Callable[[str, dict[str, Any], str, list[str]], None]  # event, data, namespace, rooms
PULSE_S = 10.0


class Listeners:
    """Which rooms have somebody listening here, so that nothing is read or encoded for nobody."""

    def __init__(self) -> None:
        self._rooms: Counter[tuple[str, str]] = Counter()
        self._guard = Lock()

    def join(self, face: str, room: str) -> None:
        with self._guard:
            self._rooms[face, room] += 1

    def leave(self, face: str, room: str) -> None:
        with self._guard:
            self._rooms[face, room] -= 1
            self._rooms += Counter()  # drops what is not positive

    def of(self, face: str) -> list[str]:
        with self._guard:
            return sorted(room for f, room in self._rooms if f == face)


class Publisher:
    """The push thread of one process. `on_commit` (the device desk) hears each batch before the faces do."""

    def __init__(
        self,
        store: Store,
        settings: HallSettings,
        texts: Texts,
        emit: Emit,
        listeners: Listeners,
        on_batch: Callable[[View, Sequence[Event]], None],
    ) -> None:
        self._store, self._settings, self._texts = store, settings, texts
        self._emit, self._listeners, self._on_batch = emit, listeners, on_batch
        self._waiting: list[Commit] = []
        self._turn = Condition()
        self._stopped = False

    def publish(self, commit: Commit) -> None:
        """Take a commit; returns at once."""
        with self._turn:
            self._waiting.append(commit)
            self._turn.notify()

    def start(self) -> None:
        Thread(target=self._run, name="publisher", daemon=True).start()

    def stop(self) -> None:
        with self._turn:
            self._stopped = True
            self._turn.notify()

    def flush(self) -> None:
        """Send what is waiting, on the caller's thread."""
        with self._turn:
            batch, self._waiting = self._waiting, []
        for run in _neighbours(batch):
            self._send(run)

    def _run(self) -> None:
        while True:
            with self._turn:
                while not self._waiting and not self._stopped:
                    if not self._turn.wait(PULSE_S):
                        break
                if self._stopped:
                    return
                idle = not self._waiting
            try:
                if idle:
                    self._pulse()
                self.flush()
            except Exception:  # noqa: BLE001  outermost loop of the thread: log, and let the gap heal it
                log.exception("push failed; the faces will resync")

    def _pulse(self) -> None:
        with self._store.read() as connection:
            view = View.of(connection, self._store.hall, self._settings, self._texts)
        beat = {"revision": view.revision, "at": iso(self._store.clock())}
        for face in FACES:
            if rooms := self._listeners.of(face):
                self._emit("pulse", beat, f"/{face}", rooms)

    def _send(self, run: Sequence[Commit]) -> None:
        events = [event for commit in run for event in commit.events]
        head = {"since": run[0].revision - 1, "revision": run[-1].revision, "at": iso(self._store.clock())}
        with self._store.read() as connection:
            view = View.of(connection, self._store.hall, self._settings, self._texts)
            self._on_batch(view, events)
            for face in FACES.values():
                if rooms := self._listeners.of(face.name):
                    self._send_face(face, rooms, view, events, head)

    def _send_face(
        self, face: Face, rooms: list[str], view: View, events: Sequence[Event], head: dict[str, Any]
    ) -> None:
        rows = changed_rows(face, view, events)
        untouched: list[str] = []
        for room in rooms:
            values = changed_values(face, room, view, events)
            said = [wire(event, self._settings) for event in events if heard(face.name, room, event)]
            if values or said:
                self._emit(
                    "changes",
                    {**head, "events": said, "rows": rows, "values": values},
                    f"/{face.name}",
                    [room],
                )
            else:
                untouched.append(room)
        if untouched:
            self._emit(
                "changes", {**head, "events": [], "rows": rows, "values": {}}, f"/{face.name}", untouched
            )


def _neighbours(commits: Sequence[Commit]) -> Iterator[list[Commit]]:
    """Runs of commits whose revisions follow each other; between them another process has committed."""
    run: list[Commit] = []
    for commit in commits:
        if run and commit.revision != run[-1].revision + 1:
            yield run
            run = []
        run.append(commit)
    if run:
        yield run
