"""Many Socket.IO clients in one thread: raw WebSockets on one epoll, no library in the way."""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections.abc import Callable

READ = 16384
MASK = b"\x00\x00\x00\x00"  # a mask of zeros is a legal mask and costs nothing


def _frame(text: str) -> bytes:
    body = text.encode()
    size = bytes((0x80 | len(body),)) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + size + MASK + body


class Client:
    """One client: connects, joins `namespace` with `auth`, then counts what it hears."""

    def __init__(self, port: int, namespace: str, auth: object,
                 headers: dict[str, str] | None = None) -> None:
        self.namespace, self.auth = namespace, auth
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        extra = "".join(f"{key}: {value}\r\n" for key, value in (headers or {}).items())
        self.sock.send((f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        f"Sec-WebSocket-Key: {'A' * 22}==\r\n{extra}\r\n").encode())
        self.got = b""
        self.upgraded = False
        self.joined_at = self.first_at = 0.0
        self.events = 0
        self.refused = ""
        self.closed = False

    def fileno(self) -> int:
        return self.sock.fileno()

    def read(self, heard: Callable[[Client, bytes, float], None]) -> None:
        """Take what is there; `heard(client, text, now)` for each event."""
        try:
            piece = self.sock.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self.closed = True
            return
        now = time.monotonic()
        got = self.got + piece if self.got else piece
        if not self.upgraded:
            head, split, rest = got.partition(b"\r\n\r\n")
            if not split:
                self.got = got
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.refused, self.closed = head.decode("latin-1")[:80], True
                return
            self.upgraded, got = True, rest
        if got[:2] == b"\x81\x7e" and len(got) == int.from_bytes(got[2:4], "big") + 4 and got[4:6] == b"42":
            self.got = b""  # one whole event, the usual case: be quick, the same core serves others
            self._text(got[4:], now, heard)
            return
        at = 0
        while len(got) - at >= 2:
            size, start = got[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(got[at + 2:at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(got[at + 2:at + 10], "big"), at + 10
            if len(got) < start + size:
                break
            if got[at] == 0x88:
                self.closed = True
            else:
                self._text(got[start:start + size], now, heard)
            at = start + size
        self.got = got[at:]

    def _text(self, text: bytes, now: float, heard: Callable[[Client, bytes, float], None]) -> None:
        if text[:2] == b"42":
            self.events += 1
            if not self.first_at:
                self.first_at = now
            heard(self, text, now)
        elif text[:1] == b"0":
            auth = "" if self.auth is None else json.dumps(self.auth)
            self.sock.send(_frame(f"40{self.namespace},{auth}"))
        elif text == b"2":
            self.sock.send(_frame("3"))
        elif text[:2] == b"40":
            self.joined_at = now
        elif text[:2] == b"44":
            self.refused = text.decode(errors="replace")


class Crowd:
    """All the clients. `run` reads until `done()` or the deadline."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self._by_number: dict[int, Client] = {}
        self._ready = select.epoll()

    def add(self, client: Client) -> None:
        self.clients.append(client)
        self._by_number[client.fileno()] = client
        self._ready.register(client.fileno(), select.EPOLLIN)

    def run(self, heard: Callable[[Client, bytes, float], None], done: Callable[[], bool],
            deadline_s: float) -> bool:
        end = time.monotonic() + deadline_s
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            for number, _ in self._ready.poll(min(left, 0.5)):
                client = self._by_number[number]
                client.read(heard)
                if client.closed:
                    self._ready.unregister(number)
        return True

    def connect(self, count: int, port: int, namespace: str, auth: object = None, at_once: int = 50,
                deadline_s: float = 120) -> None:
        """Add `count` joined clients, `at_once` at a time. Raises when some do not get in."""
        begin = len(self.clients)
        end = time.monotonic() + deadline_s
        while len(self.clients) - begin < count:
            for _ in range(min(at_once, count - (len(self.clients) - begin))):
                self.add(Client(port, namespace, auth))
            if not self.run(lambda *_: None, lambda: all(c.joined_at or c.closed for c in self.clients),
                            end - time.monotonic()):
                break
        missing = [c for c in self.clients if not c.joined_at]
        if missing:
            raise RuntimeError(f"{len(missing)} of {count} sockets did not get in: {missing[0].refused}")

    def close(self) -> None:
        for client in self.clients:
            client.sock.close()
        self._ready.close()


def threads_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def resident_kb(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
