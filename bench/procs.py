"""Child processes: started on a port nobody else has, measured, and ended by their own ids."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def room_for_sockets(wanted: int) -> int:
    """Raise this process's limit of open files (children inherit it); the number there is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
        with suppress(ValueError, OSError):
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            if soft < wanted:
                resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(pid: int) -> list[int]:
    """All living descendants of `pid`, nearest first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            parents.setdefault(int(entry.read_text().rpartition(")")[2].split()[1]), []).append(
                int(entry.parent.name))
    found, look = [], [pid]
    while look:
        below = parents.get(look.pop(0), [])
        found += below
        look += below
    return found


class Child:
    """A server in a process of its own, listening on 127.0.0.1:`port`; a context manager that ends it."""

    def __init__(self, command: list[str], port: int, log: Path, env: dict[str, str] | None = None,
                 pass_fds: tuple[int, ...] = ()) -> None:
        self.port = port
        self.log = log
        self.started_at = time.monotonic()
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})}, pass_fds=pass_fds)

    def wait_for(self, ready: Any, deadline_s: float = 60) -> float:
        """Poll `ready()` until it is true; seconds since the process started. Raises with the log's end."""
        while time.monotonic() - self.started_at < deadline_s:
            with suppress(OSError):
                if ready():
                    return time.monotonic() - self.started_at
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        self.end()
        said = self.log.read_text(errors="replace")[-3000:]
        raise RuntimeError(f"{self.process.args} did not come up:\n{said}")

    def kill(self) -> None:
        """kill -9 of the process and all its children, as a power cut would."""
        pids = [self.process.pid, *children_of(self.process.pid)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        pids = children_of(self.process.pid)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(12)
            except subprocess.TimeoutExpired:
                self.kill()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def gunicorn(app: str, threads: int, folder: Path, env: dict[str, str]) -> Child:
    """`app` under gunicorn with one gthread worker, as the product runs; it inherits the listening socket."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        listener.set_inheritable(True)
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", str(threads),
                   "--worker-connections", str(threads + 200), "--bind", f"fd://{listener.fileno()}",
                   "--keep-alive", "60", "--graceful-timeout", "1", "--log-level", "warning", app]
        child = Child(command, port, folder / "server.log", env, (listener.fileno(),))
    return child
