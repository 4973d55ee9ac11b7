"""Every version of the rules that was ever in force."""

from __future__ import annotations

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, insert, select

from server.domain.routing import Rules
from server.store import tables as t
from server.store.unit import Unit

_BODY = TypeAdapter(Rules)
_FIND = select(t.rules.c.body).where(
    t.rules.c.hall == bindparam("hall"), t.rules.c.version == bindparam("version")
)


def find_rules(connection: Connection, hall: str, version: int) -> Rules:
    """The rules of a version. Raises NoResultFound for one that never was."""
    return _BODY.validate_python(connection.execute(_FIND, {"hall": hall, "version": version}).scalar_one())


def add_rules(unit: Unit, rules: Rules) -> int:
    """Write the next version and put it in force with this unit's commit; its number."""
    unit.rules += 1
    body = _BODY.dump_python(rules, mode="json")
    row = {"hall": unit.hall, "version": unit.rules, "body": body, "at": unit.now}
    unit.connection.execute(insert(t.rules), row)
    return unit.rules
