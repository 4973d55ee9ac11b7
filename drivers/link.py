"""The host's end of the live contract: Socket.IO namespace /devices.

The host lives without the server: lines are kept open, faults are seen, and what has to be told waits
here. Results, keys and ratings of one machine stay in order until the server has acknowledged them or
refused them with a code; healths are told as they are now. Numbers given offline are told until they
are entered (drivers/offline). Losing the server and finding it again is logged once each. A changed
declaration is taken up on the way; one with mistakes is told to the server and changes nothing. When
another host has our machines the server says so: we do nothing for it and ask again from time to time.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import socketio
from socketio.exceptions import SocketIOError

from drivers.begun import Begun
from drivers.commission.asks import Asks
from drivers.declared import LOOK_S as DECLARED_S
from drivers.declared import Declared
from drivers.host import Host
from drivers.line.clock import Clock
from drivers.offline.alone import Alone
from drivers.offline.desk import OfflineDesk
from drivers.offline.door import Door
from drivers.offline.kept import Kept
from drivers.spec import HallSpec
from drivers.virtual.bench import BENCH

log = logging.getLogger(__name__)
SPACE: Final = "/devices"
BACK_OFF_S: Final = (0.5, 10.0)
ACK_S: Final = 3.0
ACK_MOST_S: Final = 30.0  # between two tells to a server that does not answer
FLEETING: Final = frozenset({"card", "code"})  # what somebody did just now: late, it would be somebody else's
FLEETING_S: Final = 2.5  # shorter than ACK_S: told once
PRESSED: Final = frozenset({"key", "rated"})  # what counts from the moment somebody pressed
TELLS: Final = 5  # after so many the log says that a fact waits
DEAD: Final = 50
TRACED: Final = ("device", "window", "key", "value", "leg", "job", "state", "reason")
KEPT: Final = 5000
UNDER_WAY: Final = 32  # facts that were said and not answered yet: the server does each beside the others
LOOK_S: Final = 0.2
AGAIN_S: Final = 10.0
UNHEARD_S: Final = 30.0  # longer than a busy server takes to answer a hello


@dataclass
class Fact:
    """Something the server must hear once. at: clock seconds when it happened; sent_at: when it was last
    said on this connection, 0 when it was not."""

    name: str
    facts: dict[str, Any]
    at: float
    sent_at: float = 0.0
    tells: int = 0
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    until: float = float("inf")  # clock seconds after which nobody wants to hear it

    @property
    def of(self) -> tuple[object, ...]:
        """What it speaks of: a slip, or a machine at its place."""
        job = self.facts.get("job")
        return (job,) if job else (self.facts.get("device"), self.facts.get("window"))

    def due(self, now: float) -> bool:
        """Not said yet, or unanswered for longer each time: a server that hangs is not helped by more of
        it."""
        wait = min(ACK_MOST_S, ACK_S * 2.0 ** max(0, self.tells - 1))
        return not self.sent_at or now - self.sent_at >= wait

    def said(self, now: float) -> dict[str, Any]:
        """As it is told: who pressed is asked how long ago, for clocks differ and seconds do not."""
        return self.facts | ({"ago_s": round(now - self.at, 3)} if self.name in PRESSED else {})


class Outbox:
    """Facts until the server has answered them, however long it is away: of one slip or machine one after
    the other, and never more than UNDER_WAY at once, as the server does what it is told in threads of their
    own. Safe for several threads.

    A refusal with a code ends a fact too: it is kept among the `dead`, for somebody to see. So is the
    oldest when there are more than `limit`.
    """

    def __init__(self, clock: Clock, limit: int = KEPT) -> None:
        self._clock, self._limit = clock, limit
        self._facts: deque[Fact] = deque()
        self._dead: deque[dict[str, Any]] = deque(maxlen=DEAD)
        self._lock = threading.Lock()

    def put(self, name: str, facts: dict[str, Any], until: float = float("inf")) -> None:
        with self._lock:
            if len(self._facts) >= self._limit:
                self._bury(self._facts[0], "outbox-full")
            self._facts.append(Fact(name, facts, self._clock.now(), until=until))

    def due(self, now: float) -> list[Fact]:
        """What is to be sent now, in order: what was not sent yet and what waits too long for its
        acknowledgement, unless something earlier of the same slip or machine does.
        """
        with self._lock:
            for fact in [fact for fact in self._facts if fact.until <= now]:
                log.warning("nobody heard of a %s in time", fact.name)
                self._facts.remove(fact)
            free = UNDER_WAY - sum(bool(f.sent_at) and now - f.sent_at < ACK_S for f in self._facts)
            due: list[Fact] = []
            before: set[tuple[object, ...]] = set()
            for fact in self._facts:
                if len(due) >= free:
                    break
                if fact.of not in before and fact.due(now):
                    due.append(fact)
                before.add(fact.of)
            for fact in due:
                fact.sent_at, fact.tells = now, fact.tells + 1
                if fact.tells == TELLS:
                    log.warning("the server does not acknowledge a %s; it is kept and told again", fact.name)
            return due

    def done(self, token: str, answer: object = None) -> None:
        """The server has heard it, or says with a code that it will not."""
        refused = isinstance(answer, Mapping) and not answer.get("ok")
        said = answer if isinstance(answer, Mapping) and refused else {}
        code, why = str(said.get("refused") or ""), said.get("facts")
        with self._lock:
            for fact in self._facts:
                if fact.token == token:
                    self._bury(fact, code, why) if code else self._facts.remove(fact)
                    return

    def jobs(self) -> list[str]:
        """Jobs whose results the server has not acknowledged: they are not lost, only untold."""
        with self._lock:
            return [str(fact.facts["job"]) for fact in self._facts if fact.name == "result"]

    def again(self) -> None:
        """A new connection: nothing counts as sent."""
        with self._lock:
            for fact in self._facts:
                fact.sent_at, fact.tells = 0.0, 0

    def look(self) -> dict[str, Any]:
        """For the installer: how many wait and for how long, and the last that were refused."""
        with self._lock:
            oldest = min((fact.at for fact in self._facts), default=self._clock.now())
            waiting = {"waiting": len(self._facts), "oldest_s": round(self._clock.now() - oldest)}
            return {**waiting, "dead": list(self._dead)[::-1]}

    def _bury(self, fact: Fact, code: str, why: object = None) -> None:
        self._facts.remove(fact)
        # Of a card or a link nobody keeps what it said.
        said = {} if fact.name in FLEETING else {k: str(fact.facts[k]) for k in TRACED if k in fact.facts}
        row = {"at": self._clock.wall(), "name": fact.name, "refused": code, **said}
        log.warning("the server will not have it: %s", row)
        facts = why if isinstance(why, Mapping) and said else {}
        words = {str(k): str(v)[:60] for k, v in list(facts.items())[:8] if isinstance(v, (str, int, float))}
        self._dead.append({**row, "facts": words})

    def __len__(self) -> int:
        return len(self._facts)


class Link:
    """Joins a host to a server until `stop`. `key`: the device's key, or the file it stands in, which is read
    at every connection: the server may write it after we have started.
    """

    def __init__(
        self,
        server: str,
        key: str | Path,
        hall: HallSpec,
        clock: Clock | None = None,
        declared: Declared | None = None,
        data: Path | None = None,
    ) -> None:
        self._server, self._key = server, key
        self._clock = clock or Clock()
        self.outbox = Outbox(self._clock)
        self._alone: Alone | None = None
        self._begun = Begun(data)
        self.host = Host(hall, self.publish, self._clock, begun=self._begun)
        if data is not None:
            desk = OfflineDesk(data, self.host.submit, self._clock)
            page = Kept(data, server, self._shown, self._clock)
            self._alone = Alone(desk, Door(desk, page), page, self._clock)
        self._declared, self._look_at = declared, 0.0
        self.asks = Asks(self.host, declared, self._look_now, self.outbox.look)
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._looks: dict[str, str] = {}
        self._lost = False
        self._ready = False
        self._hello_at = float("inf")  # when a host that was refused, or not answered, asks again
        self._client = socketio.Client(
            reconnection=False, logger=False, engineio_logger=False, handle_sigint=False
        )
        for event, handler in {
            "present": self.host.present,
            "job": self.host.submit,
            "virtual_act": self._act,
            "ask": self.asks.answer,
            "disconnect": self._on_disconnect,
        }.items():
            self._client.on(event, handler, namespace=SPACE)

    def publish(self, name: str, facts: dict[str, Any]) -> None:
        """Called by the host's threads."""
        if name == "result" and self._alone is not None and self._alone.desk.heard(facts):
            self._wake.set()
            return
        if name == "health":
            if self._ready:
                self._emit(name, facts)
            return
        if name in PRESSED or name in FLEETING:
            facts = {"event_id": uuid.uuid4().hex} | facts
        until = self._clock.now() + FLEETING_S if name in FLEETING else float("inf")
        self.outbox.put(name, facts, until)
        self._wake.set()

    def run(self) -> None:
        """Works until `stop`; the caller's thread is used."""
        self.host.start()
        if self._alone is not None:
            self._alone.door.follow()
        wait = BACK_OFF_S[0]
        try:
            while not self._stopped.is_set():
                self._look_at_declaration()
                if self._client.connected:
                    if self._clock.now() >= self._hello_at:
                        self._introduce()
                    self._tell()
                    self._wake.wait(LOOK_S)
                    self._wake.clear()
                elif self._connect():
                    wait = BACK_OFF_S[0]
                else:
                    self._stopped.wait(wait * (0.75 + random.random() / 2))
                    wait = min(BACK_OFF_S[1], wait * 2)
        finally:
            self.asks.stop()
            self.host.stop()
            self._begun.close()
            if self._alone is not None:
                self._alone.close()
            self._leave()

    def _leave(self) -> None:
        """Say good-bye, but do not wait the three seconds the WebSocket library gives the other side to say
        it too.
        """
        if self._client.connected:
            leaving = threading.Thread(target=self._client.disconnect, name="leave", daemon=True)
            leaving.start()
            leaving.join(0.3)

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    def _shown(self) -> str:
        return self._key if isinstance(self._key, str) else self._key.read_text("ascii").strip()

    def _connect(self) -> bool:
        try:
            self._client.connect(
                self._server,
                auth={"key": self._shown()},
                namespaces=[SPACE],
                transports=["websocket"],
                wait_timeout=5,
            )
        except (SocketIOError, OSError, ValueError) as error:
            if not self._lost:
                log.warning("server %s is not there: %s", self._server, error)
            self._lost = True
            if self._client.connected:
                self._client.disconnect()
            return False
        log.info("server %s is %s", self._server, "back" if self._lost else "there")
        self._lost = False
        self.outbox.again()
        self._looks.clear()
        self._introduce()
        return True

    def _introduce(self) -> None:
        """Say hello: who we are and what we have, what is still held, how everything is."""
        jobs = list(dict.fromkeys([*self.host.held(), *self.outbox.jobs()]))
        hello = {"host": self.host.hall.host, "devices": self.host.devices(), "jobs": jobs}
        hello |= {"printed": [list(row) for row in self._begun.printed()]}
        hello |= {"instance": self.asks.instance, "troubles": list(self.asks.troubles)[:20]}
        self._hello_at = self._clock.now() + UNHEARD_S
        self._emit("hello", hello, heard=self._welcome)

    def _welcome(self, answer: object = None) -> None:
        """What the server says to our hello: come in, and tell how everything is; or that it knows us not."""
        no = ""
        if isinstance(answer, Mapping) and not answer.get("ok"):
            no = str(answer.get("text") or answer.get("refused") or "refused")
        self._ready = not no
        self._hello_at = self._clock.now() + AGAIN_S if no else float("inf")
        if not no:
            if self._alone is not None:
                self._alone.again()
            for facts in self.host.healths():
                self._emit("health", facts)
        if no != self.asks.refused:
            log.error("refused: %s", no) if no else log.info("the server takes us now")
        self.asks.refused = no

    def _look_now(self) -> None:
        self._look_at = 0.0
        self._wake.set()

    def _look_at_declaration(self) -> None:
        now = self._clock.now()
        if self._declared is None or now < self._look_at:
            return
        self._look_at = now + DECLARED_S
        found = self._declared.look()
        if found is None:
            return
        for trouble in found.troubles:
            log.error("declaration not taken: %s", trouble)
        self.asks.troubles = found.troubles
        if found.hall is not None:
            log.info("new declaration: %d lines begun anew or ended", len(self.host.reload(found.hall)))
        if self._client.connected:
            self._introduce()

    def _tell(self) -> None:
        # Before our hello is answered the server does not know our machines, and would refuse what they say.
        now = self._clock.now()
        for fact in self.outbox.due(now) if self._ready else ():
            self._emit(fact.name, fact.said(now), fact.token)
        said = self._alone.due() if self._alone is not None else None
        if said is not None:
            self._ask(*said)
        pictures = BENCH.look()
        for device in self._looks.keys() - pictures.keys():
            del self._looks[device]
            self._emit("virtual", {"device": device, "model": None})
        for device, picture in pictures.items():
            seen = json.dumps(picture, ensure_ascii=False, sort_keys=True, default=str)
            if self._looks.get(device) != seen:
                self._looks[device] = seen
                self._emit("virtual", {"device": device, "model": json.loads(seen)})

    def _emit(
        self,
        name: str,
        facts: dict[str, Any],
        token: str | None = None,
        heard: Callable[..., None] | None = None,
    ) -> None:
        def told(*said: Any) -> None:
            self.outbox.done(token or "", said[0] if said else None)
            self._wake.set()  # the next one of the same machine waits for it

        callback = told if token else heard
        try:
            self._client.emit(name, facts, namespace=SPACE, callback=callback)
        except (SocketIOError, OSError) as error:
            log.debug("not told %s: %s", name, error)

    def _ask(self, name: str, facts: dict[str, Any], hear: Callable[[Any], None]) -> None:
        """Say something whose answer matters; none comes when the server is lost meanwhile."""
        try:
            self._client.emit(
                name, facts, namespace=SPACE, callback=lambda *said: hear(said[0] if said else None)
            )
        except (SocketIOError, OSError) as error:
            log.debug("not asked %s: %s", name, error)

    def _on_disconnect(self, *_: object) -> None:
        self._ready = False
        if not self._lost and not self._stopped.is_set():
            log.warning("server %s is lost", self._server)
        self._lost = True

    def _act(self, row: object) -> dict[str, Any]:
        """A hand at a virtual device, from the bench page."""
        if not isinstance(row, Mapping):
            return {"ok": False, "reason": "not an object"}
        facts = {str(k): v for k, v in row.items() if k not in ("device", "act")}
        try:
            BENCH.act(str(row.get("device", "")), str(row.get("act", "")), facts)
        except ValueError as error:
            return {"ok": False, "reason": str(error)}
        self._wake.set()
        return {"ok": True}
