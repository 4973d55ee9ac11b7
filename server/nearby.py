"""The thread that asks the halls nearby for their public figures, calmly, and keeps the last answers.

Nobody waits for a neighbour: pages read what was heard last. One that hangs, answers too much, answers
nonsense or sends on elsewhere is silent, and costs at most its own thread for PATIENCE_S.
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Event, Lock, Thread, Timer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.domain.nearby import SIZE, Heard, Neighbour, Told, is_address, read_told

if TYPE_CHECKING:
    from server.house import House

log = logging.getLogger(__name__)

EVERY_S = 60.0
CONNECT_S, PATIENCE_S = 3.0, 8.0
AT_ONCE = 4
FIGURES = "/api/figures"


class Hearsay:
    """What the neighbours said last: id -> Heard. Safe to read while the thread writes."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], Heard] = {}
        self._guard = Lock()

    def of(self, halls: tuple[Neighbour, ...]) -> dict[str, Heard]:
        """By id, of the addresses that are asked now: a changed address forgets what the old one said."""
        with self._guard:
            return {h.id: self._heard[h.id, h.url] for h in halls if (h.id, h.url) in self._heard}

    def keep(self, hall: Neighbour, heard: Heard) -> None:
        with self._guard:
            self._heard[hall.id, hall.url] = heard

    def forget_others(self, halls: tuple[Neighbour, ...]) -> None:
        known = {(h.id, h.url) for h in halls}
        with self._guard:
            self._heard = {key: heard for key, heard in self._heard.items() if key in known}


class Neighbours:
    """Asks all of the published list every EVERY_S seconds until stopped."""

    def __init__(self, house: House) -> None:
        self._house, self._stop = house, Event()
        self._silent: set[str] = set()  # told once when lost, once when back

    def start(self) -> None:
        Thread(target=self._run, name="nearby", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while True:
            try:
                self.once()
            except Exception:  # noqa: BLE001  outermost loop of the thread
                log.exception("the halls nearby were not asked; they are asked again")
            if self._stop.wait(EVERY_S):
                return

    def once(self) -> Mapping[str, Heard]:
        """Ask everybody, on the caller's thread and a few more; all that is known then."""
        halls, hearsay = self._house.published().nearby, self._house.hearsay
        hearsay.forget_others(halls)
        todo = deque(hall for hall in halls if hall.url)
        # A pool of executors would be waited for when the server ends; nobody waits for these.
        many = min(AT_ONCE, len(todo))
        askers = [Thread(target=self._ask_all, args=(todo,), name="nearby", daemon=True) for _ in range(many)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        return hearsay.of(halls)

    def _ask_all(self, todo: deque[Neighbour]) -> None:
        while not self._stop.is_set():
            try:
                hall = todo.popleft()
            except IndexError:
                return
            self._ask(hall)

    def _ask(self, hall: Neighbour) -> None:
        try:
            told = ask(hall.url)
        except (OSError, HTTPException, ValueError) as error:
            self._lost(hall, str(error) or type(error).__name__)
            return
        self._house.hearsay.keep(hall, Heard(told, self._house.clock()))
        if hall.id in self._silent:
            self._silent.discard(hall.id)
            log.info("hall nearby %s answers again", hall.id)

    def _lost(self, hall: Neighbour, why: str) -> None:
        if hall.id not in self._silent:
            self._silent.add(hall.id)
            log.warning("hall nearby %s is silent: %r", hall.id, why[:200])


def ask(url: str, patience: float = PATIENCE_S) -> Told:
    """The public figures of the Wucha at `url`, within `patience` seconds from the first byte sent to the
    last one read. Raises OSError, HTTPException, ValueError; a redirection is an answer like any other
    wrong one."""
    if not is_address(url):
        raise ValueError("not an address")
    to = urlsplit(url)
    kind = HTTPSConnection if to.scheme == "https" else HTTPConnection
    connection = kind(to.hostname or "", to.port, timeout=CONNECT_S)
    connection.connect()
    line: socket.socket = connection.sock
    end = Timer(patience, _hang_up(line))  # whoever sends a byte now and then outlives any time-out
    end.daemon = True
    end.start()
    try:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "wucha-nearby"}
        connection.request("GET", FIGURES, headers={**headers, "Connection": "close"})
        reply = connection.getresponse()
        if reply.status != 200 or reply.getheader("Content-Encoding", "identity") != "identity":
            raise ValueError(f"answered {reply.status}")
        told = read_told(reply.read(SIZE + 1))
    finally:
        end.cancel()
        connection.close()
    if told is None:
        raise ValueError("no public figures")
    return told


def _hang_up(line: socket.socket) -> Callable[[], None]:
    def now() -> None:
        try:
            line.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the line was down already")

    return now
