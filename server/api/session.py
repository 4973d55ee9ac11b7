"""Signing in and out: POST, GET, DELETE /api/session."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from threading import Lock
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import current_app, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from server.actions.passwords import Passwords
from server.actions.sign_in import SignedIn, look, sign_in, sign_out
from server.api.access import COOKIE, caller, check_origin, door, signed_in
from server.api.bodies import Body, RequestId
from server.api.limit import KEYS, Limit
from server.domain import refusals
from server.domain.actors import Actor
from server.domain.catalogue import Person
from server.domain.refusals import Refusal
from server.domain.sessions import LOCKED_FOR, Failures, Session
from server.house import House, house
from server.store.people import find_account
from server.store.windows import post_of

bp = APIBlueprint("session", __name__)

Secret = Annotated[str, StringConstraints(min_length=1, max_length=200)]
PER_ADDRESS = 50  # wrong passwords from one address within LOCKED_FOR


class SignIn(Body):
    """`new_password` replaces the password that was shown; needed after a one-time one."""

    staff: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    password: Secret
    new_password: Secret | None = None
    request_id: RequestId | None = None


class Strangers:
    """Wrong passwords for people who do not exist, so that they are locked like those who do."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, Failures] = OrderedDict()
        self._guard = Lock()

    def fail(self, who: str, now: Any, allowed: int) -> Refusal:
        with self._guard:
            before = self._failed.pop(who, Failures())
            after = before if before.is_locked(now) else before.one_more(now, allowed)
            self._failed[who] = after
            if len(self._failed) > KEYS:
                self._failed.popitem(last=False)
        if after.is_locked(now):
            return refusals.LoginLocked(minutes=int(LOCKED_FOR.total_seconds() // 60))
        return refusals.LoginFailed()


class Gate:
    """What signing in needs for the life of the app."""

    def __init__(self, cost: str) -> None:
        self.passwords = Passwords(cost)
        self.strangers = Strangers()
        self.wrong = Limit(PER_ADDRESS, LOCKED_FOR)
        self.codes = Limit(10, timedelta(minutes=1))  # tries of one-time codes from one address


def gate() -> Gate:
    found = current_app.extensions.get("wucha-gate")
    if found is None:
        found = current_app.extensions.setdefault("wucha-gate", Gate(house().settings.password_cost))
    assert isinstance(found, Gate)
    return found


def address() -> str:
    """Where the request comes from. Forwarded headers are not believed, for anybody can write them: all who
    come through one proxy share its address, and what is allowed to it.
    """
    return request.remote_addr or "-"


@bp.post("/api/session")
@bp.input(SignIn, arg_name="body")
def post_session(body: SignIn) -> ResponseReturnValue:
    """Sign in: 200 {me, csrf} and the cookie; 401 login-failed, 429 login-locked, 409
    password-change-needed.
    """
    check_origin()
    h = house()
    if gate().wrong.is_spent(address(), h.clock()):
        raise refusals.TooFast()
    person = h.hall.catalogue.people.get(body.staff)
    with h.store.read() as connection:
        account = find_account(connection, h.store.hall, body.staff) if person else None
    attempt = look(gate().passwords, h.hall, person, account, body.password, body.new_password)
    actor = Actor("staff", person.id, person.role) if person else Actor("staff", "unknown", "unknown")
    with h.store.unit(actor) as unit:
        outcome = sign_in(unit, h.hall, attempt, request.cookies.get(COOKIE))
    if isinstance(outcome, SignedIn):
        door().forget()
        return welcome(outcome)
    if isinstance(outcome, refusals.LoginFailed | refusals.LoginLocked):
        gate().wrong.mark(address(), h.clock())
        if account is None:
            outcome = gate().strangers.fail(body.staff, h.clock(), h.hall.hall.privacy.failed_login_lock)
    raise outcome


@bp.get("/api/session")
def get_session() -> ResponseReturnValue:
    """Who is signed in at this browser: 200 {me, csrf}, 401 nobody."""
    session, _ = signed_in()
    return jsonify(session_json(session))


@bp.delete("/api/session")
def delete_session() -> ResponseReturnValue:
    """Sign out: 200 {}, also when nobody was signed in any more."""
    check_origin()
    if request.cookies.get(COOKIE):
        try:
            actor = caller()
        except refusals.SessionNeeded:
            actor = None
        if actor is not None and actor.kind == "staff":
            with house().store.unit(actor) as unit:
                sign_out(unit, actor.proof)
            door().forget()
    reply = jsonify({})
    reply.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=request.is_secure)
    return reply


def welcome(signed: SignedIn, **more: object) -> ResponseReturnValue:
    """{me, csrf, …} with the session's cookie."""
    reply = jsonify({**session_json(signed.session), **more})
    reply.set_cookie(
        COOKIE, signed.token, path="/", httponly=True, samesite="Strict", secure=request.is_secure
    )
    return reply


def session_json(session: Session) -> dict[str, object]:
    h = house()
    return {"me": me_json(h, h.hall.catalogue.people[session.person]), "csrf": session.csrf}


def me_json(h: House, person: Person) -> dict[str, object]:
    """window: where the person sits now, else the window they are rostered for."""
    with h.store.read() as connection:
        post = post_of(connection, h.store.hall, person.id)
    return {**person_json(person), "window": post.window if post else person.a_window or None}


def person_json(person: Person) -> dict[str, object]:
    known = {"id": person.id, "name": person.name, "name_en": person.name_en}
    return {**known, "role": person.role, "title": person.title, "window": person.a_window or None}
