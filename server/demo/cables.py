"""Every virtual cable pulled in turn, and on each what one machine alone may suffer, as its far end names it:
paper that runs out, a strip that falls silent, a reader whose self-test fails. Each is mended once staff
could see it, and both are timed (RELIABILITY N8)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import count
from threading import Event, Thread
from typing import Any

import socketio
from socketio.exceptions import SocketIOError

from server.demo.console import Caller, NoAnswer

log = logging.getLogger(__name__)

LIMIT_S = {"printer": 5.0}  # N8: how soon staff must see it
LIMIT_ELSE_S = 10.0
PATIENCE = 4  # times the limit: then it is called not seen
LOOK_S, REST_S = 0.2, 1.0
QUIET = ("", "not_pressed_yet", "not_scanned_yet")

Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Trouble:
    """What a hand at the bench does to one machine, and undoes; `machines`: who is hit by it."""

    name: str
    machine: str
    machines: frozenset[str]
    wrong: Mapping[str, str]
    mend: Mapping[str, str]
    limit_s: float


@dataclass(frozen=True)
class Pulled:
    """Seconds from the deed until the manager's page showed it, and from the repair until it was gone there;
    None: not in time to be waited for."""

    trouble: Trouble
    seen_s: float | None
    gone_s: float | None

    @property
    def kept(self) -> bool:
        """Seen within N8, and gone after the repair."""
        return self.seen_s is not None and self.seen_s <= self.trouble.limit_s and self.gone_s is not None


def round_of(devices: Rows, felt: Mapping[str, Sequence[str]], turn: int = 0) -> list[Trouble]:
    """Every cable of virtual machines once, then on each what one machine alone may suffer. felt: virtual
    machine -> the faults that a host notices by itself, as its far end lists them; each turn takes the next
    of them, and the next machine of the cable."""
    lines: dict[str, list[str]] = {}
    for name in sorted(felt.keys() & devices.keys()):
        lines.setdefault(str(devices[name]["line"]), []).append(name)
    cables, alone = [], []
    for line, names in sorted(lines.items()):
        first = names[0]
        limit = LIMIT_S.get(str(devices[first]["kind"]), LIMIT_ELSE_S)
        cables.append(Trouble(line, first, frozenset(names), {"act": "unplug"}, {"act": "replug"}, limit))
        able = [name for name in names if felt[name]]
        if able:
            name = able[turn % len(able)]
            fault = felt[name][turn % len(felt[name])]
            wrong, mend = {"act": "fault", "fault": fault}, {"act": "clear", "fault": fault}
            alone.append(Trouble(f"{name} {fault}", name, frozenset({name}), wrong, mend, limit))
    return cables + alone


def is_well(device: Mapping[str, Any]) -> bool:
    """What cannot answer, and what nobody has used yet, is honestly unknown."""
    unknown = device["state"] == "unknown" and device["reason"] in QUIET
    return device["state"] == "ok" or unknown


class Cables:
    """A hand at the bench and an eye on the manager's page, on a thread of its own."""

    def __init__(self, manager: Caller, csrf: str, say: Callable[[str], None]) -> None:
        self._eye = Caller(manager.url, manager.headers)
        self._csrf, self._say = csrf, say
        self._stop, self._enough = Event(), Event()
        self._felt: dict[str, list[str]] = {}  # machine -> what it may suffer
        self._client = socketio.Client(logger=False, engineio_logger=False)
        self._client.on("snapshot", self._on_picture, namespace="/bench")
        self._client.on("changes", self._on_picture, namespace="/bench")
        self._thread = Thread(target=self._run, name="cables", daemon=True)
        self.pulled: list[Pulled] = []

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Returns when every cable was pulled at least once and all is mended."""
        self._enough.set()
        self._thread.join()

    def stop(self) -> None:
        """Returns as soon as what is pulled is mended."""
        self._stop.set()
        self._thread.join()

    def _on_picture(self, picture: dict[str, Any]) -> None:
        for name, model in picture["rows"].get("devices", {}).items():
            if model:
                self._felt[name] = [str(fault) for fault in model.get("felt", [])]

    def _run(self) -> None:
        try:
            self._client.connect(
                self._eye.url,
                headers={"Cookie": self._eye.headers["Cookie"]},
                auth={"csrf": self._csrf},
                namespaces=["/bench"],
                transports=["websocket"],
            )
            self._until(lambda: bool(self._felt) and self._well(self._felt.keys()), 60)
            for turn in count():
                for trouble in round_of(self._devices(), dict(self._felt), turn):
                    self._one(trouble)
                    if self._stop.is_set():
                        break
                if self._stop.is_set() or self._enough.wait(REST_S):
                    break
            self._client.disconnect()
        except (SocketIOError, NoAnswer) as error:
            log.warning("bench: %s", error)

    def _devices(self) -> Rows:
        """The machines as the manager's page has them."""
        _, picture = self._eye.get("/api/state/manager")
        found: Rows = picture["rows"]["devices"]
        return found

    def _well(self, names: Set[str]) -> bool:
        devices = self._devices()
        return all(name in devices and is_well(devices[name]) for name in names)

    def _hit(self, names: frozenset[str]) -> bool:
        devices = self._devices()
        return all(devices[name]["state"] in ("down", "warn") for name in names)

    def _one(self, trouble: Trouble) -> None:
        self._say(f"  {trouble.name}")
        self._act(trouble.machine, trouble.wrong)
        seen = self._until(lambda: self._hit(trouble.machines), trouble.limit_s * PATIENCE)
        self._act(trouble.machine, trouble.mend)
        gone = self._until(lambda: self._well(trouble.machines), trouble.limit_s * PATIENCE)
        if not self._stop.is_set():
            self.pulled.append(Pulled(trouble, seen, gone))

    def _act(self, machine: str, what: Mapping[str, str]) -> None:
        self._client.call("act", {"device": machine, **what}, namespace="/bench")

    def _until(self, look: Callable[[], bool], seconds: float) -> float | None:
        """After how many seconds `look` was true; None when it was not by then, or we were stopped."""
        begun = time.monotonic()
        while not self._stop.is_set():
            if look():
                return time.monotonic() - begun
            if time.monotonic() - begun > seconds:
                break
            self._stop.wait(LOOK_S)
        return None
