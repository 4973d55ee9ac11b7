"""A small keep-alive HTTP client and a closed loop of callers: cheap enough not to be what is measured."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Answer = tuple[int, dict[str, str], bytes]  # status, headers by lower-case name, body


class Http:
    """One kept connection. Not thread-safe."""

    def __init__(self, port: int, headers: dict[str, str] | None = None, timeout: float = 30) -> None:
        self.port, self.timeout = port, timeout
        self.headers = {"Host": f"127.0.0.1:{port}", **(headers or {})}
        self._sock: socket.socket | None = None

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Reconnects once when a kept connection has gone."""
        content = b"" if body is None else json.dumps(body).encode()
        extra = {**self.headers, **headers, "Content-Length": str(len(content))}
        if content:
            extra["Content-Type"] = "application/json"
        head = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in extra.items())
        request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content
        kept = self._sock is not None
        try:
            return self._ask(request)
        except (ConnectionError, EOFError):
            self.close()
            if not kept:
                raise
            return self._ask(request)

    def json(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        status, _, content = self(method, path, body, **headers)
        return status, json.loads(content) if content[:1] in (b"{", b"[") else content

    def _ask(self, request: bytes) -> Answer:
        if self._sock is None:
            self._sock = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, content = got.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            key, _, value = line.partition(":")
            key = key.strip().lower()
            headers[key] = f"{headers[key]}\n{value.strip()}" if key in headers else value.strip()
        if headers.get("transfer-encoding") == "chunked":
            while not content.endswith(b"0\r\n\r\n"):
                content += self._more()
            content = _unchunk(content)
        else:
            length = int(headers.get("content-length", 0))
            while len(content) < length:
                content += self._more()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split()[1]), headers, content

    def _more(self) -> bytes:
        assert self._sock is not None
        piece = self._sock.recv(65536)
        if not piece:
            raise EOFError("the server closed")
        return piece

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None


def _unchunk(content: bytes) -> bytes:
    whole = b""
    while True:
        size, _, content = content.partition(b"\r\n")
        if not int(size, 16):
            return whole
        whole, content = whole + content[: int(size, 16)], content[int(size, 16) + 2:]


@dataclass
class Load:
    """What a closed loop saw: milliseconds of every success, answers by status, and how long it ran."""

    ms: list[float] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.ms) / self.seconds if self.seconds else 0.0


def closed_loop(callers: list[Callable[[], int]], seconds: float, most: int = 1_000_000) -> Load:
    """Every caller calls again as soon as it is answered, until time or `most` calls are used up.

    A caller is a function that makes one request and returns its status.
    """
    load, lock, left = Load(), threading.Lock(), [most]
    gate = threading.Barrier(len(callers) + 1)

    def loop(call: Callable[[], int]) -> None:
        ms: list[float] = []
        answers: dict[int, int] = {}
        gate.wait()
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end and left[0] > 0:
            left[0] -= 1
            try:
                status = call()
            except (OSError, EOFError):
                status = 0
            if 200 <= status < 300:
                ms.append((time.perf_counter() - start) * 1000)
            answers[status] = answers.get(status, 0) + 1
        with lock:
            load.ms += ms
            for status, count in answers.items():
                load.answers[status] = load.answers.get(status, 0) + count

    threads = [threading.Thread(target=loop, args=(call,), daemon=True) for call in callers]
    for thread in threads:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join(seconds + 60)
    load.seconds = time.perf_counter() - begun
    return load
