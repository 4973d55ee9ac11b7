"""One frame for all, over real sockets: a Flask server on a free port, WebSocket and Socket.IO clients."""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from types import SimpleNamespace

import pytest
import socketio
import websocket
from engineio import packet as eio_packet
from flask import Flask
from flask_socketio import Namespace, SocketIO, join_room
from werkzeug.serving import WSGIRequestHandler, make_server
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import TextMessage

from server.live import broadcast
from server.live.broadcast import Backlog, BroadcastManager, Framed, Nudge, SharedPacket, Wire, text_frame

DEADLINE_S = 20


def until(true, what="it", deadline_s=DEADLINE_S):
    """Poll until `true()`; AssertionError naming `what` after the deadline."""
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end, f"{what} did not happen in {deadline_s} s"
        time.sleep(0.005)


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


class Hall(Namespace):
    """Joins the room named by `auth`; remembers who came and who went."""

    def __init__(self, name):
        super().__init__(name)
        self.came, self.gone = [], []

    def on_connect(self, auth):
        from flask import request

        for room in (auth or {}).get("rooms", []):
            join_room(room)
        self.came.append(request.sid)

    def on_disconnect(self, reason):
        from flask import request

        self.gone.append(request.sid)

    def on_echo(self, said):
        return said


class Server:
    """A Flask-SocketIO server in a thread, with `manager`."""

    def __init__(self, manager):
        self.manager = manager
        self.app = Flask("hall")
        self.sio = SocketIO(
            self.app,
            async_mode="threading",
            client_manager=manager,
            cors_allowed_origins="*",
            max_http_buffer_size=64 * 1024,
        )
        self.hall, self.kiosk = Hall("/hall"), Hall("/kiosk")
        self.sio.on_namespace(self.hall)
        self.sio.on_namespace(self.kiosk)
        self.http = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=Quiet)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        self.port = self.http.server_port

    def emit(self, n, pad="", **to):
        """Say number `n` to the hall (or to room/sid `to`)."""
        self.sio.emit("n", {"n": n, "pad": pad}, namespace=to.pop("namespace", "/hall"), **to)

    def client_of(self, sid):
        return self.sio.server.eio.sockets[self.manager.rooms["/hall"][None][sid]]

    def close(self):
        for client in list(self.sio.server.eio.sockets.values()):
            wire = getattr(client.queue, "wire", None)
            if wire is not None:
                wire.drop("the test is over")
            with suppress(Exception):
                client.close(wait=False, abort=True)
        self.sio.server.shutdown()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


class Screen:
    """One WebSocket that reads only when told to."""

    def __init__(self, server, namespace="/hall", rooms=(), receive_buffer=None, **options):
        sockopt = [(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)] if receive_buffer else []
        self.ws = websocket.create_connection(
            f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket",
            sockopt=sockopt,
            timeout=10,
            **options,
        )
        assert self.ws.recv().startswith("0{")
        self.namespace = namespace
        self.ws.send(f"40{namespace},{json.dumps({'rooms': list(rooms)})}")
        answer = self.ws.recv()
        assert answer.startswith(f"40{namespace},"), answer
        self.sid = json.loads(answer.partition(",")[2])["sid"]
        name = server.hall if namespace == "/hall" else server.kiosk
        until(lambda: server.manager.is_connected(self.sid, namespace) and self.sid in name.came)

    def event(self):
        """The next event's data; answers pings; None when the server closed."""
        while True:
            try:
                text = self.ws.recv()
            except (websocket.WebSocketConnectionClosedException, ConnectionError):
                return None
            if isinstance(text, bytes):
                continue  # the attachment of a binary event
            if text == "2":
                self.ws.send("3")
            elif text.startswith(f"42{self.namespace},"):
                return json.loads(text.partition(",")[2])[1]
            elif not text or text == "1" or text.startswith("41"):
                return None

    def numbers(self, count):
        return [self.event()["n"] for _ in range(count)]

    def close(self):
        self.ws.close(timeout=0.1)

    def reset(self):
        """Vanish the hard way."""
        self.ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.ws.sock.close()


@pytest.fixture
def stack():
    with ExitStack() as closing:
        yield closing


@pytest.fixture
def server(stack):
    running = Server(BroadcastManager())
    stack.callback(running.close)
    return running


@pytest.fixture
def screen(server, stack):
    def connect(**options):
        one = Screen(server, **options)
        stack.callback(quietly, one.close)
        return one

    return connect


def quietly(act):
    with suppress(OSError, websocket.WebSocketException, AttributeError):
        act()


