"""A real Redis for the tests: the program on the machine, on a socket of its own, thrown away after."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

SKIPPED = "no redis-server: apt install redis-server"


def program() -> str | None:
    return shutil.which("redis-server")


@contextmanager
def running() -> Iterator[str]:
    """Yields the URL of a Redis that keeps nothing and listens on a Unix socket only."""
    found = program()
    assert found is not None, SKIPPED
    home = Path(tempfile.mkdtemp(prefix="wrd", dir="/tmp"))
    place = home / "redis.sock"
    command = [found, "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(unix_socket_path=str(place))
        end = time.monotonic() + 20
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert time.monotonic() < end, "redis did not start"
                time.sleep(0.02)
        client.close()
        yield f"unix://{place}"
    finally:
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(home, ignore_errors=True)
