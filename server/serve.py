"""Running the server: gunicorn gthread, one worker per process, threads for every socket. A measured better
choice changes this file only. `python -m server.serve` is what the supervisor starts.

gunicorn's arbiter stays out of the way: it forks one worker, and the worker builds the app after the fork, so
that no thread or database connection crosses it.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from server.clock import steady
from server.lock import DataInUse, hold
from server.settings import Settings

SOCKETS = 1500  # listeners a process carries; each holds one pool thread
SPARE_THREADS = 64
BESIDE = frozenset({"ticker", "estimator", "nearby", "publisher"})
END_S = 1.0


class PortTaken(OSError):
    """Somebody else listens there."""


def check_port(host: str, port: int) -> None:
    """Raises PortTaken before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(error.errno, f"{host}:{port}") from None


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """One worker with as many threads as listeners."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ends: list[Callable[[], None]] = []  # of what works beside the requests, in the worker
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": SOCKETS + SPARE_THREADS,
            "worker_connections": SOCKETS * 2,
            "graceful_timeout": 3,
            "timeout": 60,
            "keepalive": 65,
            "limit_request_field_size": 8190,
            "loglevel": "warning",
            "proc_name": "wucha",
            "control_socket_disable": True,
            "worker_exit": self.end,
        }
        for key, value in options.items():
            if key in self.cfg.settings:
                self.cfg.set(key, value)

    def load(self) -> Any:
        if not self._settings.redis:
            modules: dict[str, Any] = sys.modules
            modules.setdefault("redis", None)  # Socket.IO would load it: 0.2 s
        from server.app import create_app
        from server.estimator import Estimator
        from server.nearby import Neighbours
        from server.tick import Ticker
        from server.voice import warm

        app = create_app(self._settings, steady=steady)
        app.publisher.start()
        ticker = Ticker(app.house, app.sweep)
        ticker.once()  # the day is as it should be before the first request
        ticker.start()
        estimator = Estimator(app.house)
        app.listen(estimator.hear)
        estimator.start()
        neighbours = Neighbours(app.house)
        neighbours.start()
        warm(app.house)
        self._ends = [ticker.stop, estimator.stop, neighbours.stop, app.publisher.stop]
        return app.flask

    def end(self, _arbiter: Any = None, _worker: Any = None) -> None:
        """Once the last request is answered: nobody begins anything any more. Who is amid something is
        waited for a moment, but not for long: what it has not committed did not happen."""
        for end in self._ends:
            end()
        late = time.monotonic() + END_S
        for thread in threading.enumerate():
            if thread.name in BESIDE:
                thread.join(max(0.0, late - time.monotonic()))


def serve(settings: Settings, hall: bool) -> None:
    """Serve until SIGTERM; `hall`: prepare the data folder of a whole hall first.

    Raises PortTaken, DataInUse when another server works on the same folder, OSError when it cannot be used.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    check_port(settings.host, settings.port)
    with hold(settings.data):
        if hall:
            from server.prepare import prepare  # late: a taken port is told before the database is loaded

            prepare(settings)
        Server(settings).run()


def main() -> None:
    from server.cli import fail, read_settings

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    settings = read_settings()
    try:
        serve(settings, hall="--hall" in sys.argv[1:])
    except PortTaken:
        fail("端口已被占用", f"port {settings.port} is in use")
    except DataInUse:
        fail("另一个服务正在使用这个数据目录", f"another server works on {settings.data}")
    except OSError as error:
        fail("数据目录不可用", f"the data folder cannot be used: {error}")
    os._exit(0)


if __name__ == "__main__":
    main()