def settled(server, *screens):
    """Wait until each screen's queue is empty and its writer holds nothing."""
    for one in screens:
        until(lambda one=one: server.client_of(one.sid).queue.idle, "idle")


# --- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_a_frame_is_what_a_client_reads(size):
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(text_frame("x" * size))
    assert "".join(e.data for e in client.events() if isinstance(e, TextMessage)) == "x" * size


def test_chinese_is_counted_in_bytes():
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(text_frame("请A012号到3号窗口" * 9))
    assert "".join(e.data for e in client.events()) == "请A012号到3号窗口" * 9


def test_a_shared_packet_reads_like_a_stock_one():
    text = '2/hall,["ticket.called",{"号":1}]'
    assert SharedPacket(text).encode() == eio_packet.Packet(eio_packet.MESSAGE, text).encode()
    assert SharedPacket(text).data == text


def test_a_queue_is_idle_only_when_its_writer_came_back():
    backlog = Backlog()
    assert backlog.idle
    backlog.put(SharedPacket("a"))
    backlog.put(SharedPacket("b"))
    assert not backlog.idle
    backlog.get(timeout=1)
    backlog.get(block=False)
    assert backlog.bytes == 0
    assert not backlog.idle  # taken, not yet written
    writer = threading.Thread(target=backlog.get, kwargs={"timeout": 10})
    writer.start()
    until(lambda: backlog.idle, "idle")
    backlog.put(None)
    writer.join()


def test_a_queue_counts_bytes_of_every_kind():
    backlog = Backlog()
    for text in ("号" * 10, b"xy"):
        backlog.put(eio_packet.Packet(eio_packet.MESSAGE, text))
    backlog.put(Nudge(7))
    backlog.put(None)
    assert backlog.bytes == 30 + 2 + 7
    for _ in range(4):
        backlog.get(block=False)
    assert backlog.bytes == 0


@pytest.fixture
def wire(stack):
    near, far = socket.socketpair()
    stack.callback(near.close)
    stack.callback(far.close)
    far.settimeout(10)
    backlog = Backlog()
    one = backlog.wire = Wire(near, backlog, lambda: None)
    one.far, one.backlog = far, backlog
    return one


def read(sock, count):
    got = b""
    while len(got) < count:
        piece = sock.recv(min(65536, count - len(got)))
        assert piece, "closed early"
        got += piece
    return got


def test_half_a_frame_is_finished_before_anything_else(wire):
    big = bytes(range(256)) * 8192
    assert wire.offer(big)
    assert wire.tail
    assert isinstance(wire.backlog.get(block=False), Nudge)
    begun = read(wire.far, 100_000)  # now there is room again, but not for anything new
    assert not wire.offer(b"later")
    writer = threading.Thread(target=wire.send, args=(b"next",))
    writer.start()
    assert begun + read(wire.far, len(big) - len(begun) + 4) == big + b"next"
    writer.join()
    assert wire.offer(b"later")
    assert read(wire.far, 5) == b"later"


def test_nobody_writes_into_anothers_write(wire):
    writer = threading.Thread(target=wire.send, args=(b"x" * 2_000_000,))
    writer.start()
    until(lambda: not wire._lock.acquire(blocking=False) or wire._lock.release(), "a blocked writer")
    started = time.monotonic()
    assert not wire.offer(b"y")
    assert time.monotonic() - started < 1
    assert read(wire.far, 2_000_000) == b"x" * 2_000_000
    writer.join()


def test_nothing_follows_a_close_frame(wire):
    wire.send(b"\x88\x02\x03\xe8")
    assert not wire.offer(b"late")
    with pytest.raises(BrokenPipeError):
        wire.send(b"late")


def test_closing_frees_a_blocked_writer(wire):
    failed = []

    def write():
        try:
            wire.send(b"x" * 5_000_000)
        except OSError as broken:
            failed.append(broken)

    writer = threading.Thread(target=write)
    writer.start()
    read(wire.far, 1)
    wire.close()
    writer.join(5)
    assert failed


def test_a_socket_with_a_timeout_is_left_to_the_stock_path():
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(5)
        one = Wire(near, Backlog(), lambda: None)
        assert not one.offer(b"x")
        one.send(b"y")
        assert far.recv(9) == b"y"


# --- the server -----------------------------------------------------------------------------------


def test_idle_screens_get_it_directly(server, screen):
    screens = [screen() for _ in range(5)]
    settled(server, *screens)
    server.emit(1)
    assert [one.numbers(1) for one in screens] == [[1]] * 5
    assert server.manager.counts == {"direct": 5, "queued": 0, "dropped": 0}


