"""The work bench: all virtual cables of this process by name, and the hands that act on what hangs on
them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from urllib.parse import parse_qs

from drivers.line.clock import Clock
from drivers.virtual.bxk import BxkCard
from drivers.virtual.ff68 import Ff68Keypad
from drivers.virtual.medium import Medium, Peer
from drivers.virtual.printer import Printer

#: model -> far end. A far end takes its name, its address and options as words.
PEERS: dict[str, type] = {"escpos": Printer, "onbon_bxk": BxkCard, "keypad_ff68": Ff68Keypad}
SHARED = frozenset({"onbon_bxk", "keypad_ff68"})


class Bench:
    """Safe for several threads."""

    def __init__(self) -> None:
        self._cables: dict[str, Medium] = {}
        self._lock = threading.Lock()

    def cable(
        self, name: str, *, baud: int = 9600, shared: bool = False, clock: Clock | None = None
    ) -> Medium:
        """The cable of that name; made when it is new, otherwise as it is."""
        with self._lock:
            if name not in self._cables:
                self._cables[name] = Medium(name, baud=baud, shared=shared, clock=clock)
            return self._cables[name]

    def cable_for(self, name: str, options: Mapping[str, str]) -> Medium:
        """The cable a URL means. A first word that is a model makes the far ends the URL asks for."""
        model = name.split("/")[0]
        known = name in self._cables
        rest = {key: value for key, value in options.items() if key not in ("address", "baud", "fault")}
        cable = self.cable(name, baud=int(options.get("baud", "9600")), shared=model in SHARED)
        if not known and model in PEERS:
            for address in options.get("address", "1").split(","):
                cable.join(PEERS[model](f"{name}#{address}", int(address), rest))
            self._switch_on(cable, options.get("fault", ""))
        return cable

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
    ) -> Peer:
        """Hang the far end of a declared device on the cable its line names."""
        name, _, query = url.removeprefix("virtual://").partition("?")
        cable = self.cable(name, baud=baud, shared=model in SHARED, clock=clock)
        for peer in cable.peers:
            if peer.name == peer_name:
                return peer
        peer = PEERS[model](peer_name, address, {key: str(value) for key, value in options.items()})
        cable.join(peer)
        self._switch_on(cable, parse_qs(query).get("fault", [""])[-1])
        return peer

    def _switch_on(self, cable: Medium, faults: str) -> None:
        """The faults a URL asks for, at the far end that joined last. Raises ValueError for an unknown
        one."""
        for fault in filter(None, faults.split(",")):
            name, _, value = fault.partition(":")
            facts: dict[str, object] = {"fault": name} | ({"value": value} if value else {})
            if not self._act_on_cable(cable, "fault", facts):
                cable.peers[-1].act("fault", facts)

    def forget(self) -> None:
        """Clear the bench: between two tests."""
        with self._lock:
            self._cables.clear()

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
                    if not self._act_on_cable(cable, act, facts):
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
                seen = {"model": peer.model, "unplugged": cable.unplugged} | peer.look()
                known = seen.get("faults")
                seen["faults"] = sorted({*(known if isinstance(known, list) else []), *cable.faults()})
                pictures[peer.name] = seen
        return pictures

    @staticmethod
    def _act_on_cable(cable: Medium, act: str, facts: Mapping[str, object]) -> bool:
        fault = facts.get("fault")
        if act == "unplug" or (act == "fault" and fault == "unplug"):
            cable.unplug()
        elif act == "replug":
            cable.replug()
        elif act in ("fault", "clear") and fault in ("noise", "drop", "stray"):
            value = facts.get("value", 0.02)
            setattr(cable, str(fault), float(str(value)) if act == "fault" else 0.0)
        elif act == "fault" and fault == "echo":
            cable.echo = True
        elif act in ("fault", "clear") and fault == "idle_disconnect":
            cable.idle_s = float(str(facts.get("value", 65))) if act == "fault" else 0.0
        elif act in ("fault", "clear") and fault == "second_client":
            cable.taken = act == "fault"
        else:
            if act == "clear" and fault in (None, "echo", "unplug"):
                cable.replug()
                cable.echo = False
                if fault is None:
                    cable.drop = cable.noise = cable.stray = cable.idle_s = 0.0
                    cable.taken = False
            return False
        return True


BENCH = Bench()
