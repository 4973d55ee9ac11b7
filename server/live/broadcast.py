"""One frame for all: a Socket.IO client manager that encodes and frames a broadcast once.

The stock manager puts a packet on every client's queue, wakes a writer thread per client, and that thread
frames it. Here `emit` builds one server-to-client WebSocket frame and writes the same bytes to every client
that is *idle*. A client is idle when it is upgraded to WebSocket, its queue is empty, its writer holds
nothing, no tail is pending and nobody is writing to it. Everybody else takes the stock path.

Why order per client holds:

- `Backlog` (the client's queue) remembers that the writer took something; it forgets only when the writer
  comes back for more, that is, after it has written. So "queue empty and nothing in hand" means: all that was
  sent to this client before has reached its socket.
- `Wire` (around the client's socket) is the only way to it. One lock serialises every write, also pongs and
  the close frame. The broadcaster only tries the lock and only writes what the kernel takes at once.
- When the kernel takes half a frame, the rest is the wire's `tail`. Every later write sends the tail first,
  and a nudge on the queue wakes the writer so that somebody writes.

Slow clients: the socket's send buffer is kept small; a client with more than `BACKLOG_BYTES` waiting that
took no byte for `STALL_S`, or whose oldest packet has waited `BACKLOG_S`, is cut off. It reconnects and gets
a snapshot. Nobody else waits for it.

Both classes enter by the two factories Engine.IO keeps per server (`queue` and `websocket` in
`Server._async`), so no library code is replaced. Tested with the versions in TESTED; `differences()` tells
what does not fit, and `client_manager` then says so in the log and returns the stock manager.

Two emits that overlap in time may reach two clients in different order, as in the stock manager: whoever
needs one order for all (revisions) emits under a lock of his own.
"""

from __future__ import annotations

import logging
import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import engineio
import simple_websocket
import socketio
from engineio import packet as eio_packet
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from engineio.exceptions import SocketIsClosedError
from engineio.socket import Socket as EioSocket
from socketio import packet as sio_packet

log = logging.getLogger(__name__)

TESTED = {
    "python-socketio": "5.18.1",
    "python-engineio": "4.15.1",
    "simple-websocket": "1.1.0",
}

BACKLOG_BYTES = 64 * 1024
BACKLOG_S = 30.0

STALL_S = 1.0
"""More than BACKLOG_BYTES is forgiven this long, so that a burst does not cut off a healthy client."""

SEND_BUFFER = 64 * 1024
"""SO_SNDBUF of every client: one that reads nothing is noticed after kilobytes, not megabytes."""

CLOSE_FRAME = 0x88


class BroadcastUnfit(RuntimeError):
    """The installed libraries are not the ones this module was written for."""


def text_frame(text: str) -> bytes:
    """One unmasked, final WebSocket text frame (RFC 6455, 5.2)."""
    body = text.encode()
    size = len(body)
    if size < 126:
        return bytes((0x81, size)) + body
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + body
    return b"\x81\x7f" + size.to_bytes(8, "big") + body


class Framed(str):
    """An encoded packet that carries its frame, so that a writer need not frame it again."""

    frame: bytes

    def __new__(cls, text: str, frame: bytes | None = None) -> Framed:
        self = super().__new__(cls, text)
        self.frame = text_frame(text) if frame is None else frame
        return self


class SharedPacket(eio_packet.Packet):
    """A text message that goes to many clients: encoded and framed once."""

    def __init__(self, text: str) -> None:
        super().__init__(eio_packet.MESSAGE, text)
        self.encode_cache = Framed(f"{eio_packet.MESSAGE}{text}")
        self.frame = self.encode_cache.frame
        self.size = len(self.frame)


class Nudge(eio_packet.Packet):
    """Wakes a client's writer to write the tail of a frame; has no bytes of its own."""

    def __init__(self, size: int) -> None:
        super().__init__(eio_packet.NOOP)
        self.encode_cache = Framed("", b"")
        self.size = size

    def encode(self, b64: bool = False) -> str:
        return self.encode_cache  # empty, so the stock method would not take it for encoded