def test_order_of_broadcasts_and_direct_sends(server, screen):
    one, two = screen(), screen()
    for n in range(0, 600, 3):
        server.emit(n)
        server.emit(n + 1, to=one.sid)
        server.emit(n + 2, pad="x" * (n * 20), to=two.sid)
        if n % 30 == 0:  # something that must take the stock path, between
            server.sio.emit("n", {"n": -1, "raw": b"\x00"}, namespace="/hall", to=one.sid)
    got = [one.event() for _ in range(400)]
    assert [e["n"] for e in got] == [n for n in range(600) if n % 3 != 2]
    assert two.numbers(400) == [n for n in range(600) if n % 3 != 1]


def test_many_threads_and_nothing_lost_or_swapped(server, screen):
    screens = [screen() for _ in range(4)]
    each, threads = 150, 4

    def speak(who):
        for n in range(each):
            to = {} if n % 2 else {"to": [one.sid for one in screens]}
            server.emit(who * 1000 + n, pad="p" * (n * 7), **to)

    speakers = [threading.Thread(target=speak, args=(who,)) for who in range(threads)]
    got = {}
    readers = [
        threading.Thread(target=lambda one=one: got.update({one.sid: one.numbers(each * threads)}))
        for one in screens
    ]
    for thread in speakers + readers:
        thread.start()
    for thread in speakers + readers:
        thread.join()
    for numbers in got.values():
        for who in range(threads):
            assert [n % 1000 for n in numbers if n // 1000 == who] == list(range(each))
    assert len(got) == 4


def test_a_partial_write_keeps_every_byte(server, screen):
    slow, quick = screen(receive_buffer=4096), screen()
    settled(server, slow, quick)
    server.emit(0, pad="字" * 200_000)  # more than the kernel takes at once
    wire = server.client_of(slow.sid).queue.wire
    assert wire.tail or not server.client_of(slow.sid).queue.idle
    for n in range(1, 20):
        server.emit(n)
        server.emit(100 + n, to=slow.sid)
    first = slow.event()
    assert first == {"n": 0, "pad": "字" * 200_000}
    assert slow.numbers(38) == [m for n in range(1, 20) for m in (n, 100 + n)]
    assert quick.numbers(20) == list(range(20))
    settled(server, slow)
    server.emit(99)
    assert slow.numbers(1) == [99]
    assert server.manager.counts["direct"] >= 2


def test_who_reads_nothing_is_dropped_and_nobody_waits(server, screen, monkeypatch, caplog):
    monkeypatch.setattr(broadcast, "STALL_S", 0.2)
    stuck, well = screen(receive_buffer=4096), screen()
    got, longest = [], 0.0
    end = time.monotonic() + DEADLINE_S
    n = 0
    while stuck.sid not in server.hall.gone:
        assert time.monotonic() < end
        started = time.monotonic()
        server.emit(n, pad="x" * 2000)
        longest = max(longest, time.monotonic() - started)
        got.extend(well.numbers(1))
        n += 1
    assert got == list(range(n))
    assert longest < 1
    assert server.manager.counts["dropped"] == 1
    assert "client dropped" in caplog.text
    assert well.sid not in server.hall.gone
    until(lambda: not server.manager.is_connected(stuck.sid, "/hall"))


@pytest.mark.parametrize("by_kernel", [True, False])
def test_a_backlog_of_30_seconds_is_dropped_without_further_events(server, screen, monkeypatch, by_kernel):
    monkeypatch.setattr(broadcast, "BACKLOG_S", 0.5)
    if not by_kernel:
        monkeypatch.delattr(socket, "TCP_USER_TIMEOUT", raising=False)
    stuck = screen(receive_buffer=4096)
    server.emit(0, pad="x" * 900_000)
    until(lambda: stuck.sid in server.hall.gone, "the drop")
    assert by_kernel or server.manager.counts["dropped"] == 1


def test_a_burst_does_not_drop_who_keeps_reading(server, screen):
    one = screen(receive_buffer=8192)
    for n in range(400):
        server.emit(n, pad="x" * 4000)
    assert one.numbers(400) == list(range(400))
    assert server.manager.counts["dropped"] == 0


def test_screens_vanish_while_all_are_told(server, screen):
    stay = screen()
    leaving = [screen() for _ in range(8)]
    stop = threading.Event()
    told = []

    def speak():
        while not stop.is_set():
            server.emit(len(told), pad="x" * 3000)
            told.append(1)
            stop.wait(0.001)

    speaker = threading.Thread(target=speak)
    got = []
    speaker.start()
    for at, one in enumerate(leaving):
        got += stay.numbers(5)
        (one.reset if at % 2 else one.close)()
    until(lambda: all(one.sid in server.hall.gone for one in leaving) or got.extend(stay.numbers(1)))
    stop.set()
    speaker.join()
    got += stay.numbers(len(told) - len(got))
    assert got == list(range(len(told)))
    assert list(server.manager.rooms["/hall"][None]) == [stay.sid]


def test_the_server_hangs_up_while_all_are_told(server, screen):
    stay, leave = screen(), screen()
    stop = threading.Event()

    def speak():
        n = 0
        while not stop.is_set():
            server.emit(n, pad="x" * 500)
            n += 1

    speaker = threading.Thread(target=speak)
    speaker.start()
    stay.numbers(3)
    eio = server.sio.server.eio
    eio.disconnect(server.manager.rooms["/hall"][None][leave.sid])
    seen = []
    while (event := leave.event()) is not None:
        seen.append(event["n"])
    stop.set()
    speaker.join()
    assert seen == list(range(seen[0], seen[0] + len(seen))) if seen else True
    assert stay.sid not in server.hall.gone


def test_rooms_namespaces_and_who_is_skipped(server, screen):
    b1, b2 = screen(rooms=["A", "zone"]), screen(rooms=["B", "zone"])
    k1 = screen(namespace="/kiosk")
    settled(server, b1, b2)
    server.emit(1, to="A")
    server.emit(2, to="B")
    server.emit(3, namespace="/kiosk")
    server.emit(4, skip_sid=b1.sid)
    server.emit(5, skip_sid=[b1.sid, b2.sid])
    server.emit(6, to=["A", "B", "zone"])
    server.emit(7, to="nobody")
    server.emit(8, namespace="/nowhere")
    server.emit(9)
    server.emit(9, namespace="/kiosk")
    assert b1.numbers(3) == [1, 6, 9]
    assert b2.numbers(4) == [2, 4, 6, 9]
    assert k1.numbers(2) == [3, 9]


def test_shapes_of_data(server, screen):
    one = screen()
    server.sio.emit("n", namespace="/hall")
    server.sio.emit("n", ("a", "b"), namespace="/hall")
    server.sio.emit("n", [1, 2], namespace="/hall")
    assert [json.loads(one.ws.recv().partition(",")[2]) for _ in range(3)] == [
        ["n"],
        ["n", "a", "b"],
        ["n", [1, 2]],
    ]


def test_compression_is_not_agreed(server, screen):
    one = screen(header=["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"])
    assert "sec-websocket-extensions" not in {key.lower() for key in one.ws.headers}
    server.emit(1)
    assert one.numbers(1) == [1]


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]])
def test_a_socketio_client_on_any_transport(server, stack, transports):
    client = socketio.Client()
    got = []
    client.on("n", lambda event: got.append(event["n"]), namespace="/hall")
    speaking, stop = threading.Event(), threading.Event()
    sent = []

    def speak():
        while not stop.is_set():
            server.emit(len(sent))
            sent.append(1)
            speaking.set()
            stop.wait(0.001)

    speaker = threading.Thread(target=speak)
    speaker.start()
    speaking.wait()
    client.connect(f"http://127.0.0.1:{server.port}", transports=transports, namespaces=["/hall"])
    try:
        assert client.call("echo", {"a": 1}, namespace="/hall") == {"a": 1}
        until(lambda: len(got) > 50, "50 events")
    finally:
        stop.set()
        speaker.join()
    until(lambda: got and got[-1] == len(sent) - 1, "the last event")
    assert got == list(range(got[0], len(sent)))
    assert client.transport() == transports[-1]
    client.disconnect()
    if transports[-1] == "websocket":
        assert server.manager.counts["direct"] > 0
    else:
        assert server.manager.counts["direct"] == 0


