"""Who answers on which line? The questions of drivers/protocol/probes.py, put to ports nobody declared."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from drivers.errors import LineLost
from drivers.line.clock import Clock
from drivers.line.ports import Port, ports
from drivers.line.serial_line import SerialLine, Settings
from drivers.protocol.probes import CLEAR, PROBES, Probe, Seen, is_loud

log = logging.getLogger(__name__)
ADDRESSES: Final = 16  # asked on each line, from 1; a hall's strips are numbered from 1
GAP_S: Final = 0.02


@dataclass(frozen=True)
class Found:
    """Something that answered: enough to declare it."""

    url: str
    driver: str
    kind: str
    baud: int
    address: int
    detail: str


@dataclass
class Progress:
    """How far a search is; told to whoever asks. port: a word on each port that was looked at."""

    running: bool = True
    url: str = ""
    driver: str = ""
    baud: int = 0
    done: int = 0
    steps: int = 0
    listening: bool = False
    ports: list[dict[str, str]] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        return {**asdict(self), "found": [asdict(one) for one in list(self.found)]}


def look_around(declared: Collection[str], find: Callable[[], list[Port]] = ports) -> list[dict[str, str]]:
    """Every port with its state; `declared`: URLs the host works with, by whatever name."""
    used = {os.path.realpath(url) for url in declared if url.startswith("/")}
    return [
        {
            "url": port.url,
            "device": port.device,
            "about": port.about,
            "state": "declared" if port.device in used else port.state,
        }
        for port in find()
    ]


def search(
    urls: Iterable[str],
    kinds: Collection[str],
    progress: Progress,
    *,
    addresses: int = ADDRESSES,
    driver: str = "",
    clock: Clock | None = None,
    stopped: threading.Event | None = None,
) -> list[Found]:
    """Ask on every line of `urls` for machines of `kinds`; what was found is also in `progress`, as it comes.

    A line that answered one protocol is not asked another. driver: only this one's question.
    """
    probes = [probe for probe in PROBES if probe.kind in kinds and driver in ("", probe.driver)]
    wanted = list(urls)
    progress.steps = sum(len(probe.bauds) for probe in probes) * len(wanted)
    for at, url in enumerate(wanted):
        for probe in probes:
            if _ask_line(url, probe, progress, addresses, clock or Clock(), stopped or threading.Event()):
                break
        progress.done = (at + 1) * (progress.steps // max(1, len(wanted)))
    progress.running = progress.listening = False
    return progress.found


def _ask_line(
    url: str, probe: Probe, progress: Progress, addresses: int, clock: Clock, stopped: threading.Event
) -> bool:
    """Did somebody answer? At the first baud rate where one does, the others are not tried."""
    for baud in probe.bauds:
        if stopped.is_set():
            return True
        progress.url, progress.driver, progress.baud = url, probe.driver, baud
        progress.listening = probe.listens_s > 0
        line = SerialLine(url, Settings(baud), clock)
        try:
            line.open()
            seen = _listen(line, probe, stopped) if probe.listens_s else _ask(line, probe, addresses, stopped)
        except LineLost as error:
            log.info("search: %s", error)
            progress.ports = [
                {**port, "state": "busy"} if port["url"] == url and port["state"] == "free" else port
                for port in progress.ports
            ]
            seen = []
        finally:
            line.close()
        progress.done += 1
        if seen:
            progress.found += [Found(url, probe.driver, probe.kind, baud, s.address, s.detail) for s in seen]
            return True
    return False


def _ask(line: SerialLine, probe: Probe, addresses: int, stopped: threading.Event) -> list[Seen]:
    """Everybody who answers; an answer counts when the same question gets it twice. What a printer would act
    on is asked last, and only when somebody has answered. Until then the line may be a mute printer's, and
    what it took in is cleared away.
    """
    seen: list[Seen] = []
    asked = [(at, probe.ask(at)) for at in (range(1, addresses + 1) if probe.addressed else (0,))]
    if probe.addressed:
        asked.sort(key=lambda one: is_loud(one[1]))
    for address, question in asked:
        if stopped.is_set() or (probe.addressed and is_loud(question) and not seen):
            break
        first = _once(line, probe, address, question)
        if first is not None and _once(line, probe, address, question) is not None:
            seen.append(first)
        elif probe.addressed and not seen:
            line.send(CLEAR)
    return sorted(seen, key=lambda one: one.address)


def _once(line: SerialLine, probe: Probe, address: int, question: bytes) -> Seen | None:
    line.drain()
    line.clock.sleep(GAP_S)
    line.send(question)
    until = max(line.clock.now(), line.quiet_at()) + probe.patience_s
    buffer = b""
    while (left := until - line.clock.now()) > 0:
        buffer += line.read(left)
        seen = probe.judge(buffer, address)
        if seen is not None:
            return probe.judge(buffer + line.read(GAP_S), address)  # a babbler says more at once
    return None


def _listen(line: SerialLine, probe: Probe, stopped: threading.Event) -> list[Seen]:
    """Whoever speaks by himself within the time; several may."""
    until = line.clock.now() + probe.listens_s
    seen: dict[int, Seen] = {}
    buffer = b""
    while (left := until - line.clock.now()) > 0 and not stopped.is_set():
        heard = line.read(min(left, 0.5))
        buffer = (buffer + heard)[-256:]
        one = probe.judge(buffer, 0) if heard else None
        if one is not None:
            seen.setdefault(one.address, one)
            buffer = b""
    return list(seen.values())
