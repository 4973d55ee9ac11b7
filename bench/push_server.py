"""The server under measurement for `bench.push`: bare Flask-SocketIO, or the same with our client manager.

WUCHA_BENCH_MANAGER=stock|ours. /say?count=N emits the same ~1 KB event N times to all of /hall.
"""

from __future__ import annotations

import os
import threading
import time

from flask import Flask, request
from flask_socketio import SocketIO

from server.live.broadcast import client_manager

ROWS = {f"W{n:02}": {"number": str(n), "state": "open", "clerk": {"id": f"P{n:03}", "name": "张某某"},
                     "ticket": {"number": f"A{n:03}", "state": "called"}, "queues": ["A"]} for n in range(6)}
EVENT = {"revision": 1, "since": 0, "rows": {"windows": ROWS}, "values": {}, "pad": "x" * 160}  # 1 KB encoded

app = Flask(__name__)
manager = client_manager(one_frame=os.environ["WUCHA_BENCH_MANAGER"] == "ours", strict=True)
sio = SocketIO(app, async_mode="threading", ping_interval=300, ping_timeout=200, client_manager=manager)
one_at_a_time = threading.Lock()


@sio.on("connect", namespace="/hall")
def connect() -> None:
    """Everybody may listen."""


@app.get("/say")
def say() -> dict[str, float | int]:
    count = int(request.args["count"])
    with one_at_a_time:
        cpu, start = time.process_time(), time.monotonic()
        for n in range(count):
            sio.emit("changes", {**EVENT, "n": n}, namespace="/hall")
        return {"at": start, "emit_ms": (time.monotonic() - start) * 1000, "cpu_before": cpu}


@app.get("/cpu")
def cpu() -> dict[str, float | int]:
    return {"cpu": time.process_time(), "pid": os.getpid(),
            **getattr(sio.server.manager, "counts", {"direct": 0})}
