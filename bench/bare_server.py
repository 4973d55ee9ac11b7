"""The rival of take and next: the least a Flask handler can do that keeps its promise, one WAL+FULL commit.

WUCHA_BENCH_DB names the database file.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from flask import Flask, request

from bench.floor import commit, open_floor

app = Flask(__name__)
db = open_floor(Path(os.environ["WUCHA_BENCH_DB"]))
one_writer = threading.Lock()


@app.post("/take")
def take() -> dict[str, object]:
    asked = request.get_json()
    with one_writer:
        commit(db)
    return {"number": "A001", "service": asked["service"]}


@app.get("/healthz")
def healthz() -> dict[str, bool]:
    return {"ok": True}
