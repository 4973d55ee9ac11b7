"""A host over any declaration of virtual devices, stepped by a clock that jumps."""

from __future__ import annotations

from pathlib import Path

from drivers.host import Host
from drivers.spec import CONFIG, load


class Rig:
    """What the host published, and hands at the far ends. rows: (name, model, line, address, window)."""

    def __init__(self, bench, clock, folder: Path, lines: dict[str, str], rows, begun=None) -> None:
        self.bench, self.clock, self.said = bench, clock, []
        text = "".join(f"[line.{name}]\n{facts}\n" for name, facts in lines.items())
        for name, model, line, address, place in rows:
            where = "kiosk" if place.startswith("K") else "window"
            text += (
                f'[[device]]\nname = "{name}"\nmodel = "{model}"\nline = "{line}"\n'
                f'address = {address}\n{where} = "{place}"\n'
            )
        path = folder / "devices.toml"
        path.write_text(text, "utf-8")
        self.host = Host(
            load(path, CONFIG / "profiles"),
            lambda name, facts: self.said.append((clock.now(), name, facts)),
            clock,
            begun=begun,
        )
        self.far = {peer.name: peer for _, peer in bench.peers()}

    def run(self, seconds: float) -> None:
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            self.step()

    def run_until(self, is_so, most: float = 60.0) -> float:
        """Seconds it took. Fails after `most`."""
        began = self.clock.now()
        while not is_so():
            assert self.clock.now() - began < most, self.said[-5:]
            self.step()
        return self.clock.now() - began

    def step(self) -> None:
        before = self.clock.now()
        self.host.step_all()
        if self.clock.now() == before:
            self.clock.sleep(0.02)
        for cable, _ in self.bench.peers():
            with cable.changed:
                cable.advance(self.clock.now())

    def show(
        self, number: str, window: str, tone: str = "call", job: str = "t1", deadline_s: float = 10
    ) -> None:
        self.host.submit(
            {
                "id": job,
                "kind": "show_text",
                "deadline_s": deadline_s,
                "facts": {"window": window, "text": f"请{number}号", "kind": tone, "number": number},
            }
        )

    def count(self, waiting: int, number: str | None, window: str, job: str = "c1") -> None:
        facts = {"window": window, "waiting": waiting, "number": number}
        self.host.submit({"id": job, "kind": "show_counts", "deadline_s": 10, **facts})

    def act(self, device: str, act: str, **facts) -> None:
        self.bench.act(device, act, facts)

    def fault(self, device: str, fault: str, **facts) -> None:
        self.act(device, "fault", fault=fault, **facts)

    def health(self, device: str) -> list[tuple[str, str]]:
        return [(f["state"], f["reason"]) for _, n, f in self.said if n == "health" and f["device"] == device]

    def results(self, job: str) -> list[tuple[str, str]]:
        return [(f["state"], f["reason"]) for _, n, f in self.said if n == "result" and f["job"] == job]

    def keys(self) -> list[tuple[str, str]]:
        return [(f["device"], f["key"]) for _, n, f in self.said if n == "key"]
