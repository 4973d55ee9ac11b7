"""Everybody who may knock: a browser with somebody signed in, a device with its key."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.actions.enrol import enrol, make_code
from server.actions.sign_in import begin_session
from server.api.access import COOKIE, CSRF_HEADER
from server.app import App
from server.domain.actors import SYSTEM
from server.store import tables as t
from server.store.people import accounts, set_password

PEOPLE = {
    "clerk": "ZW001",
    "back_clerk": "ZW015",
    "guide": "ZW025",
    "duty_leader": "ZW021",
    "supervisor": "ZW023",
    "manager": "ZW024",
    "chief_representative": "ZW029",
    "admin": "ZW028",
}
PLACES: dict[str, dict[str, str]] = {
    "kiosk": {"kiosk": "K1"},
    "pad": {"window": "W01"},
    "window_screen": {"window": "W01"},
    "board": {"name": "B1"},
    "host": {"name": "cellar"},
}


@dataclass
class Caller:
    """A client that shows who it is with every request."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)
    id: str = ""
    secret: str = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        known = {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.client.open(path, method=method, json=body, headers=known)


def nobody(app: App) -> Caller:
    return Caller(app.flask.test_client())


def staff(app: App, role: str) -> Caller:
    """Signed in without a password: the session is made in the store."""
    return person_of(app, PEOPLE[role])


def person_of(app: App, person: str) -> Caller:
    """The same for one person of staff.toml."""
    with app.house.store.unit(SYSTEM) as unit:
        if person not in accounts(unit.connection, unit.hall):
            set_password(unit, person, "-", one_time=False)
        signed = begin_session(unit, person)
    client = app.flask.test_client()
    client.set_cookie(COOKIE, signed.token)
    return Caller(client, {CSRF_HEADER: signed.session.csrf}, person, signed.token)


def device(app: App, kind: str, **place: str) -> Caller:
    bound = {"window": None, "kiosk": None, "name": None, **(place or PLACES[kind])}
    with app.house.store.unit(SYSTEM) as unit:
        code, _ = make_code(unit, app.house.hall, kind, **bound)
        key, made = enrol(unit, code)
    return Caller(app.flask.test_client(), {"Authorization": f"Bearer {key}"}, made.id, key)


def caller(app: App, role: str) -> Caller:
    return device(app, role) if role in PLACES else staff(app, role)


def audit(app: App, act: str | None = None) -> list[dict[str, Any]]:
    """The audit lines of `act`, oldest first."""
    with app.house.store.read() as connection:
        rows = connection.execute(select(t.audit.c.line).order_by(t.audit.c.seq)).scalars()
        lines = [json.loads(line) for line in rows]
    return [line for line in lines if act is None or line["act"] == act]
