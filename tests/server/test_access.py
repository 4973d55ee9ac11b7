"""The door: every cell of the matrix over HTTP, and what happens to those who may not."""

from __future__ import annotations

from typing import Any

import pytest
from flask_socketio import ConnectionRefusedError

from server.actions.enrol import revoke
from server.actions.passwords import hashed
from server.actions.sign_in import sign_out
from server.api.access import (
    COOKIE,
    citizen_actor,
    current_actor,
    fallen,
    needs,
    recheck,
    socket_actor,
)
from server.app import App
from server.domain.access import DEVICES, LISTENING, MATRIX, STAFF, may
from server.domain.actors import SYSTEM, Actor
from server.domain.refusals import DeviceUnknown, OriginForeign, SessionNeeded
from server.store.people import save_account
from tests.conftest import Clock
from tests.server.callers import PEOPLE, PLACES, Caller, audit, caller, device, nobody, staff

OPEN = {  # what everybody may ask; all other routes must say whom they let in
    *("GET /brand.css", "GET /brand/logo"),
    "GET /",
    "GET /setup",
    "GET /<any(touch, pad, hall, window):face>/<place>",
    "GET /<any(clerk, guide, manager, bench):face>",
    "GET /assets/<path:name>",
    "GET /parts/<path:filename>",
    "GET /healthz",
    "GET /metrics",  # for the addresses that the installer names
    "GET /api/openapi.json",
    "GET /api/text/<lang>.json",
    "GET /api/hall",
    "GET /api/services",
    "POST /api/enrol",
    "POST /api/setup",
    "POST /api/session",
    "GET /api/session",
    "DELETE /api/session",
    # a citizen's link of 128 random bits is its own proof
    "GET /t/<link>",
    "GET /api/my/<link>",
    "POST /api/my/<link>/cancel",
    "POST /api/my/<link>/rate",
    "POST /t/<link>/cancel",
    "POST /t/<link>/rate",
    "POST /t/<link>/postpone",
    "POST /t/<link>/complain",
    "POST /t/<link>/review",
    "POST /api/my/<link>/complain",
    "POST /api/my/<link>/review",
    "POST /api/my/<link>/postpone",
    # anybody may book; the booking's link of 128 random bits is the proof from then on
    "GET /api/slots",
    "POST /api/appointments",
    "POST /api/appointments/wait",
    "GET /book",
    "GET /guide/<service>",
    # anybody may take a number by phone, where the hall gives them; its link is the proof from then on
    "GET /take",
    "POST /take",
    "GET /take/poster",
    "GET /here",
    "POST /here",
    "POST /api/remote",
    "POST /t/<link>/arrive",
    "POST /api/my/<link>/arrive",
    # what hangs in the hall for everybody: boards, their pictures, the badges, the day's public figures
    "GET /figures",
    # anybody may write to the hall at any hour; the message's link is the proof from then on
    "GET /message",
    "POST /message",
    "GET /m/<link>",
    "GET /nearby",
    "GET /api/figures",
    "GET /api/boards/<name>",
    "GET /media/<name>",
    "GET /media/<board>/<name>",
    "GET /photos/<person>",
    "GET /uploads/<name>",
    "POST /book",
    "GET /b/<link>",
    "POST /b/<link>/<any(confirm, cancel, move, check_in):deed>",
    "GET /api/booking/<link>",
    "GET /b/<link>/calendar.ics",
    "POST /api/booking/<link>/confirm",
    "POST /api/booking/<link>/cancel",
    "POST /api/booking/<link>/move",
    "POST /api/booking/<link>/check-in",
}


@pytest.fixture
def probed(app: App) -> App:
    """The app with one more address per act: POST and GET /probe/<act>."""
    for act in MATRIX:
        view = needs(act)(lambda: {"caller": current_actor().id})
        app.flask.add_url_rule(f"/probe/{act}", f"probe-{act}", view, methods=["GET", "POST"])
    return app


@pytest.mark.parametrize("role", [*DEVICES, *STAFF])
def test_every_cell_of_the_matrix(probed: App, role: str, clock: Clock):
    who = caller(probed, role)
    for act in MATRIX:
        clock.forward(seconds=2)  # refusals are written down sixty a minute
        answer = who.ask("POST", f"/probe/{act}", {})
        if may(role, act):
            assert (answer.status_code, answer.json) == (200, {"caller": who.id}), act
        else:
            assert (answer.status_code, answer.json["refused"]) == (403, "act-forbidden"), act
            line = audit(probed, act)[-1]
            assert (line["result"], line["actor"]["id"], line["facts"]["code"]) == (
                "refused",
                who.id,
                "act-forbidden",
            )


@pytest.mark.parametrize("act", MATRIX)
def test_nobody_may_do_nothing(probed: App, act: str):
    for method in ("GET", "POST"):
        answer = nobody(probed).ask(method, f"/probe/{act}", {} if method == "POST" else None)
        assert (answer.status_code, answer.json["refused"]) == (401, "session-needed")
    assert [line["facts"]["code"] for line in audit(probed, act)] == ["session-needed"]