def test_a_polling_client_that_stops_polling_is_dropped(server, monkeypatch):
    monkeypatch.setattr(broadcast, "STALL_S", 0.1)
    import requests

    base = f"http://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=polling"
    with requests.Session() as http:
        sid = json.loads(http.get(base).text[1:])["sid"]
        http.post(f"{base}&sid={sid}", data="40/hall,")
        http.get(f"{base}&sid={sid}")
        until(lambda: server.hall.came and server.manager.is_connected(server.hall.came[0], "/hall"))
        until(lambda: server.emit(1, pad="x" * 9000) or server.hall.gone, "the drop")
    assert server.manager.counts["dropped"] >= 1


def test_callbacks_and_binary_take_the_stock_path(server, stack):
    client = socketio.Client()
    got = []
    client.on("b", got.append, namespace="/hall")
    client.on("ask", lambda event: event + 1, namespace="/hall")
    client.connect(f"http://127.0.0.1:{server.port}", namespaces=["/hall"])
    sid = client.get_sid("/hall")
    server.sio.emit("b", {"raw": b"\x00\x01"}, namespace="/hall")
    answers = []
    server.sio.emit("ask", 41, namespace="/hall", to=sid, callback=answers.append)
    until(lambda: answers and got)
    client.disconnect()
    assert (answers, got) == ([42], [{"raw": b"\x00\x01"}])
    assert server.manager.counts["direct"] == 0


