"""A whole hall as a newcomer starts it: `wucha run` as a process, real serial bytes, real browser pages."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import requests
import socketio

from tests.conftest import ROOT

T = TypeVar("T")
START_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Callable[[], T | None], seconds: float = 20.0, what: str = "") -> T:
    """What `look` finds, polled until it is there."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not seen within {seconds} s: {what or look}"
        time.sleep(0.05)


class Town:
    """The processes of one hall and its first staff."""

    def __init__(self, data: Path, port: int | None = None, devices: Path | None = None) -> None:
        self.data, self.port, self.devices = data, port or free_port(), devices
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "run.log"
        self.admin = requests.Session()
        self.staff: dict[str, dict[str, Any]] = {}
        self.csrf = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Town:
        command = [
            sys.executable,
            "-m",
            "server.cli",
            "run",
            "--data",
            str(self.data),
            "--port",
            str(self.port),
        ]
        if self.devices is not None:
            command += ["--devices", str(self.devices)]
        env = {**os.environ, "WUCHA_PASSWORD_COST": "test"}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=out, cwd=ROOT, env=env, start_new_session=True
            )
        until(lambda: "Ctrl-C" in self.log.read_text("utf-8"), START_S, "the addresses")
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)

    def set_up(self) -> Town:
        """Use the printed code, as the first person does."""
        found = re.search(r"set-up code: (\S+)", self.log.read_text("utf-8"))
        assert found is not None
        body = {"code": found[1], "password": "qinghe-hall-2026"}
        reply = requests.post(f"{self.url}/api/setup", json=body, headers={"Origin": self.url}, timeout=10)
        assert reply.status_code == 200, reply.text
        self.admin.cookies.update(reply.cookies)
        self.csrf = reply.json()["csrf"]
        self.staff = {person["id"]: person for person in reply.json()["staff"]}
        return self

    def write(self, path: str, body: dict[str, Any], method: str = "POST") -> Any:
        headers = {"X-Wucha-CSRF": self.csrf, "Origin": self.url}
        reply = self.admin.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=10)
        assert reply.ok, reply.text
        return reply.json()

    def code(self, **device: str) -> str:
        """A one-time enrolment code for a device."""
        return str(self.write("/api/enrolments", device)["code"])

    def key(self, **device: str) -> dict[str, str]:
        """A device's own header, enrolled over HTTP."""
        reply = requests.post(f"{self.url}/api/enrol", json={"code": self.code(**device)}, timeout=10)
        return {"Authorization": f"Bearer {reply.json()['key']}"}

    def lead(self, path: str, **body: Any) -> Any:
        """A deed of the duty leader, signed in anew; staff["ZW021"] keeps the password."""
        leader, headers, who = requests.Session(), {"Origin": self.url}, self.staff["ZW021"]
        once, word = who.pop("once_password", None), "an-honest-word-2026"
        sign = {"staff": "ZW021", "password": once or word, **({"new_password": word} if once else {})}
        signed = leader.post(f"{self.url}/api/session", json=sign, headers=headers, timeout=10)
        headers["X-Wucha-CSRF"] = signed.json()["csrf"]
        body = {"request_id": request_id(), **body}
        reply = leader.post(f"{self.url}{path}", json=body, headers=headers, timeout=10)
        assert reply.ok, reply.text
        return reply.json()

    def state(self, face: str, headers: dict[str, str] | None = None) -> Any:
        reply = self.admin.get(f"{self.url}/api/state/{face}", headers=headers, timeout=10)
        assert reply.ok, reply.text
        return reply.json()

    def bench(self) -> Bench:
        return Bench(self)


class Bench:
    """The virtual devices as the bench page sees them: what is on paper, strips and keypads."""

    def __init__(self, town: Town) -> None:
        self.models: dict[str, dict[str, Any]] = {}
        self.client = socketio.Client()
        self.client.on("snapshot", self._take, namespace="/bench")
        self.client.on("changes", self._take, namespace="/bench")
        cookie = "; ".join(f"{c.name}={c.value}" for c in town.admin.cookies)
        headers = {"Cookie": cookie}  # websocket-client writes the Origin itself
        self.client.connect(
            town.url,
            headers=headers,
            auth={"csrf": town.csrf},
            namespaces=["/bench"],
            transports=["websocket"],
        )

    def _take(self, message: dict[str, Any]) -> None:
        self.models.update(message["rows"]["devices"])

    def act(self, device: str, act: str, **more: Any) -> None:
        until(lambda: device in self.models, what=device)
        answer = self.client.call(
            "act", {"device": device, "act": act, **more}, namespace="/bench", timeout=10
        )
        assert answer == {"ok": True}, answer

    def close(self) -> None:
        self.client.disconnect()


def request_id() -> str:
    return str(uuid.uuid4())
