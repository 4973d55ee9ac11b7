"""Who is knocking, and may they do this: `@needs("window.call")` before every view that is not for everybody.

A device shows its key (`Authorization: Bearer`), a member of staff the session cookie and, to write, the
CSRF token; a citizen's link is looked up by its own view, which then says `citizen_actor`. Rights come
from domain/access.py. What was read here may be two seconds old, so the act reads it again inside its
transaction (`recheck`, I18).
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import current_app, g, request
from flask_socketio import ConnectionRefusedError

from server.actions.passwords import hashed
from server.api.limit import Limit
from server.domain import refusals
from server.domain.access import DEVICES, LISTENING, MATRIX, is_own_origin, may
from server.domain.actors import SYSTEM, Actor
from server.domain.catalogue import Person
from server.domain.refusals import Refusal
from server.domain.sessions import Session, is_alive
from server.house import House, house
from server.store.devices import (
    Device,
    devices,
    find_device,
    find_device_by_key,
    save_device,
    standing_devices,
)
from server.store.people import accounts
from server.store.sessions import find_session, seen_session, sessions_by_hash
from server.store.unit import Unit

log = logging.getLogger(__name__)
P, R = ParamSpec("P"), TypeVar("R")

COOKIE, CSRF_HEADER = "wucha_session", "X-Wucha-CSRF"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OLD_S = 2.0  # a look-up may be this old; revoking takes effect within it
SEEN_EVERY = timedelta(minutes=1)
AUTHORITY = (
    refusals.SessionNeeded,
    refusals.DeviceUnknown,
    refusals.CsrfMissing,
    refusals.OriginForeign,
    refusals.ActForbidden,
)
NOBODY = Actor("unknown", "-", "unknown")


@dataclass
class Door:
    """What the door of one app remembers: recent look-ups, and how often it wrote down a refusal."""

    found: dict[str, tuple[float, Device | Session]] = field(default_factory=dict)
    same_refusal: Limit = field(default_factory=lambda: Limit(1, timedelta(minutes=1)))
    all_refusals: Limit = field(default_factory=lambda: Limit(60, timedelta(minutes=1)))

    def forget(self) -> None:
        """Somebody signed out or was revoked: look everything up again."""
        self.found.clear()

    def remember(self, secret_hash: str, row: Device | Session) -> None:
        if len(self.found) > 5_000:
            self.found.clear()
        self.found[secret_hash] = (time.monotonic(), row)

    def recall(self, secret_hash: str) -> Device | Session | None:
        at, row = self.found.get(secret_hash, (0.0, None))
        return row if time.monotonic() - at < OLD_S else None


def door() -> Door:
    found = current_app.extensions.get("wucha-door")
    if found is None:
        found = current_app.extensions.setdefault("wucha-door", Door())
    assert isinstance(found, Door)
    return found


# --- the view's side
def needs(act: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only callers of the matrix through to the view, known as `current_actor()`.

    Raises SessionNeeded, DeviceUnknown, CsrfMissing, OriginForeign, ActForbidden; each leaves an audit line.
    """
    if act not in MATRIX:
        raise ValueError(f"{act!r} is no act of server/domain/access.py")

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            g.wucha_actor = None
            try:
                check_origin()
                g.wucha_actor = caller()
                if not may(g.wucha_actor.role, act, house().settings.demo):
                    raise refusals.ActForbidden(act=act)
                return view(*args, **kwargs)
            except AUTHORITY as no:
                note_refusal(g.wucha_actor or NOBODY, act, no)
                raise

        guarded.__dict__["wucha_act"] = act
        return guarded

    return decorate


def current_actor() -> Actor:
    """The caller of this request. Raises SessionNeeded in a view that let nobody in."""
    actor = g.get("wucha_actor")
    if actor is None:
        raise refusals.SessionNeeded()
    assert isinstance(actor, Actor)
    return actor


