"""The work bench: all virtual cables of this process by name, and the hands that act on what hangs on
them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from drivers.line.clock import Clock
from drivers.virtual.alpha import AlphaReceiver
from drivers.virtual.apertum import ApertumBoard, ApertumBox
from drivers.virtual.bxk import BxkCard
from drivers.virtual.ff68 import Ff68Keypad
from drivers.virtual.frame_screens import frame_screen
from drivers.virtual.medium import Medium, Peer
from drivers.virtual.modbus import ModbusDisplay
from drivers.virtual.pingan import PinganCard
from drivers.virtual.polled import PolledKeypad
from drivers.virtual.printer import Printer
from drivers.virtual.sam import SamReader
from drivers.virtual.scanner import CodeScanner

NODE: Final = "dev/"
#: model -> far end. A far end takes its name, its address and options as words.
PEERS: dict[str, Callable[..., Peer]] = {
    "escpos": Printer,
    "onbon_bxk": BxkCard,
    "pingan_lihe": PinganCard,
    "led_frame": frame_screen,
    "alpha": AlphaReceiver,
    "keypad_ff68": Ff68Keypad,
    "keypad_polled": PolledKeypad,
    "modbus_led": ModbusDisplay,
    "apertum_board": ApertumBoard,
    "apertum_box": ApertumBox,
    "idcard_sam": SamReader,
    "scanner": CodeScanner,
}
SHARED = frozenset(PEERS) - {"escpos", "idcard_sam", "scanner"}


class Bench:
    """Safe for several threads."""

    def __init__(self) -> None:
        self._cables: dict[str, Medium] = {}
        self._lock = threading.Lock()
        self._nodes = 0
        self._known: dict[str, set[str]] = {}  # cable -> the faults of its URL that something there knows

    def cable(
        self,
        name: str,
        *,
        baud: int = 9600,
        shared: bool = False,
        clock: Clock | None = None,
        bits: int = 10,
    ) -> Medium:
        """The cable of that name; made when it is new, otherwise as it is."""
        with self._lock:
            if name not in self._cables:
                node = name.removeprefix(NODE) if name.startswith(NODE) else self._free_node()
                made = Medium(name, baud=baud, shared=shared, clock=clock, bits=bits, node=node)
                made.rename = self._free_node
                self._cables[name], self._known[name] = made, set()
            return self._cables[name]

    def _free_node(self) -> str:
        self._nodes += 1
        return f"ttyV{self._nodes - 1}"

    def cable_for(self, name: str, options: Mapping[str, str]) -> Medium:
        """The cable a URL means. A first word that is a model makes the far ends the URL asks for.

        dev/X is the cable whose adapter is called X just now. Raises ValueError: no such node, no such fault.
        """
        if name.startswith(NODE):
            found = [cable for cable in self._cables.values() if cable.node == name.removeprefix(NODE)]
            if not found:
                raise ValueError(f"no node {name}")
            return found[0]
        model = name.split("/")[0]
        known = name in self._cables
        rest = {key: value for key, value in options.items() if key not in ("address", "baud", "fault")}
        cable = self.cable(name, baud=int(options.get("baud", "9600")), shared=model in SHARED)
        if not known and model in PEERS:
            for address in options.get("address", "1").split(","):
                cable.join(PEERS[model](f"{name}#{address}", int(address), rest))
            self._spoil(cable, options.get("fault", ""), cable.peers)
        for word in _words(options.get("fault", "")):
            if word not in self._known[cable.name]:
                if not known:
                    self._cables.pop(name)
                raise ValueError(f"no fault {word!r} at {name}")
        return cable

    def _spoil(self, cable: Medium, words: str, peers: Sequence[Peer]) -> None:
        """Switch on what a URL's `fault=a,b:value` asks for, at the cable and those far ends that know it."""
        for word in _words(words):
            fault, _, value = word.partition(":")
            facts: dict[str, object] = {"fault": fault} | ({"value": value} if value else {})
            with cable.changed:
                for peer in peers:
                    try:
                        if not cable.act("fault", facts, peer):
                            peer.act("fault", dict(facts))
                    except ValueError:
                        continue  # another kind of device; who opens the line is told when nobody knows it
                    self._known[cable.name].add(word)

    def attach(
        self,
        url: str,
        peer_name: str,
        model: str,
        address: int,
        options: Mapping[str, object],
        *,
        baud: int,
        clock: Clock | None = None,
        bits: int = 10,
    ) -> Peer:
        """Hang the far end of a declared device on the cable its line names.

        virtual://name?fault=a,b:value: with these faults switched on.
        """
        address_of = urlsplit(url)
        name = address_of.netloc + address_of.path
        cable = self.cable(name, baud=baud, shared=model in SHARED, clock=clock, bits=bits)
        for peer in cable.peers:
            if peer.name == peer_name:
                return peer
        peer = PEERS[model](peer_name, address, {key: str(value) for key, value in options.items()})
        cable.join(peer)
        self._spoil(cable, parse_qs(address_of.query).get("fault", [""])[-1], [peer])
        return peer

    def has_moved(self, url: str, peer_name: str, address: int) -> bool:
        """Was this far end given that address over its line? Then it is the same machine, declared anew."""
        cable = self._cables.get(url.removeprefix("virtual://").split("?")[0])
        return cable is not None and any(p.name == peer_name and p.address == address for p in cable.peers)

    def detach(self, url: str, peer_name: str) -> None:
        """Take a far end off its cable: its device is no longer declared, or stands elsewhere."""
        cable = self._cables.get(url.removeprefix("virtual://").split("?")[0])
        if cable is not None:
            cable.leave(peer_name)

    def forget(self) -> None:
        """Clear the bench: between two tests."""
        with self._lock:
            self._cables.clear()
            self._nodes = 0

    def peers(self) -> list[tuple[Medium, Peer]]:
        with self._lock:
            return [(cable, peer) for cable in self._cables.values() for peer in cable.peers]

    def act(self, device: str, act: str, facts: Mapping[str, object]) -> None:
        """A hand at one device: unplug, replug, line faults here; everything else at the far end itself.

        Raises ValueError for an unknown device or act.
        """
        for cable, peer in self.peers():
            if peer.name == device:
                with cable.changed:
                    cable.advance(cable.clock.now())
                    if not cable.act(act, facts, peer):
                        peer.act(act, dict(facts))
                    cable.advance(cable.clock.now())
                    cable.changed.notify_all()
                return
        raise ValueError(f"no virtual device {device!r}")

    def look(self) -> dict[str, dict[str, object]]:
        """Every far end's readable picture, moved on to the present."""
        pictures = {}
        for cable, peer in self.peers():
            with cable.changed:
                cable.advance(cable.clock.now())
                pictures[peer.name] = _cable_picture(cable) | {"model": peer.model} | peer.look()
        return pictures


def _words(faults: str) -> list[str]:
    return [word for word in faults.split(",") if word]


def _cable_picture(cable: Medium) -> dict[str, object]:
    return {"unplugged": cable.unplugged, "cable": cable.faults(), "node": cable.node}


BENCH = Bench()
