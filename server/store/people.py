"""Accounts: the password of each person who may sign in. Who the people are stands in the hall's
staff.toml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.domain.sessions import Failures
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

_ACCOUNT = [c for c in t.person.c if c.name != "hall"]
_ALL = select(*_ACCOUNT).where(t.person.c.hall == bindparam("hall"))
_FIND = _ALL.where(t.person.c.id == bindparam("person"))


@dataclass(frozen=True)
class Account:
    """`password` is an argon2id hash. one_time: must be replaced at the next log-in."""

    id: str
    password: str
    one_time: bool
    disabled: bool
    failures: int
    locked_until: datetime | None

    @property
    def failed(self) -> Failures:
        return Failures(self.failures, self.locked_until)


def find_account(connection: Connection, hall: str, person: str) -> Account | None:
    row = connection.execute(_FIND, {"hall": hall, "person": person}).mappings().one_or_none()
    return Account(**row) if row else None


def accounts(connection: Connection, hall: str) -> dict[str, Account]:
    """By person; empty when the hall was never set up."""
    rows = connection.execute(_ALL, {"hall": hall}).mappings()
    return {row["id"]: Account(**row) for row in rows}


def set_password(unit: Unit, person: str, password_hash: str, one_time: bool) -> None:
    """Make the account or replace its password; failures and lock are forgotten."""
    row = {"hall": unit.hall, "id": person, "password": password_hash, "one_time": one_time}
    row |= {"disabled": False, "failures": 0, "locked_until": None}
    upsert(unit.connection, t.person, row, ("hall", "id"), keep=("disabled",))


def save_account(unit: Unit, person: str, **values: Any) -> None:
    mine = (t.person.c.hall == unit.hall) & (t.person.c.id == person)
    unit.connection.execute(t.person.update().where(mine), values)
