"""The people of the hall as accounts: GET /api/staff, POST /api/staff/<id>/password-reset."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import jsonify
from flask.typing import ResponseReturnValue

from server.actions.passwords import new_once_password
from server.actions.reset_password import reset_password
from server.api.access import current_actor, door, needs, recheck
from server.api.bodies import Body, RequestId
from server.api.session import gate, person_json
from server.house import house
from server.store.people import Account, accounts

bp = APIBlueprint("staff", __name__)


class Reset(Body):
    request_id: RequestId | None = None


@bp.get("/api/staff")
@needs("staff.list")
def get_staff() -> ResponseReturnValue:
    """Everybody who works here: 200 {staff: [{id, name, role, title, window, account:
    none|one_time|locked|ok}]}.
    """
    h = house()
    with h.store.read() as connection:
        known = accounts(connection, h.store.hall)
    people = [p for p in h.hall.catalogue.people.values() if not p.left]
    return jsonify({"staff": [{**person_json(p), "account": _state(known.get(p.id))} for p in people]})


@bp.post("/api/staff/<person>/password-reset")
@needs("staff.reset")
@bp.input(Reset, arg_name="body")
def post_password_reset(person: str, body: Reset) -> ResponseReturnValue:
    """A one-time password, told once: 200 {once_password}; all sessions of the person end."""
    once = new_once_password()
    once_hash = gate().passwords.hash(once)
    with house().store.unit(current_actor()) as unit:
        recheck(unit)
        reset_password(unit, house().hall, person, once_hash)
    door().forget()
    return jsonify({"once_password": once})


def _state(account: Account | None) -> str:
    if account is None:
        return "none"
    if account.disabled or account.failed.is_locked(house().clock()):
        return "locked"
    return "one_time" if account.one_time else "ok"
