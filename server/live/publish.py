"""Committed events to the rooms of the faces, in order of revision, encoded once per room.

One thread: it hands every commit to the device desk at once (strips, keypads and paper do not wait), gathers
for the faces what comes within GATHER_S, groups neighbouring revisions into one `changes` message per room,
and reads the touched rows once for all rooms. A room with nothing of its own still hears that the revision
moved on, in one message shared by all such rooms, so that a gap is always a real gap. Nothing is dropped:
when reading fails, the message is lost but the next one shows the gap and the faces ask for a `resync`.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
GATHER_S = 0.02  # after the first commit: a busy moment becomes one message, and nobody sees the delay


class Listeners:
    """Which rooms have somebody listening, so that nothing is read or encoded for nobody.

    One process knows its own. With several, `elsewhere` names the rooms of a face that another process may
    have listeners in: what is sent to them travels over the message queue.
    """

    def __init__(self, elsewhere: Callable[[str], Collection[str]] = lambda face: ()) -> None:
        self._elsewhere = elsewhere
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
            here = {room for f, room in self._rooms if f == face}
        return sorted(here.union(self._elsewhere(face)))


class Publisher:
    """The push thread of one process. `on_events` (the device desk) hears of every commit before the faces
    do."""

    def __init__(
        self,
        store: Store,
        settings: HallSettings,
        texts: Texts,
        emit: Emit,
        listeners: Listeners,
        on_events: Callable[[Sequence[Event]], None],
    ) -> None:
        self._store, self._settings, self._texts = store, settings, texts
        self._emit, self._listeners, self._on_events = emit, listeners, on_events
        self._fresh: list[Commit] = []  # nobody has heard of them
        self._gathered: list[Commit] = []  # the desk has, the faces have not
        self._due = 0.0  # when the faces hear of what is gathered
        self._turn = Condition()
        self._stopped = False

    def publish(self, commit: Commit) -> None:
        """Take a commit; returns at once."""
        with self._turn:
            self._fresh.append(commit)
            self._turn.notify()

    def start(self) -> None:
        Thread(target=self._run, name="publisher", daemon=True).start()

    def stop(self) -> None:
        with self._turn:
            self._stopped = True
            self._turn.notify()

    def flush(self) -> None:
        """Send what is waiting, on the caller's thread."""
        self._tell_desk()
        self._tell_faces()

    def _run(self) -> None:
        while True:
            with self._turn:
                patience = self._due - time.monotonic() if self._gathered else PULSE_S
                if not self._fresh and not self._stopped and patience > 0:
                    self._turn.wait(patience)
                if self._stopped:
                    return
                idle = not self._fresh and not self._gathered
            try:
                if idle:
                    self._pulse()
                self._tell_desk()
                if self._gathered and time.monotonic() >= self._due:
                    self._tell_faces()
            except Exception:  # noqa: BLE001  outermost loop of the thread: log, and let the gap heal it
                log.exception("push failed; the faces will resync")

    def _tell_desk(self) -> None:
        with self._turn:
            fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        if not self._gathered:
            self._due = time.monotonic() + GATHER_S
        self._gathered += fresh
        self._on_events([event for commit in fresh for event in commit.events])

    def _tell_faces(self) -> None:
        batch, self._gathered = self._gathered, []
        rooms = {face: rooms for face in FACES if (rooms := self._listeners.of(face))}
        for run in _neighbours(batch) if rooms else ():
            self._send(run, rooms)

    def _pulse(self) -> None:
        with self._store.read() as connection:
            view = View.of(connection, self._store.hall, self._settings, self._texts)
        beat = {"revision": view.revision, "at": iso(self._store.clock())}
        for face in FACES:
            if rooms := self._listeners.of(face):
                self._emit("pulse", beat, f"/{face}", rooms)

    def _send(self, run: Sequence[Commit], listening: Mapping[str, list[str]]) -> None:
        events = [event for commit in run for event in commit.events]
        head = {"since": run[0].revision - 1, "revision": run[-1].revision, "at": iso(self._store.clock())}
        with self._store.read() as connection:
            view = View.of(connection, self._store.hall, self._settings, self._texts)
            for face, rooms in listening.items():
                self._send_face(FACES[face], rooms, view, events, head)

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