def citizen_actor(ticket_id: int) -> Actor:
    """The holder of a ticket's link, from now on the caller of this request. Raises OriginForeign on a
    write.
    """
    check_origin()
    g.wucha_actor = Actor("citizen", str(ticket_id), "citizen")
    return g.wucha_actor


def recheck(unit: Unit) -> None:
    """Read the session or device again inside the act's transaction. Raises SessionNeeded, DeviceUnknown."""
    actor = unit.actor
    if actor.kind == "device":
        device = find_device(unit.connection, unit.hall, actor.proof)
        if device is None or device.revoked_at is not None:
            raise refusals.DeviceUnknown()
    elif actor.kind == "staff":
        session = find_session(unit.connection, unit.hall, actor.proof)
        if session is None or not _is_alive(house(), session, unit.now):
            raise refusals.SessionNeeded()


def check_origin() -> None:
    """Raises OriginForeign when a page of another site wants to write (S12)."""
    if request.method not in SAFE and not _own_origin():
        raise refusals.OriginForeign()


# --- the socket's side
def socket_actor(auth: object, namespace: str) -> Actor:
    """Who connects to `namespace`, with auth {key} or {csrf} and the cookie.

    Raises ConnectionRefusedError: "origin-foreign"; "unknown-device" when a key came along, or nothing
    did where devices listen; else "session-needed".
    """
    act, given = LISTENING[namespace], auth if isinstance(auth, dict) else {}
    key = given.get("key")
    as_device = key or ("csrf" not in given and any(may(kind, act) for kind in DEVICES))
    no = ConnectionRefusedError("unknown-device" if as_device else "session-needed")
    actor = None
    try:
        if not _own_origin():
            no = ConnectionRefusedError("origin-foreign")
            raise refusals.OriginForeign()
        actor = _device(key) if as_device else _person(given.get("csrf"))
        if not may(actor.role, act, house().settings.demo):
            raise refusals.ActForbidden(act=act)
    except AUTHORITY as refusal:
        note_refusal(actor or NOBODY, act, refusal)
        raise no from None
    return actor


def fallen(actors: Iterable[Actor]) -> set[str]:
    """The proofs among `actors` that hold no longer: revoked devices, ended or idle sessions.

    For the sweep that drops their sockets within two seconds (F81, S26), in any process.
    """
    here = list(actors)
    keys = {a.proof for a in here if a.kind == "device"}
    tokens = {a.proof: a for a in here if a.kind == "staff"}
    if not here:
        return set()
    h = house()
    with h.store.read() as connection:
        gone = keys - standing_devices(connection, h.store.hall, keys)
        sessions = sessions_by_hash(connection, h.store.hall, tokens)
        open_ = {p for p, a in accounts(connection, h.store.hall).items() if not a.disabled}
    now = h.clock()
    alive = {p for p, s in sessions.items() if s.person in open_ and _is_alive(h, s, now)}
    return gone | (tokens.keys() - alive)


def keep_seen(actors: Iterable[Actor]) -> None:
    """The devices behind open sockets are here: note it, each at most once in SEEN_EVERY.

    Not so for people: listening alone keeps no session alive.
    """
    ids = {a.id for a in actors if a.kind == "device"}
    h = house()
    with h.store.read() as connection:
        late = [
            d.id
            for d in devices(connection, h.store.hall)
            if d.id in ids and (d.seen_at is None or h.clock() - d.seen_at >= SEEN_EVERY)
        ]
    if late:
        with h.store.unit(SYSTEM) as unit:
            for device in late:
                save_device(unit, device, seen_at=unit.now)


def keep_session(actor: Actor) -> None:
    """What a person does over a socket counts against the idle limit as a request does."""
    h = house()
    if actor.kind == "staff":
        _seen(h, actor, actor.proof, lambda unit: seen_session(unit, actor.proof))


