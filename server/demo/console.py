"""Who plays: accounts and sessions made at this machine's console, as `wucha user reset` makes passwords.

A hall that was never set up is set up with its code, and the one-time passwords are told; in one that was,
nobody's password changes. Every session leaves its audit line.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests

from server.actions.passwords import new_once_password
from server.actions.set_up import first_admin, make_setup_code
from server.actions.sign_in import begin_session
from server.api.access import COOKIE, CSRF_HEADER
from server.clock import now
from server.domain.actors import SYSTEM
from server.domain.appointments import Booking
from server.domain.events import AppointmentBooked
from server.settings import HallSettings, Settings
from server.store.appointments import add_appointment
from server.store.engine import open_engine
from server.store.people import accounts
from server.store.unit import Store, Unit

PATIENCE_S, PAUSE_S = 20.0, 0.3
PLACES = 1_000  # places of a slot that the demo invents begin here
TOLD = ("manager", "duty_leader", "clerk")  # whose one-time passwords are told: one of each

_numbers = itertools.count()


class OtherHall(Exception):
    """The server at that address does not work on this data folder."""


class NoAnswer(Exception):
    """The hall does not answer any more."""


class Caller:
    """Somebody with a proof of who they are. A write is sent again with the same id until it is answered."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url, self.headers = url, headers
        self._http = requests.Session()
        self._http.trust_env = False

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        return self._send("GET", path, None)

    def act(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """(status, answer). Raises NoAnswer."""
        return self._send(
            "POST", path, {"request_id": f"demo-{secrets.token_hex(4)}-{next(_numbers)}", **body}
        )

    def delete(self, path: str) -> tuple[int, dict[str, Any]]:
        return self._send("DELETE", path, {})

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                reply = self._http.request(
                    method, self.url + path, json=body, headers=self.headers, timeout=10
                )
                if reply.status_code not in (502, 503, 504):
                    return reply.status_code, reply.json() if reply.content else {}
            except requests.RequestException:
                pass
            if time.monotonic() > end:
                raise NoAnswer(path)
            time.sleep(PAUSE_S)


def book_today(unit: Unit, hall: HallSettings, service: str, at: datetime) -> str:
    """An appointment for today at any minute, which no door gives: its check-in code."""
    made = add_appointment(
        unit,
        queue=hall.catalogue.services[service].queue,
        service=service,
        day=unit.now.astimezone(hall.zone).date().isoformat(),
        at=at,
        place=PLACES + next(_numbers),
        state=Booking.BOOKED,
        lang="zh",
    )
    unit.add(AppointmentBooked(made.id, made.queue, at.isoformat()))
    unit.note("appointment.book", f"appointment:{made.id}", at=at.isoformat())
    return made.code


class Console:
    """The people of one demo hall, by way of its data folder."""

    def __init__(self, settings: Settings, hall: HallSettings, say: Callable[[str], None]) -> None:
        """hall: as it is published."""
        self._hall, self._say = hall, say
        self._url = f"http://{settings.host}:{settings.port}"
        self.store = Store(open_engine(settings.database), settings.hall.id, now)

    def set_up(self) -> None:
        """Make the accounts of a new hall and tell how to sign in; nothing in one that has them."""
        with self.store.read() as connection:
            if accounts(connection, self.store.hall):
                return
        with self.store.unit(SYSTEM) as unit:
            code = make_setup_code(unit)
        password = new_once_password()
        status, answer = Caller(self._url, {}).act("/api/setup", code=code, password=password)
        if status != 200:
            raise OtherHall(str(answer.get("refused")))
        admin = first_admin(self._hall)
        self._say(f"  {admin.title} {admin.role} {admin.id}: {password}")
        for role in TOLD:
            person = next((p for p in answer["staff"] if p["role"] == role), None)
            if person:
                self._say(
                    f"  {person['title']} {role} {person['id']}: {person['once_password']} (一次性 / once)"
                )

    def caller(self, person: str) -> Caller:
        """`person`, signed in. Raises OtherHall when the server does not know the session."""
        with self.store.unit(SYSTEM) as unit:
            signed = begin_session(unit, person)
        headers = {"Cookie": f"{COOKIE}={signed.token}", CSRF_HEADER: signed.session.csrf}
        caller = Caller(self._url, headers)
        if caller.get("/api/session")[0] != 200:
            raise OtherHall(self._url)
        return caller

    def book(self, service: str, at: datetime) -> str:
        """Its check-in code."""
        with self.store.unit(SYSTEM) as unit:
            return book_today(unit, self._hall, service, at)

    def one_of(self, role: str) -> str:
        """The id of the first person of that role."""
        return next(p.id for p in self._hall.catalogue.people.values() if p.role == role)

    def close(self) -> None:
        self.store.engine.dispose()
