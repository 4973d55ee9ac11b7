"""A device's life: a code once, a key of its own, its own place, revoked at once."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.actions.enrol import ensure_host_key, revoke
from server.actions.passwords import hashed
from server.app import App
from server.domain.actors import SYSTEM
from server.store import tables as t
from tests.conftest import MONDAY_NINE, Clock
from tests.server.callers import PLACES, Caller, audit, device, nobody, staff


@pytest.fixture
def manager(app: App) -> Caller:
    return staff(app, "manager")


def enrolment(who: Caller, kind: str = "kiosk", **place: str) -> dict[str, Any]:
    body = {"kind": kind, **(place or PLACES[kind])}
    answer = who.ask("POST", "/api/enrolments", body)
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.parametrize(
    ("kind", "url", "name"),
    [
        ("kiosk", "http://localhost/touch/K1#code=", "K1"),
        ("pad", "http://localhost/pad/W01#code=", "W01"),
        ("window_screen", "http://localhost/window/W01#code=", "W01"),
        ("board", "http://localhost/hall/B1#code=", "B1"),
        ("host", None, "cellar"),
    ],
)
def test_a_code_becomes_a_key(app: App, manager: Caller, kind: str, url: str | None, name: str):
    made = enrolment(manager, kind)
    assert made["url"] == (url and url + made["code"])
    assert datetime.fromisoformat(made["expires_at"]) == MONDAY_NINE + timedelta(minutes=10)
    answer = nobody(app).ask("POST", "/api/enrol", {"code": f" {made['code'].lower()} "})
    assert answer.status_code == 201
    shown = answer.json["device"]
    place = PLACES[kind]
    assert shown == {
        "id": shown["id"],
        "kind": kind,
        "name": name,
        "window": place.get("window"),
        "kiosk": place.get("kiosk"),
    }
    assert len(answer.json["key"]) == 43
    with app.house.store.read() as connection:
        assert connection.execute(select(t.device.c.key_hash)).scalar_one() == hashed(answer.json["key"])


def test_a_code_works_once(app: App, manager: Caller):
    code = enrolment(manager)["code"]
    assert nobody(app).ask("POST", "/api/enrol", {"code": code}).status_code == 201
    again = nobody(app).ask("POST", "/api/enrol", {"code": code})
    assert (again.status_code, again.json["refused"]) == (403, "code-wrong")


def test_a_code_lives_ten_minutes(app: App, manager: Caller, clock: Clock):
    code = enrolment(manager)["code"]
    clock.forward(minutes=10)
    assert nobody(app).ask("POST", "/api/enrol", {"code": code}).json["refused"] == "code-wrong"


def test_guessing_codes_is_slow(app: App, manager: Caller):
    code = enrolment(manager)["code"]
    answers = [nobody(app).ask("POST", "/api/enrol", {"code": f"ABCD23{n:02}"}) for n in range(11)]
    assert [a.json["refused"] for a in answers] == ["code-wrong"] * 10 + ["too-fast"]
    assert nobody(app).ask("POST", "/api/enrol", {"code": code}).json["refused"] == "too-fast"


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"kind": "kiosk"}, "input-invalid"),
        ({"kind": "pad", "kiosk": "K1"}, "input-invalid"),
        ({"kind": "pad", "window": "W99"}, "window-unknown"),
        ({"kind": "setup", "name": "x"}, "input-invalid"),
        ({"kind": "kiosk", "kiosk": "K1/../x"}, "input-invalid"),
        ({"kind": "board", "name": "<b>"}, "input-invalid"),
        ({"kind": "board", "name": "x" * 41}, "input-invalid"),
        ({}, "input-invalid"),
    ],
)
def test_a_place_must_make_sense(app: App, manager: Caller, body: dict[str, str], refused: str):
    assert manager.ask("POST", "/api/enrolments", body).json["refused"] == refused


def test_a_second_device_at_one_place_replaces_the_first(app: App, manager: Caller):
    first, second = device(app, "kiosk"), device(app, "kiosk")
    other, pad = device(app, "kiosk", kiosk="K2"), device(app, "pad")
    assert first.ask("GET", "/api/state/kiosk").json["refused"] == "device-unknown"
    for who in (second, other):
        assert who.ask("GET", "/api/state/kiosk").status_code == 200
    listed = manager.ask("GET", "/api/devices").json["devices"]
    assert {d["id"] for d in listed} == {second.id, other.id, pad.id}
    assert audit(app, "device.revoke")[0]["facts"]["replaced_by"] == second.id


def test_revoking_is_one_act_and_final(app: App, manager: Caller):
    who = device(app, "kiosk")
    assert who.ask("GET", "/api/state/kiosk").status_code == 200
    assert manager.ask("DELETE", f"/api/devices/{who.id}").json["device"]["id"] == who.id
    assert who.ask("GET", "/api/state/kiosk").json["refused"] == "device-unknown"
    assert manager.ask("DELETE", f"/api/devices/{who.id}").status_code == 404
    assert manager.ask("DELETE", "/api/devices/nothing").status_code == 404
    assert manager.ask("GET", "/api/devices").json == {"devices": []}


def test_a_key_is_never_shown_again(app: App, manager: Caller):
    who = device(app, "kiosk")
    listed = manager.ask("GET", "/api/devices")
    assert who.secret not in listed.text
    assert hashed(who.secret) not in listed.text


# --- the machine's own device host
def host_key(app: App, folder: Path) -> str:
    with app.house.store.unit(SYSTEM) as unit:
        return ensure_host_key(unit, folder)


def test_the_host_key_is_made_once_and_kept_to_its_owner(app: App, tmp_path: Path):
    key = host_key(app, tmp_path)
    path = tmp_path / "host.key"
    assert path.read_text() == key + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert host_key(app, tmp_path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.glob("host.*")) == [path]


@pytest.mark.parametrize("trouble", ["revoked", "lost", "garbage", "a kiosk's key"])
def test_a_host_key_that_does_not_hold_is_replaced(app: App, tmp_path: Path, trouble: str):
    key = host_key(app, tmp_path)
    path = tmp_path / "host.key"
    if trouble == "revoked":
        with app.house.store.unit(SYSTEM) as unit:
            found = unit.connection.execute(select(t.device.c.id)).scalar_one()
            revoke(unit, found)
    elif trouble == "lost":
        path.unlink()
    elif trouble == "garbage":
        path.write_bytes(b"\xff\x00\n")
    else:
        path.write_text(device(app, "kiosk").secret)
    fresh = host_key(app, tmp_path)
    assert fresh != key
    assert host_key(app, tmp_path) == fresh