def test_every_route_says_whom_it_lets_in(app: App):
    for rule in app.flask.url_map.iter_rules():
        view: Any = app.flask.view_functions[rule.endpoint]
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            guarded = getattr(view, "wucha_act", None) is not None
            assert guarded != (f"{method} {rule.rule}" in OPEN), f"{method} {rule.rule}"


def test_an_unknown_act_is_a_fault_when_the_server_starts():
    with pytest.raises(ValueError, match="hall.burn"):
        needs("hall.burn")


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer ", "Basic abc", "", "Bearer " + "x" * 43, "Bearer é"]
)
def test_a_wrong_key_is_unknown_even_beside_a_good_cookie(probed: App, header: str):
    answer = staff(probed, "clerk").ask("POST", "/probe/ticket.take", {}, Authorization=header)
    assert (answer.status_code, answer.json["refused"]) == (401, "device-unknown")


@pytest.mark.parametrize("csrf", ["", "wrong", "é", "x" * 43])
def test_a_write_needs_the_csrf_token(probed: App, csrf: str):
    who = staff(probed, "clerk")
    answer = who.ask("POST", "/probe/ticket.take", {}, X_Wucha_CSRF=csrf)
    assert (answer.status_code, answer.json["refused"]) == (403, "csrf-missing")
    assert who.ask("GET", "/probe/ticket.take", None, X_Wucha_CSRF=csrf).status_code == 200


def test_the_csrf_token_of_somebody_else_is_wrong(probed: App):
    theirs = staff(probed, "guide").headers["X-Wucha-CSRF"]
    answer = staff(probed, "clerk").ask("POST", "/probe/ticket.take", {}, X_Wucha_CSRF=theirs)
    assert answer.json["refused"] == "csrf-missing"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost.evil.example", "http://localhost:1"]
)
@pytest.mark.parametrize("role", ["clerk", "kiosk"])
def test_a_foreign_page_cannot_write(probed: App, role: str, origin: str):
    who = caller(probed, role)
    answer = who.ask("POST", "/probe/ticket.take", {}, Origin=origin)
    assert (answer.status_code, answer.json["refused"]) == (403, "origin-foreign")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert who.ask("POST", "/probe/ticket.take", {}, Origin="http://localhost").status_code == 200


def test_a_foreign_page_cannot_even_try_a_password(app: App):
    for path in ("/api/session", "/api/setup", "/api/enrol"):
        body = {"staff": "ZW001", "password": "x", "code": "ABCD2345"}
        fields = {
            "/api/session": ("staff", "password"),
            "/api/setup": ("code", "password"),
            "/api/enrol": ("code",),
        }
        answer = nobody(app).ask(
            "POST", path, {k: body[k] for k in fields[path]}, Origin="http://evil.example"
        )
        assert answer.json["refused"] == "origin-foreign"


def test_refusals_are_written_once_a_minute(probed: App, clock: Clock):
    who = device(probed, "pad")
    for _ in range(5):
        who.ask("POST", "/probe/ticket.take", {})
    assert len(audit(probed, "ticket.take")) == 1
    clock.forward(seconds=61)
    who.ask("POST", "/probe/ticket.take", {})
    assert len(audit(probed, "ticket.take")) == 2


def test_a_flood_of_strangers_does_not_flood_the_audit_trail(probed: App):
    client = probed.flask.test_client()
    for n in range(100):
        client.get("/probe/audit.read", environ_base={"REMOTE_ADDR": f"10.0.0.{n}"})
    assert len(audit(probed, "audit.read")) == 60


def test_the_line_of_a_refusal_holds_no_secret(probed: App):
    who = staff(probed, "clerk")
    who.ask("GET", "/probe/audit.read?key=abc")
    line = str(audit(probed, "audit.read"))
    assert who.secret not in line
    assert "key=abc" not in line


# --- what was looked up may be old
def test_a_revoked_device_is_out_at_once(probed: App):
    who = device(probed, "kiosk")
    assert who.ask("POST", "/probe/ticket.take", {}).status_code == 200
    staff(probed, "admin").ask("DELETE", f"/api/devices/{who.id}")
    assert who.ask("POST", "/probe/ticket.take", {}).json["refused"] == "device-unknown"


def test_the_act_reads_the_right_again_inside_its_transaction(probed: App):
    """Another process revoked: our look-up is up to two seconds old, the transaction is not."""
    who, house = device(probed, "kiosk"), probed.house
    actor = Actor("device", who.id, "kiosk", who.id, kiosk="K1")
    with house.store.unit(SYSTEM) as unit:
        revoke(unit, who.id)
    with probed.flask.app_context(), house.store.unit(actor) as unit, pytest.raises(DeviceUnknown):
        recheck(unit)


