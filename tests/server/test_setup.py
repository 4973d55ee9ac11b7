"""The first start: no default password, one code, once."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.actions.enrol import enrol, make_code, revoke
from server.actions.passwords import hashed
from server.actions.reset_password import reset_password
from server.actions.set_up import make_setup_code
from server.actions.set_up import set_up as set_up_hall
from server.actions.sign_in import begin_session, sign_out
from server.app import App
from server.domain.actors import SYSTEM
from server.settings import HallSettings
from server.store import tables as t
from server.store.devices import find_device_by_key, standing_devices
from server.store.people import accounts, save_account
from server.store.sessions import find_session, seen_session, sessions_by_hash
from server.store.unit import Store
from tests.conftest import Clock
from tests.server.callers import Caller, audit, nobody

GOOD = "tall green mountain 7"


def new_code(app: App) -> str | None:
    with app.house.store.unit(SYSTEM) as unit:
        return make_setup_code(unit)


def set_up(who: Caller, code: str | None, password: str = GOOD) -> TestResponse:
    return who.ask("POST", "/api/setup", {"code": code, "password": password, "request_id": "12345678"})


def test_a_fresh_hall_lets_nobody_in(app: App):
    for person in app.house.hall.catalogue.people:
        for password in ("", "admin", person, "12345678"):
            body = {"staff": person, "password": password or " "}
            answer = app.flask.test_client().post(
                "/api/session", json=body, environ_base={"REMOTE_ADDR": f"10.1.{person[2:]}"}
            )
            assert answer.json["refused"] == "login-failed"


@pytest.mark.parametrize("typed", ["{}", " {} ", "lower"])
def test_the_code_makes_all_accounts(app: App, typed: str):
    code = new_code(app)
    assert code is not None
    who = nobody(app)
    answer = set_up(who, code.lower().replace("-", " ") if typed == "lower" else typed.format(code))
    assert answer.status_code == 200
    assert answer.json["me"]["id"] == "ZW028"
    assert who.ask("GET", "/api/session").json["csrf"] == answer.json["csrf"]
    staff = answer.json["staff"]
    assert {p["id"] for p in staff} == set(app.house.hall.catalogue.people) - {"ZW028"}
    assert set(staff[0]) == {"id", "name", "name_en", "role", "title", "window", "once_password"}
    assert len({p["once_password"] for p in staff}) == len(staff)
    first = {"staff": "ZW001", "password": staff[0]["once_password"]}
    assert nobody(app).ask("POST", "/api/session", first).json["refused"] == "password-change-needed"
    again = {"staff": "ZW028", "password": GOOD}
    assert nobody(app).ask("POST", "/api/session", again).status_code == 200


def test_it_works_once(app: App):
    code = new_code(app)
    set_up(nobody(app), code)
    answer = set_up(nobody(app), code)
    assert (answer.status_code, answer.json["refused"]) == (409, "setup-done")
    assert new_code(app) is None


@pytest.mark.parametrize("wrong", ["ABCD-EFGH-JKLM", "0000", "ABCD 2345"])
def test_a_wrong_code_makes_nothing(app: App, wrong: str):
    new_code(app)
    answer = set_up(nobody(app), wrong)
    assert (answer.status_code, answer.json["refused"]) == (403, "code-wrong")
    with app.house.store.read() as connection:
        assert connection.execute(select(t.person)).first() is None


def test_only_the_newest_code_works(app: App):
    old, new = new_code(app), new_code(app)
    assert set_up(nobody(app), old).json["refused"] == "code-wrong"
    assert set_up(nobody(app), new).status_code == 200


def test_a_weak_password_keeps_the_code(app: App):
    code = new_code(app)
    for weak in ("short", "password1", "qinghe2026", "青禾县政务服务中心"):
        assert set_up(nobody(app), code, weak).json["refused"] == "password-weak"
    assert set_up(nobody(app), code).status_code == 200


def test_the_code_enrols_no_device_and_a_device_code_sets_nothing_up(app: App):
    code = new_code(app)
    assert nobody(app).ask("POST", "/api/enrol", {"code": code}).json["refused"] == "code-wrong"
    assert set_up(nobody(app), code).status_code == 200


def test_guessing_is_slow(app: App, clock: Clock):
    code = new_code(app)
    for _ in range(10):
        assert set_up(nobody(app), "ABCD-EFGH-JKLM").json["refused"] == "code-wrong"
    assert set_up(nobody(app), code).json["refused"] == "too-fast"
    clock.forward(minutes=1)
    assert set_up(nobody(app), code).status_code == 200


def test_no_secret_is_written_down(app: App):
    code = new_code(app)
    answer = set_up(nobody(app), code)
    assert code is not None
    with app.house.store.engine.connect() as connection:
        whole = json.dumps(
            [
                [str(v) for v in row]
                for name in ("code", "person", "session", "audit", "answered")
                for row in connection.execute(select(t.metadata.tables[name]))
            ]
        )
    secrets = [code, code.replace("-", ""), GOOD, *(p["once_password"] for p in answer.json["staff"])]
    assert not [s for s in secrets if s in whole]
    assert [line["act"] for line in audit(app)] == ["setup.code", "setup.done", "session.open"]


def test_accounts_sessions_and_devices_keep_on_both_engines(store: Store, hall: HallSettings):
    with store.unit(SYSTEM) as unit:
        code = make_setup_code(unit)
        assert code is not None
        admin = set_up_hall(unit, hall, code, "hash", {"ZW001": "once"})
        signed = begin_session(unit, admin.id)
        device_code, _ = make_code(unit, hall, "pad", "W01", None, None)
        key, pad = enrol(unit, device_code)
    with store.unit(SYSTEM) as unit:
        seen_session(unit, signed.session.token_hash)
        save_account(unit, "ZW001", failures=3)
        reset_password(unit, hall, "ZW001", "again")
    with store.read() as connection:
        people = accounts(connection, store.hall)
        assert (people["ZW001"].failures, people["ZW001"].one_time, people[admin.id].one_time) == (
            0,
            True,
            False,
        )
        assert find_device_by_key(connection, store.hall, hashed(key)) == pad
        assert standing_devices(connection, store.hall, {pad.id, "other"}) == {pad.id}
        proof = signed.session.token_hash
        assert sessions_by_hash(connection, store.hall, [proof]) == {proof: signed.session}
    with store.unit(SYSTEM) as unit:
        revoke(unit, pad.id)
        sign_out(unit, proof)
    with store.read() as connection:
        assert find_device_by_key(connection, store.hall, hashed(key)) is None
        assert standing_devices(connection, store.hall, set()) == set()
        session = find_session(connection, store.hall, proof)
    assert session is not None
    assert session.ended_at == session.created_at