def test_flask_socketios_own_test_client_still_works(server):
    client = server.sio.test_client(server.app, namespace="/hall")
    server.emit(7)
    assert [e["args"][0]["n"] for e in client.get_received("/hall")] == [7]
    client.disconnect("/hall")


# --- several processes ----------------------------------------------------------------------------


class Bus(socketio.PubSubManager, BroadcastManager):
    """Two servers in one process, joined by a list of managers instead of Redis."""

    members: list = []

    def _publish(self, message):
        for member in self.members:
            if member is not self:
                member._handle_emit(json.loads(json.dumps(message)))

    def _listen(self):
        return iter(())

    def initialize(self):
        pass


def test_each_process_frames_once_for_its_own(stack, monkeypatch):
    here, there = Server(Bus()), Server(Bus())
    stack.callback(here.close)
    stack.callback(there.close)
    monkeypatch.setattr(Bus, "members", [here.manager, there.manager])
    one, two = Screen(here), Screen(there)
    settled(here, one)
    settled(there, two)
    for n in range(20):
        here.emit(n)
    assert one.numbers(20) == two.numbers(20) == list(range(20))
    assert here.manager.counts["direct"] > 0
    assert there.manager.counts["direct"] > 0
    for screen in (one, two):
        screen.close()


@pytest.mark.redis
@pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server on this machine")
def test_over_a_real_redis(stack, tmp_path):
    path = tmp_path / "r.sock"
    redis = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", ""],
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    stack.callback(redis.wait)
    stack.callback(redis.terminate)
    until(path.exists, "redis")
    here, there = (Server(broadcast.client_manager(redis_url=f"unix://{path}", strict=True)) for _ in "ab")
    stack.callback(here.close)
    stack.callback(there.close)
    one, two = Screen(here), Screen(there)
    until(lambda: there.manager.pubsub is not None and there.manager.pubsub.subscribed, "the subscription")
    settled(here, one)
    settled(there, two)
    for n in range(50):
        here.emit(n)
    assert one.numbers(50) == two.numbers(50) == list(range(50))
    assert there.manager.counts["direct"] > 0
    for screen in (one, two):
        screen.close()


# --- fit and settings -----------------------------------------------------------------------------


def test_the_installed_libraries_fit():
    assert broadcast.differences() == []
    assert isinstance(broadcast.client_manager(strict=True), BroadcastManager)


def test_other_versions_fall_back_and_say_so(monkeypatch, caplog):
    monkeypatch.setitem(broadcast.TESTED, "python-engineio", "4.99.0")
    manager = broadcast.client_manager()
    assert type(manager) is socketio.Manager
    assert "tested with 4.99.0" in caplog.text
    with pytest.raises(broadcast.BroadcastUnfit, match="python-engineio"):
        broadcast.client_manager(strict=True)


def test_changed_internals_are_noticed(monkeypatch):
    monkeypatch.setattr(broadcast.EioSocket, "poll", lambda self: [])
    assert broadcast.differences() == ["no longer true: engineio Socket.poll takes with queue.get"]
    monkeypatch.delattr(broadcast.EioSocket, "_upgrade_websocket")
    assert "_upgrade_websocket" in broadcast.differences()[-1]


def test_one_setting_switches_it_off():
    assert type(broadcast.client_manager(one_frame=False)) is socketio.Manager
    assert type(broadcast.client_manager(False, "redis://nowhere")) is socketio.RedisManager
    assert type(broadcast.client_manager(True, "redis://nowhere")) is broadcast.RedisBroadcastManager


def test_other_async_modes_take_the_stock_path(caplog):
    manager = BroadcastManager()

    class Other:
        packet_class = socketio.packet.Packet
        eio = SimpleNamespace(async_mode="gevent")

    manager.set_server(Other())
    assert "gevent" in manager.off
    assert "is off" in caplog.text


def test_framed_text_is_the_text():
    assert Framed("4x") == "4x"
    assert Framed("4x").frame == b"\x81\x024x"
