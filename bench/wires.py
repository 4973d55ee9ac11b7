"""(f) The device host at rest: 60 devices on 12 real pseudo terminals, and no job."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import socketio
from werkzeug.serving import make_server

from bench.figures import Row
from bench.procs import ROOT, free_port

SETTLE_S, LOOK_S = 6.0, 20.0
TICKS = 100  # of /proc/<pid>/stat in a second


class Server:
    """Just enough of a server that the host feels at home: takes what it says."""

    def __init__(self) -> None:
        self.port = free_port()
        self.healths: dict[str, str] = {}
        sio = socketio.Server(async_mode="threading")
        sio.on("connect", lambda *_: None, namespace="/devices")
        sio.on("health", self._health, namespace="/devices")
        for name in ("hello", "result", "key", "rated", "virtual", "declaration"):
            sio.on(name, lambda *_: {"ok": True}, namespace="/devices")
        self._web = make_server("127.0.0.1", self.port, socketio.WSGIApp(sio), threaded=True)
        threading.Thread(target=self._web.serve_forever, daemon=True).start()

    def _health(self, _sid: str, facts: dict[str, str]) -> None:
        self.healths[facts["device"]] = facts["state"]

    def close(self) -> None:
        self._web.shutdown()


def run(folder: Path, quick: bool) -> list[Row]:
    look_s = LOOK_S / 2 if quick else LOOK_S
    far = subprocess.Popen(
        [sys.executable, "-m", "bench.far_ends"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert far.stdout is not None
    assert far.stdin is not None
    server = Server()
    host = None
    try:
        lines: list[str] = []
        while not lines or lines[-1] != "# end":
            lines.append(far.stdout.readline().rstrip("\n"))
        devices = folder / "devices.toml"
        devices.write_text("\n".join(lines) + "\n", "utf-8")
        (folder / "profiles").symlink_to(ROOT / "config" / "profiles")
        command = [sys.executable, "-m", "drivers", "--server", f"http://127.0.0.1:{server.port}"]
        with (folder / "host.log").open("wb") as out:
            host = subprocess.Popen(
                [*command, "--key", "bench", "--devices", str(devices)], cwd=ROOT, stdout=out, stderr=out
            )
        time.sleep(SETTLE_S)
        before = _cpu_s(host.pid)
        time.sleep(look_s)
        busy = (_cpu_s(host.pid) - before) / look_s * 100
        told = list(server.healths.values())
        note = f"{len(told)} devices told their health, {told.count('down')} down"
        return [
            Row("wires", "device host at rest, 60 devices: CPU", busy, unit="%", must=2.0, note=note),
            Row(
                "wires", "device host at rest, 60 devices: memory", _rss_mib(host.pid), unit="MiB", must=60.0
            ),
        ]
    finally:
        server.close()
        if host is not None:
            host.terminate()
            host.wait(10)
        far.stdin.close()
        far.wait(10)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rss_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