def _size(pkt: Any) -> int:
    """Bytes one queued packet will take on the wire, near enough for a limit."""
    if pkt is None:
        return 0
    known = getattr(pkt, "size", None)
    if known is not None:
        return int(known)
    text = pkt.data
    if isinstance(text, str):
        return len(text) if text.isascii() else len(text.encode())
    return len(text) if isinstance(text, (bytes, bytearray)) else 64


class Backlog(queue.Queue[Any]):
    """A client's outgoing queue that knows its bytes, its age, and whether its writer holds something.

    `_init`, `_put` and `_get` run under the queue's mutex (documented override points of queue.Queue).
    """

    wire: Wire | None = None

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self.bytes = 0
        self.in_hand = False
        self.in_hand_since = 0.0
        self.moved_at = time.monotonic()

    def _put(self, item: Any) -> None:
        size, now = _size(item), time.monotonic()
        if not self.queue and not self.in_hand:
            self.moved_at = now  # a stall begins with the first thing that waits
        self.bytes += size
        self.queue.append((item, size, now))

    def _get(self) -> Any:
        if not self.in_hand:
            self.in_hand_since = self.queue[0][2]
            self.in_hand = True  # before popleft: `idle` reads without the mutex and must never see neither
        item, size, _ = self.queue.popleft()
        self.bytes -= size
        return item

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """As queue.Queue.get. A blocking get is the writer coming back: what it took is written."""
        if block:
            with self.mutex:
                if self.in_hand:
                    self.in_hand = False
                    self.moved_at = time.monotonic()
        return super().get(block, timeout)

    @property
    def idle(self) -> bool:
        """True when all that was put here has been written. Reads the queue first, see `_get`."""
        return not self.queue and not self.in_hand

    def overdue(self) -> str:
        """Why this client must be cut off, or an empty string."""
        now = time.monotonic()
        if self.bytes > BACKLOG_BYTES and now - self.moved_at > STALL_S:
            return f"{self.bytes} bytes waiting, nothing taken for {now - self.moved_at:.1f} s"
        if self.in_hand:
            since = self.in_hand_since
        else:
            try:
                since = self.queue[0][2]
            except IndexError:
                return ""
        # a polling client between two requests holds what it has already received: that is no backlog
        if (self.wire is None and not self.queue) or now - since <= BACKLOG_S:
            return ""
        return f"waiting for {now - since:.0f} s"


