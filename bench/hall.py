"""The product under measurement, on a fresh data directory, set up, with kiosks and clerks signed in.

Everything goes through the doors a hall uses: the set-up code, one-time passwords, enrolment codes, keys.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.http_load import Http
from bench.procs import ROOT, Child, free_port

SETUP_CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}\b")
_numbers = itertools.count()


def request_id() -> str:
    return f"bench-{secrets.token_hex(6)}-{next(_numbers)}"


def password() -> str:
    """One that nobody guesses: it lives as long as the run."""
    return f"{secrets.token_urlsafe(12)}Aa7"


def until(true: Callable[[], object], deadline_s: float) -> None:
    """Poll; TimeoutError after the deadline."""
    end = time.monotonic() + deadline_s
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing in {deadline_s} s")
        time.sleep(0.02)


class Refused(RuntimeError):
    """The hall answered something the bench did not expect."""


class Caller:
    """A kiosk (by key) or a clerk (by cookie) with one kept connection."""

    def __init__(self, port: int, headers: dict[str, str], place: str = "") -> None:
        self.port, self.headers, self.place = port, headers, place
        self.http = Http(port, headers)

    def again(self) -> Caller:
        """The same caller on a connection of its own."""
        return Caller(self.port, self.headers, self.place)

    def ask(self, path: str, **body: object) -> int:
        """One act; its status."""
        return self.http("POST", path, {"request_id": request_id(), **body})[0]

    def act(self, path: str, good: tuple[int, ...] = (200, 201), **body: object) -> Any:
        status, answer = self.http.json("POST", path, {"request_id": request_id(), **body})
        if status not in good:
            raise Refused(f"POST {path}: {status} {answer}")
        return answer


class Hall:
    """One running server. `start` and `kill` may be repeated on the same data directory.

    whole: `wucha run`, with the device host and its virtual machines; else the server process alone.
    """

    def __init__(self, data: Path, whole: bool) -> None:
        self.data, self.whole, self.port = data, whole, free_port()
        data.mkdir(parents=True, exist_ok=True)
        self.log = data.parent / f"{data.name}.log"
        self.code = ""
        self.child: Child | None = None
        self.staff: list[dict[str, Any]] = []
        self.manager: Caller | None = None

    def start(self, deadline_s: float = 60) -> float:
        """Seconds from process start to the first 200 of /healthz."""
        if self.whole:
            command = [sys.executable, "-m", "server.cli", "run"]
        else:
            command = [sys.executable, "-m", "server.serve", "--hall"]
        env = {"WUCHA_DATA": str(self.data), "WUCHA_PORT": str(self.port), "WUCHA_PASSWORD_COST": "test",
               "WUCHA_CONFIG": str(self._config()), "PYTHONUNBUFFERED": "1"}
        self.child = Child(command, self.port, self.log, env)
        return self.child.wait_for(self.answers, deadline_s)

    def _config(self) -> Path:
        """The demo hall with numbers up to 9999, so that none runs out while we measure."""
        config = self.data.parent / f"{self.data.name}-config" / "demo"
        if not config.exists():
            shutil.copytree(ROOT / "config/demo", config)
            queues = config / "queues.toml"
            text = queues.read_text(encoding="utf-8").replace("last_number = 999\n", "last_number = 9999\n")
            queues.write_text(text, encoding="utf-8")
        return config

    def answers(self) -> bool:
        http = Http(self.port, timeout=5)
        try:
            return http("GET", "/healthz")[0] == 200
        finally:
            http.close()

    def set_up(self) -> None:
        """Trade the set-up code for accounts."""
        if not self.code:
            until(lambda: SETUP_CODE.search(self.log.read_text(errors="replace")), 20)
            self.code = SETUP_CODE.findall(self.log.read_text(errors="replace"))[-1]
        http = Http(self.port)
        status, headers, body = http("POST", "/api/setup", {"code": self.code, "password": password()})
        answer = json.loads(body)
        if status not in (200, 201):
            raise Refused(f"set-up: {status} {answer}")
        self.staff = answer["staff"]
        self.manager = Caller(self.port, _signed_in(headers, answer))

    def kiosk(self, name: str) -> Caller:
        """A kiosk that gets numbers (the demo hall opens its day by itself, a moment after the start)."""
        made = Caller(self.port, {"Authorization": f"Bearer {self.key('kiosk', kiosk=name)}"}, name)
        service = self.services()[0]
        until(lambda: made.ask("/api/tickets", service=service) == 201, 20)
        return made

    def key(self, kind: str, **place: str) -> str:
        """A new device's key, by code as a hall does it."""
        assert self.manager is not None
        code = self.manager.act("/api/enrolments", kind=kind, **place)["code"]
        status, answer = Http(self.port).json("POST", "/api/enrol", {"code": code})
        if status != 201:
            raise Refused(f"enrol: {status} {answer}")
        return str(answer["key"])

    def clerks(self, wanted: int) -> list[Caller]:
        """Up to `wanted` clerks, each at an open window of their own."""
        found: list[Caller] = []
        for person in self.staff:
            if len(found) == wanted:
                break
            if not person.get("window"):
                continue
            with suppress(Refused):
                clerk = self.sign_in(person)
                clerk.act(f"/api/windows/{clerk.place}/open")
                found.append(clerk)
        if not found:
            raise Refused("no clerk could open a window")
        return found

    def sign_in(self, person: dict[str, Any]) -> Caller:
        asked = {"staff": person["id"], "password": person["once_password"], "new_password": password()}
        status, headers, body = Http(self.port)("POST", "/api/session", asked)
        if status != 200:
            raise Refused(f"sign-in of {person['id']}: {status} {body[:200]!r}")
        return Caller(self.port, _signed_in(headers, json.loads(body)), person["window"])

    @staticmethod
    def services() -> list[str]:
        """What a kiosk may give numbers for."""
        from server.settings import read_hall

        hall = read_hall(ROOT / "config/demo", ROOT / "config")
        known = hall.catalogue
        return [s.id for s in known.services.values()
                if known.queues[s.queue].self_register and hall.identity_of(s) != "id_card_required"]

    def kill(self) -> None:
        if self.child is not None:
            self.child.kill()

    def __enter__(self) -> Hall:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child is not None:
            self.child.end()


def _signed_in(headers: dict[str, str], answer: dict[str, Any]) -> dict[str, str]:
    cookies = "; ".join(line.split(";")[0] for line in headers.get("set-cookie", "").split("\n"))
    return {"Cookie": cookies, "X-Wucha-CSRF": answer["csrf"]}
