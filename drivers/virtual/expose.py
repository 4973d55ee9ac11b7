"""A virtual cable behind a real pty or a real TCP port, so that the drivers run over what a hall has.

The pty is raw on the slave's side: by default it would echo, turn 0d into 0a and swallow 11 and 13.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import tty
from abc import ABC, abstractmethod
from typing import Final

from drivers.virtual.medium import HOST, Medium

PAUSE_S: Final = 0.02


class Exposed(ABC):
    """A cable with a public end. `url` is what goes into a device's line."""

    def __init__(self, cable: Medium) -> None:
        self._cable = cable
        self._stop = threading.Event()
        self.url = ""
        self._thread: threading.Thread | None = None

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"exposed {self.url}", daemon=True)
        self._thread.start()

    @abstractmethod
    def _run(self) -> None:
        """Carry bytes until `close`; on a thread of its own."""

    def close(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(2.0)

    def _carry(self, incoming: bytes) -> bytes:
        """Bytes from the public end onto the cable; returns what the far ends said meanwhile."""
        cable = self._cable
        with cable.changed:
            now = cable.clock.now()
            cable.advance(now)
            if incoming:
                cable.say(HOST, incoming, now)
                cable.advance(now)
            out = bytes(cable.to_host)
            cable.to_host.clear()
        return out

    def _pump(self, fd: int) -> None:
        """Until the other side closes or `close`."""
        while not self._stop.is_set():
            held = self._cable.backlog() > 8192
            ready, _, _ = select.select([] if held else [fd], [], [], PAUSE_S / 4)
            incoming = b""
            if ready:
                incoming = os.read(fd, 4096)
                if not incoming:
                    return
            out = self._carry(incoming)
            while out:
                out = out[os.write(fd, out) :]


class OverPty(Exposed):
    """url is the path of a pseudo terminal."""

    def __init__(self, cable: Medium) -> None:
        super().__init__(cable)
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.url = os.ttyname(slave)
        self._slave = slave  # kept open: the master would see an error while no driver has it open
        self._start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            self._pump(self._master)

    def close(self) -> None:
        """Like pulling the adapter out."""
        super().close()
        for fd in (self._slave, self._master):
            with contextlib.suppress(OSError):
                os.close(fd)


class OverTcp(Exposed):
    """url is socket://127.0.0.1:PORT; one client at a time, as printers have it."""

    def __init__(self, cable: Medium, port: int = 0) -> None:
        super().__init__(cable)
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(PAUSE_S)
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start()

    def _run(self) -> None:
        with self._listener:
            while not self._stop.is_set():
                try:
                    client, _ = self._listener.accept()
                except TimeoutError:
                    self._carry(b"")
                    continue
                except OSError:
                    return
                with client, contextlib.suppress(OSError):
                    client.settimeout(2.0)
                    self._pump(client.fileno())
