"""Signing in: what a right password gives, what wrong ones cost, and how a session ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.actions.passwords import Passwords, hashed
from server.actions.sign_in import look
from server.api.access import COOKIE
from server.app import App
from server.domain.actors import SYSTEM
from server.store import tables as t
from server.store.people import find_account, save_account, set_password
from tests.conftest import Clock
from tests.server.callers import Caller, audit, nobody, staff

GOOD, BETTER = "tall green mountain 7", "quiet blue river 12"
PASSWORDS = Passwords("test")


@pytest.fixture
def clerk(app: App) -> Caller:
    """ZW001 with the password GOOD; nobody signed in."""
    with app.house.store.unit(SYSTEM) as unit:
        set_password(unit, "ZW001", PASSWORDS.hash(GOOD), one_time=False)
    return nobody(app)


def sign_in(who: Caller, password: str = GOOD, person: str = "ZW001", **more: Any) -> TestResponse:
    return who.ask("POST", "/api/session", {"staff": person, "password": password, **more})


def token(who: Caller) -> str:
    cookie = who.client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def test_a_right_password_opens_a_session(app: App, clerk: Caller):
    answer = sign_in(clerk)
    assert answer.status_code == 200
    assert answer.json["me"] == {
        "id": "ZW001",
        "name": "陈静",
        "name_en": "Chen Jing",
        "role": "clerk",
        "title": "窗口工作人员",
        "window": "W01",
    }
    assert clerk.ask("GET", "/api/session").json == answer.json
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    assert audit(app, "session.open")[-1]["result"] == "done"


def test_over_https_the_cookie_is_secure(app: App, clerk: Caller):
    body = {"staff": "ZW001", "password": GOOD}
    answer = clerk.client.post("/api/session", json=body, base_url="https://hall.lan")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_nobody_is_signed_in_before(app: App):
    answer = nobody(app).ask("GET", "/api/session")
    assert (answer.status_code, answer.json["refused"]) == (401, "session-needed")
    assert audit(app) == []


def test_secrets_are_stored_hashed(app: App, clerk: Caller):
    sign_in(clerk)
    with app.house.store.read() as connection:
        person = connection.execute(select(t.person.c.password)).scalar_one()
        session = connection.execute(select(t.session.c.token_hash)).scalar_one()
    assert person.startswith("$argon2id$")
    assert session == hashed(token(clerk))
    assert len(token(clerk)) >= 43


def test_a_new_session_id_at_each_log_in_and_the_old_one_is_dead(app: App, clerk: Caller):
    sign_in(clerk)
    first = token(clerk)
    sign_in(clerk)
    assert token(clerk) != first
    thief = nobody(app)
    thief.client.set_cookie(COOKIE, first)
    assert thief.ask("GET", "/api/session").status_code == 401
    assert clerk.ask("GET", "/api/session").status_code == 200


def test_a_planted_cookie_never_becomes_a_session(app: App, clerk: Caller):
    clerk.client.set_cookie(COOKIE, "planted" * 7)
    sign_in(clerk)
    assert token(clerk) != "planted" * 7


def test_signing_out_ends_the_session(app: App, clerk: Caller):
    csrf = sign_in(clerk).json["csrf"]
    thief = nobody(app)
    thief.client.set_cookie(COOKIE, token(clerk))
    assert clerk.ask("DELETE", "/api/session", {}).json["refused"] == "csrf-missing"
    assert (
        clerk.ask("DELETE", "/api/session", {"request_id": "12345678"}, X_Wucha_CSRF=csrf).status_code == 200
    )
    assert clerk.client.get_cookie(COOKIE) is None
    assert thief.ask("GET", "/api/session").status_code == 401
    assert clerk.ask("DELETE", "/api/session").status_code == 200


def test_a_wrong_password_and_an_unknown_person_look_the_same(app: App, clerk: Caller, clock: Clock):
    wrong = [sign_in(clerk, "wrong") for _ in range(6)]
    unknown = [sign_in(clerk, "wrong", "ZW999") for _ in range(6)]
    nameless = [sign_in(clerk, "wrong", "ZW002") for _ in range(6)]  # in staff.toml, never set up
    codes = ["login-failed"] * 4 + ["login-locked"] * 2
    for answers in (wrong, unknown, nameless):
        assert [a.json["refused"] for a in answers] == codes
    assert [a.json for a in wrong] == [a.json for a in unknown] == [a.json for a in nameless]


def test_unknown_people_cost_as_much_hashing(hall: Any, monkeypatch: pytest.MonkeyPatch):
    looked: list[str] = []
    passwords = Passwords("test")

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            looked.append(stored)
            return True

    monkeypatch.setattr(passwords, "_hasher", Counting())
    attempt = look(passwords, hall, None, None, GOOD, None)
    assert not attempt.right
    assert looked[0].startswith("$argon2id$")


def test_five_wrong_ones_lock_for_ten_minutes(app: App, clerk: Caller, clock: Clock):
    for _ in range(5):
        sign_in(clerk, "wrong")
    locked = sign_in(clerk)
    assert (locked.status_code, locked.json["refused"], locked.json["facts"]) == (
        429,
        "login-locked",
        {"minutes": 10},
    )
    clock.forward(minutes=10)
    assert sign_in(clerk).status_code == 200
    assert [line["facts"].get("why") for line in audit(app, "session.open")][-3:] == ["lock", "locked", None]


def test_a_right_password_forgets_the_wrong_ones(app: App, clerk: Caller):
    for _ in range(3):
        for _ in range(4):
            assert sign_in(clerk, "wrong").json["refused"] == "login-failed"
        assert sign_in(clerk).status_code == 200


def test_one_address_may_not_try_everybody(app: App, clerk: Caller, clock: Clock):
    for n in range(50):
        sign_in(clerk, "wrong", f"ZW9{n:02}")
    assert sign_in(clerk).json["refused"] == "too-fast"
    clock.forward(minutes=10)
    assert sign_in(clerk).status_code == 200


def test_a_disabled_person_stays_out(app: App, clerk: Caller):
    with app.house.store.unit(SYSTEM) as unit:
        save_account(unit, "ZW001", disabled=True)
    assert sign_in(clerk).json["refused"] == "login-failed"


# --- one-time passwords
@pytest.fixture
def newcomer(app: App, clerk: Caller) -> Caller:
    with app.house.store.unit(SYSTEM) as unit:
        set_password(unit, "ZW001", PASSWORDS.hash("k7mf-2xqp-9dwt"), one_time=True)
    return clerk


def test_a_one_time_password_must_be_replaced(app: App, newcomer: Caller):
    answer = sign_in(newcomer, "k7mf-2xqp-9dwt")
    assert (answer.status_code, answer.json["refused"]) == (409, "password-change-needed")
    assert newcomer.client.get_cookie(COOKIE) is None
    assert sign_in(newcomer, "k7mf-2xqp-9dwt", new_password=GOOD).status_code == 200
    assert sign_in(nobody(app), "k7mf-2xqp-9dwt").json["refused"] == "login-failed"
    assert sign_in(nobody(app), GOOD).status_code == 200
    with app.house.store.read() as connection:
        account = find_account(connection, app.house.store.hall, "ZW001")
    assert account is not None
    assert not account.one_time


@pytest.mark.parametrize(
    "weak", ["short", "password1", "ZW001ZW001", "陈静陈静陈静", "k7mf-2xqp-9dwt", "qinghe2026"]
)
def test_the_new_one_must_be_good(newcomer: Caller, weak: str):
    answer = sign_in(newcomer, "k7mf-2xqp-9dwt", new_password=weak)
    assert (answer.status_code, answer.json["refused"]) == (422, "password-weak")
    assert "8" in answer.json["text"]["zh"]
    assert sign_in(newcomer, weak).json["refused"] in ("login-failed", "password-change-needed")


def test_a_wrong_password_learns_nothing_about_the_new_one(newcomer: Caller):
    assert sign_in(newcomer, "wrong", new_password="short").json["refused"] == "login-failed"


def test_changing_it_ends_the_other_sessions(app: App, clerk: Caller):
    sign_in(clerk)
    assert sign_in(nobody(app), GOOD, new_password=BETTER).status_code == 200
    assert clerk.ask("GET", "/api/session").status_code == 401


def test_two_keyboards_write_the_same_password(app: App, newcomer: Caller):
    assert sign_in(newcomer, "k7mf-2xqp-9dwt", new_password="ｔａｌｌ green 大山 7").status_code == 200
    assert sign_in(nobody(app), "tall green 大山 7").status_code == 200


# --- accounts kept by the admin
def test_a_reset_gives_a_one_time_password_and_ends_all_sessions(app: App, clerk: Caller):
    sign_in(clerk)
    answer = staff(app, "admin").ask("POST", "/api/staff/ZW001/password-reset", {"request_id": "12345678"})
    once = answer.json["once_password"]
    assert clerk.ask("GET", "/api/session").status_code == 401
    assert sign_in(nobody(app)).json["refused"] == "login-failed"
    assert sign_in(nobody(app), once).json["refused"] == "password-change-needed"
    assert once not in json.dumps(audit(app))


def test_a_reset_unlocks_and_makes_missing_accounts(app: App, clerk: Caller):
    admin = staff(app, "admin")
    for _ in range(5):
        sign_in(clerk, "wrong")
    for person in ("ZW001", "ZW002"):
        once = admin.ask("POST", f"/api/staff/{person}/password-reset", {}).json["once_password"]
        assert sign_in(nobody(app), once, person, new_password=GOOD).status_code == 200
    assert admin.ask("POST", "/api/staff/ZW999/password-reset", {}).status_code == 404


@pytest.mark.parametrize("role", ["manager", "clerk", "supervisor", "duty_leader"])
def test_only_the_admin_resets(app: App, role: str):
    answer = staff(app, role).ask("POST", "/api/staff/ZW028/password-reset", {})
    assert answer.json["refused"] == "act-forbidden"


def test_the_list_of_accounts_says_how_each_stands(app: App, clerk: Caller):
    for _ in range(5):
        sign_in(clerk, "wrong")
    with app.house.store.unit(SYSTEM) as unit:
        set_password(unit, "ZW003", "-", one_time=True)
    people = staff(app, "manager").ask("GET", "/api/staff").json["staff"]
    states = {p["id"]: p["account"] for p in people}
    assert (states["ZW001"], states["ZW002"], states["ZW003"], states["ZW024"]) == (
        "locked",
        "none",
        "one_time",
        "ok",
    )
    assert not any("password" in key for p in people for key in p)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"staff": "ZW001"},
        {"staff": "", "password": "x"},
        {"staff": "ZW001", "password": ""},
        {"staff": "ZW001", "password": "x" * 201},
        {"staff": ["ZW001"], "password": "x"},
        {"staff": "ZW001", "password": {"$ne": ""}},
        {"staff": "ZW001", "password": "x", "role": "admin"},
        {"staff": "ZW001", "password": "x", "request_id": "a b"},
        ["ZW001", "x"],
    ],
)
def test_bad_bodies_are_refused(clerk: Caller, body: Any):
    answer = clerk.ask("POST", "/api/session", body)
    assert (answer.status_code, answer.json["refused"]) == (422, "input-invalid")


@pytest.mark.parametrize("person", ["' OR 1=1 --", "{{7*7}}", "ZW001\x00", "../../etc", "陈静", "ZW001 "])
def test_injected_names_are_just_unknown(clerk: Caller, person: str):
    assert sign_in(clerk, "x", person).json["refused"] == "login-failed"