@pytest.mark.parametrize("how", ["signed out", "disabled", "idle"])
def test_a_session_that_ended_meanwhile_stops_the_act(probed: App, clock: Clock, how: str):
    who, house = staff(probed, "clerk"), probed.house
    proof = hashed(who.secret)
    actor = Actor("staff", who.id, "clerk", proof)
    with probed.flask.app_context():
        with house.store.unit(actor) as unit:
            recheck(unit)
        with house.store.unit(actor) as unit:
            if how == "signed out":
                sign_out(unit, proof)
            elif how == "disabled":
                save_account(unit, who.id, disabled=True)
        if how == "idle":
            clock.forward(minutes=30)
        with house.store.unit(actor) as unit, pytest.raises(SessionNeeded):
            recheck(unit)
        assert fallen([actor]) == {proof}


def test_citizens_pass_the_recheck_by_their_link(app: App):
    with app.flask.test_request_context(method="POST"):
        actor = citizen_actor(7)
        assert current_actor() == actor == Actor("citizen", "7", "citizen")
        with app.house.store.unit(actor) as unit:
            recheck(unit)
    foreign = {"Origin": "http://evil.example"}
    with app.flask.test_request_context(method="POST", headers=foreign), pytest.raises(OriginForeign):
        citizen_actor(7)


def test_who_is_gone_is_told_from_who_stands(app: App):
    good, bad = device(app, "kiosk"), device(app, "pad")
    here = staff(app, "manager")
    with app.flask.test_request_context(headers={"Cookie": f"{COOKIE}={here.secret}"}):
        person = socket_actor({"csrf": here.headers["X-Wucha-CSRF"]}, "/manager")
        kiosk = socket_actor({"key": good.secret}, "/kiosk")
        pad = socket_actor({"key": bad.secret}, "/pad")
        assert fallen([person, kiosk, pad]) == set()
        with app.house.store.unit(SYSTEM) as unit:
            revoke(unit, bad.id)
        assert fallen([person, kiosk, pad]) == {bad.id}
        assert fallen([]) == set()


def test_seen_is_kept_once_a_minute(probed: App, clock: Clock):
    who = device(probed, "kiosk")
    who.ask("GET", "/probe/ticket.take")
    seen = staff(probed, "admin").ask("GET", "/api/devices").json["devices"][0]["seen_at"]
    assert seen == "2026-03-02T01:00:00+00:00"
    clock.forward(minutes=5)
    who.ask("GET", "/probe/ticket.take")
    later = staff(probed, "admin").ask("GET", "/api/devices").json["devices"][0]["seen_at"]
    assert later == "2026-03-02T01:05:00+00:00"


def test_who_goes_on_working_is_not_idle(probed: App, clock: Clock):
    who = staff(probed, "clerk")
    for _ in range(5):
        clock.forward(minutes=20)
        assert who.ask("POST", "/probe/ticket.take", {}).status_code == 200
    clock.forward(minutes=30)
    assert who.ask("POST", "/probe/ticket.take", {}).json["refused"] == "session-needed"


# --- sockets
def connect(app: App, who: Caller, namespace: str, auth: object, origin: str | None = None) -> Actor | str:
    """The actor, or the word with which the connection is refused."""
    headers = {"Cookie": f"{COOKIE}={who.secret}"} if who.secret else {}
    if origin is not None:
        headers["Origin"] = origin
    with app.flask.test_request_context("/socket.io/", headers=headers):
        try:
            return socket_actor(auth, namespace)
        except ConnectionRefusedError as no:
            return str(no.error_args["message"])


@pytest.mark.parametrize("kind", PLACES)
def test_devices_listen_where_they_belong(app: App, kind: str):
    who = device(app, kind)
    place = PLACES[kind]
    known = Actor("device", who.id, kind, who.id, place.get("window"), place.get("kiosk"))
    for namespace, act in LISTENING.items():
        got = connect(app, nobody(app), namespace, {"key": who.secret})
        assert got == (known if may(kind, act) else "unknown-device"), namespace


@pytest.mark.parametrize("role", PEOPLE)
def test_people_listen_where_they_may(app: App, role: str):
    who = staff(app, role)
    for namespace, act in LISTENING.items():
        got = connect(app, who, namespace, {"csrf": who.headers["X-Wucha-CSRF"]})
        if may(role, act):
            assert isinstance(got, Actor)
            assert (got.id, got.role) == (who.id, role)
        else:
            assert got == "session-needed", namespace


@pytest.mark.parametrize(
    "auth", [None, {}, [], "x", {"csrf": None}, {"csrf": "wrong"}, {"csrf": 7}, {"csrf": ""}]
)
def test_a_cookie_alone_opens_no_socket(app: App, auth: object):
    assert connect(app, staff(app, "manager"), "/manager", auth) == "session-needed"


@pytest.mark.parametrize("auth", [None, {}, {"key": "x"}, {"key": 7}, {"key": ["x"]}, {"key": "x" * 43}])
def test_an_unknown_device_is_told_to_enrol(app: App, auth: object):
    assert connect(app, nobody(app), "/kiosk", auth) == "unknown-device"


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_page_opens_no_socket(app: App, origin: str):
    who = device(app, "kiosk")
    assert connect(app, nobody(app), "/kiosk", {"key": who.secret}, origin) == "origin-foreign"
    assert isinstance(connect(app, nobody(app), "/kiosk", {"key": who.secret}, "http://localhost"), Actor)