# --- finding out who it is
def caller() -> Actor:
    """The device or person of this request; a device's key counts before a cookie. Raises as `needs` says."""
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer":
            raise refusals.DeviceUnknown()
        return _device(key.strip())
    return _person(request.headers.get(CSRF_HEADER), reads=request.method in SAFE)


def signed_in() -> tuple[Session, Person]:
    """The session of the request's cookie and whose it is. Raises SessionNeeded."""
    token = request.cookies.get(COOKIE)
    h = house()
    session = _find_session(h, hashed(token)) if token else None
    if session is None or not _is_alive(h, session, h.clock()):
        raise refusals.SessionNeeded()
    return session, h.hall.catalogue.people[session.person]


def note_refusal(actor: Actor, act: str, no: Refusal) -> None:
    """One audit line for a refused authority, once a minute for the same caller and act."""
    h, at, now = house(), request.remote_addr or "-", house().clock()
    who = actor.client if actor is not NOBODY else f"unknown:{at}"
    if not door().same_refusal.mark(f"{who} {act} {no.code}", now) or not door().all_refusals.mark(
        "all", now
    ):
        return
    rule = request.url_rule.rule if request.url_rule else request.path
    try:
        with h.store.unit(actor) as unit:
            unit.note(act, f"route:{rule}", "refused", code=no.code, origin=at)
    except refusals.StorageFailed:
        log.warning("refused %s to %s and could not write it down", act, who)


def _own_origin() -> bool:
    return is_own_origin(request.headers.get("Origin"), request.host, house().settings.url)


def _device(key: object) -> Actor:
    h = house()
    if not isinstance(key, str) or not 20 <= len(key) <= 200:
        raise refusals.DeviceUnknown()
    key_hash = hashed(key)
    device = door().recall(key_hash)
    if device is None:
        with h.store.read() as connection:
            device = find_device_by_key(connection, h.store.hall, key_hash)
    if not isinstance(device, Device):
        raise refusals.DeviceUnknown()
    door().remember(key_hash, device)
    actor = Actor("device", device.id, device.kind, device.id, device.window, device.kiosk)
    if device.seen_at is None or h.clock() - device.seen_at >= SEEN_EVERY:
        _seen(h, actor, key_hash, lambda unit: save_device(unit, device.id, seen_at=unit.now))
    return actor


def _person(csrf: object, reads: bool = False) -> Actor:
    """A plain read needs no CSRF token. Raises SessionNeeded, CsrfMissing."""
    session, person = signed_in()
    right = isinstance(csrf, str) and hmac.compare_digest(csrf.encode(), session.csrf.encode())
    if not reads and not right:
        raise refusals.CsrfMissing()
    actor = Actor("staff", person.id, person.role, session.token_hash)
    h = house()
    if h.clock() - session.seen_at >= SEEN_EVERY:
        _seen(h, actor, session.token_hash, lambda unit: seen_session(unit, session.token_hash))
    return actor


def _find_session(h: House, token_hash: str) -> Session | None:
    """A session of somebody who still works here and is not disabled."""
    known = door().recall(token_hash)
    if known is None:
        with h.store.read() as connection:
            known = find_session(connection, h.store.hall, token_hash)
        if known is None or known.person not in h.hall.catalogue.people:
            return None
        door().remember(token_hash, known)
    return known if isinstance(known, Session) else None


def _is_alive(h: House, session: Session, now: Any) -> bool:
    person = h.hall.catalogue.people.get(session.person)
    return person is not None and is_alive(
        session, person.role, h.hall.hall.privacy.session_idle_minutes, now
    )


def _seen(h: House, actor: Actor, secret_hash: str, write: Callable[[Unit], None]) -> None:
    """Keep when this caller was last here; a full disk does not shut the door."""
    door().found.pop(secret_hash, None)
    try:
        with h.store.unit(actor) as unit:
            write(unit)
    except refusals.StorageFailed:
        log.warning("could not keep when %s was seen", actor.client)