class Wire:
    """A client's socket, in the shape simple-websocket uses: `send` `recv` `close`. One writer at a time."""

    def __init__(self, sock: socket.socket, backlog: Backlog, dropped: Callable[[], None]) -> None:
        self._sock = sock
        self._backlog = backlog
        self._dropped = dropped
        self._lock = threading.Lock()
        self.tail = b""
        self.dead = False
        self.cut_off = ""
        self.recv = sock.recv
        self.fileno = sock.fileno
        # TLS sockets take no flags, and a timeout makes Python wait before it writes: no direct writes there
        self.direct = type(sock).send is socket.socket.send and sock.gettimeout() is None
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # the kernel's own BACKLOG_S, for a client gone silent
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(BACKLOG_S * 1000))

    def offer(self, frame: bytes) -> bool:
        """Write one whole frame now if nothing is in its way; False leaves everything to the stock path.

        Never blocks. A frame the kernel took in part counts as written: its tail goes out before all else.
        """
        if not self.direct or self.dead or not self._lock.acquire(blocking=False):
            return False
        try:
            if self.tail or self.dead:
                return False
            try:
                sent = self._sock.send(frame, socket.MSG_DONTWAIT)
            except OSError:  # full, or gone: the writer will find out which
                return False
            if sent == len(frame):
                return True
            self.tail = frame[sent:]
        finally:
            self._lock.release()
        self._backlog.put(Nudge(len(frame) - sent))
        return True

    def send(self, content: bytes) -> int:
        """Write the tail, then `content`, waiting as long as the client keeps taking bytes.

        Raises BrokenPipeError once the client is cut off or closed.
        """
        with self._lock:
            if self.tail:
                tail, self.tail = self.tail, b""
                self._write(tail)
            if content:
                self._write(content)
                if content[0] == CLOSE_FRAME:  # nothing may follow it
                    self.dead = True
        return len(content)

    def _write(self, content: bytes) -> None:
        if self.dead:
            raise BrokenPipeError(self.cut_off or "closed")
        if not self.direct:
            self._sock.sendall(content)
            return
        left = memoryview(content)
        while left:
            try:
                sent = self._sock.send(left, socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait()
                continue
            except OSError:
                self.dead = True  # half a frame may be out: nothing more can be
                raise
            left = left[sent:]
            self._backlog.moved_at = time.monotonic()

    def _wait(self) -> None:
        ready = select.poll()
        ready.register(self._sock, select.POLLOUT)
        while not self.dead and not ready.poll(1000):
            if why := self._backlog.overdue():
                self.drop(why)
        if self.dead:
            raise BrokenPipeError(self.cut_off or "closed")

    def drop(self, why: str) -> None:
        """Cut the client off without waiting; its own threads see the broken socket and clean up."""
        if not self.dead:
            self.cut_off = why
            self._shut()
            self._dropped()
            log.warning("client dropped: %s", why)

    def _shut(self) -> None:
        self.dead = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)  # wakes the reader and a waiting writer

    def retire(self) -> None:
        """Return once nobody writes here any more; the socket may then be closed and its number reused."""
        self.dead = True
        if not self._lock.acquire(blocking=False):
            self._shut()
            self._lock.acquire()
        self._lock.release()

    def close(self) -> None:
        self.retire()
        self._sock.close()


class WireWebSocket(SimpleWebSocketWSGI):
    """Engine.IO's WebSocket of one client, over a `Wire` and without compression.

    Compression would need a frame per client; events are small and the hall's net is fast.
    """

    def __init__(self, dropped: Callable[[], None], handler: Any, server: Any) -> None:
        super().__init__(handler, server)
        self._dropped = dropped
        self._backlog: Backlog = handler.__self__.queue

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ = {key: value for key, value in environ.items() if key != "HTTP_SEC_WEBSOCKET_EXTENSIONS"}
        wire = None
        for key in ("werkzeug.socket", "gunicorn.socket"):
            if environ.get(key) is not None:
                wire = environ[key] = Wire(environ[key], self._backlog, self._dropped)
                break
        self._backlog.wire = wire
        try:
            return super().__call__(environ, start_response)
        finally:
            self._backlog.wire = None
            if wire is not None:
                wire.retire()

    def send(self, message: Any) -> Any:
        wire = self._backlog.wire
        if wire is not None and isinstance(message, Framed):
            return wire.send(message.frame)
        return super().send(message)


