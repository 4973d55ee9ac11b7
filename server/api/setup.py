"""The first start: POST /api/setup makes the hall's accounts."""

from __future__ import annotations

from typing import Annotated

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from server.actions.passwords import new_once_password
from server.actions.set_up import first_admin, may_set_up, set_up
from server.actions.sign_in import begin_session, own_words
from server.api.access import check_origin
from server.api.bodies import Body, RequestId
from server.api.session import Secret, address, gate, person_json, welcome
from server.domain import refusals
from server.domain.actors import Actor
from server.domain.passwords import check_password
from server.house import house

bp = APIBlueprint("setup", __name__)

CodeText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 -]{4,40}$")]


class SetUp(Body):
    """`code`: as the console printed it. `password`: the admin's."""

    code: CodeText
    password: Secret
    request_id: RequestId | None = None


@bp.post("/api/setup")
@bp.input(SetUp, arg_name="body")
def post_setup(body: SetUp) -> ResponseReturnValue:
    """Make all accounts and sign the admin in: 200 {me, csrf, staff}, where `staff` tells each one-time
    password once.

    403 code-wrong, 409 setup-done, 422 password-weak.
    """
    check_origin()
    h = house()
    if not gate().codes.mark(address(), h.clock()):
        raise refusals.TooFast()
    may_set_up(h.store, body.code)
    admin = first_admin(h.hall)
    check_password(body.password, own_words(h.hall, admin))
    once = {p: new_once_password() for p in h.hall.catalogue.people if p != admin.id}
    hashes = {p: gate().passwords.hash(word) for p, word in once.items()}
    admin_hash = gate().passwords.hash(body.password)
    with h.store.unit(Actor("staff", admin.id, admin.role)) as unit:
        set_up(unit, h.hall, body.code, admin_hash, hashes)
        signed = begin_session(unit, admin.id)
    people = h.hall.catalogue.people
    return welcome(
        signed, staff=[{**person_json(people[p]), "once_password": word} for p, word in once.items()]
    )
