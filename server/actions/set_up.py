"""首次启用: no hall has a default password. The first start prints a one-time code; who has it makes the
accounts.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.actions.passwords import hashed, new_code, plain_code
from server.domain import refusals
from server.domain.access import ADMIN, MANAGER
from server.domain.catalogue import Person
from server.settings import HallSettings
from server.store.devices import Code, add_code, drop_codes, find_code, use_code
from server.store.people import accounts, set_password
from server.store.unit import Store, Unit

KIND = "setup"


def make_setup_code(unit: Unit) -> str | None:
    """A fresh code like ABCD-EFGH-JKLM, the only one that works now; None when the hall is set up already."""
    if accounts(unit.connection, unit.hall):
        return None
    drop_codes(unit, KIND)
    code = new_code(12)
    add_code(unit, hashed(code), Code(KIND, "setup", None, None, None))
    unit.note("setup.code", "hall")
    return "-".join((code[:4], code[4:8], code[8:]))


def may_set_up(store: Store, code: str) -> None:
    """Before anything slow is done for a caller nobody knows. Raises SetupDone, CodeWrong."""
    with store.read() as connection:
        if accounts(connection, store.hall):
            raise refusals.SetupDone()
        found = find_code(connection, store.hall, hashed(plain_code(code)))
    if found is None or found.kind != KIND:
        raise refusals.CodeWrong()


def first_admin(hall: HallSettings) -> Person:
    """Whose password the set-up asks for: the first admin of staff.toml, else the first manager, else the
    first person.
    """
    return min(hall.catalogue.people.values(), key=lambda p: (p.role != ADMIN, p.role != MANAGER))


def set_up(
    unit: Unit, hall: HallSettings, code: str, admin_hash: str, once_hashes: Mapping[str, str]
) -> Person:
    """Make all accounts: the admin's with a chosen password, the others' with one-time ones. Returns the
    admin.

    Raises SetupDone, CodeWrong.
    """
    if accounts(unit.connection, unit.hall):
        raise refusals.SetupDone()
    found = use_code(unit, hashed(plain_code(code)))
    if found is None or found.kind != KIND:
        raise refusals.CodeWrong()
    admin = first_admin(hall)
    set_password(unit, admin.id, admin_hash, one_time=False)
    for person, once in once_hashes.items():
        set_password(unit, person, once, one_time=True)
    unit.note("setup.done", "hall", admin=admin.id, accounts=len(once_hashes) + 1)
    return admin