class BroadcastManager(socketio.Manager):
    """The in-process client manager, with one frame for all.

    `counts`: packets written directly, packets queued the stock way, clients dropped.
    `off`: why the stock path is taken for everything, or an empty string.
    """

    off = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counts = {"direct": 0, "queued": 0, "dropped": 0}
        self._counting = threading.Lock()

    def set_server(self, server: Any) -> None:
        super().set_server(server)
        if server.eio.async_mode != "threading":
            self.off = f"async_mode is {server.eio.async_mode!r}, not 'threading'"
            log.warning("one frame for all is off: %s", self.off)
            return
        websocket = partial(WireWebSocket, self._dropped)
        server.eio._async = {**server.eio._async, "queue": Backlog, "websocket": websocket}

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """As Manager.emit. Returns when every client has the frame or has it queued; waits for no client."""
        room = to or room
        pkt = None if self.off or callback else self._shared(event, data, namespace)
        if pkt is None:
            super().emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, **options)
            return
        skipped = skip_sid if isinstance(skip_sid, list) else [skip_sid]
        eio = self.server.eio
        late = time.time() - eio.ping_timeout
        direct = queued = 0
        for sid, eio_sid in self.get_participants(namespace, room):
            if sid in skipped:
                continue
            client = eio.sockets.get(eio_sid)
            if client is not None and self._offer(client, pkt, late):
                direct += 1
                continue
            queued += 1
            with suppress(SocketIsClosedError):  # it closed just now; the others must not miss the event
                self.server._send_eio_packet(eio_sid, pkt)
            if client is not None and (why := client.queue.overdue()):
                self._drop(client, why)
        with self._counting:
            self.counts["direct"] += direct
            self.counts["queued"] += queued

    def _shared(self, event: str, data: Any, namespace: str) -> SharedPacket | None:
        """The event encoded once, or None when it needs the stock path (nobody there, binary, msgpack)."""
        if namespace not in self.rooms:
            return None
        args = data if isinstance(data, tuple) else () if data is None else (data,)
        packet = self.server.packet_class(sio_packet.EVENT, namespace=namespace, data=[event, *args])
        text = packet.encode()
        return SharedPacket(text) if isinstance(text, str) else None

    @staticmethod
    def _offer(client: EioSocket, pkt: SharedPacket, late: float) -> bool:
        wire = client.queue.wire
        if wire is None or not client.upgraded or client.closing or client.closed:
            return False
        if not client.queue.idle or (client.last_ping and client.last_ping < late):
            return False
        return bool(wire.offer(pkt.frame))

    def _drop(self, client: EioSocket, why: str) -> None:
        wire = client.queue.wire
        if wire is not None:
            wire.drop(why)
        elif not (client.closing or client.closed):
            log.warning("polling client dropped: %s", why)
            self._dropped()
            self.server.start_background_task(
                client.close, wait=False, abort=True, reason=self.server.reason.TRANSPORT_ERROR
            )

    def _dropped(self) -> None:
        with self._counting:
            self.counts["dropped"] += 1


class RedisBroadcastManager(socketio.RedisManager, BroadcastManager):
    """The same for several processes: Redis carries the event, each process frames it once for its clients.

    PubSubManager delivers locally by `super().emit`, and the next in line is BroadcastManager.
    """


def differences() -> list[str]:
    """How the installed libraries differ from those this module was tested with; empty when they fit."""
    found = []
    for name, tested in TESTED.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "nothing"
        if installed != tested:
            found.append(f"{name} is {installed}, tested with {tested}")
    try:
        used = {
            "engineio Socket.poll takes with queue.get": "get" in EioSocket.poll.__code__.co_names,
            "engineio Socket.send gives to queue.put": "put" in EioSocket.send.__code__.co_names,
            "engineio Server.create_queue asks _async": {"_async"}
            <= set(engineio.Server.create_queue.__code__.co_names),
            "engineio Socket._upgrade_websocket asks _async": {"_async", "_websocket_handler"}
            <= set(EioSocket._upgrade_websocket.__code__.co_names),
            "simple_websocket sends by self.sock.send": "sock"
            in simple_websocket.Server.send.__code__.co_names,
            "socketio.Manager.emit sends by _send_eio_packet": "_send_eio_packet"
            in socketio.Manager.emit.__code__.co_names,
            "socketio.PubSubManager delivers by super().emit": "emit"
            in socketio.PubSubManager._handle_emit.__code__.co_names,
        }
    except AttributeError as gone:
        return [*found, str(gone)]
    return found + [f"no longer true: {what}" for what, true in used.items() if not true]


def client_manager(
    one_frame: bool = True, redis_url: str | None = None, *, channel: str = "wucha", strict: bool = False
) -> socketio.Manager:
    """The manager for `SocketIO(client_manager=...)`: ours if wanted and fit, else the stock one.

    Raises BroadcastUnfit instead of falling back when `strict`.
    """
    off = "" if one_frame else "switched off in the settings"
    if one_frame and (found := differences()):
        if strict:
            raise BroadcastUnfit("; ".join(found))
        off = "; ".join(found)
        log.warning("one frame for all is off: %s", off)
    if redis_url:
        kind = socketio.RedisManager if off else RedisBroadcastManager
        return kind(redis_url, channel=channel)
    return socketio.Manager() if off else BroadcastManager()
