"""导办: a guide helps, is asked, takes a number for somebody else; the counts of both."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.actions.aids import ask_aid, keep_aids, step_aid
from server.actions.device_host import host_arrived
from server.actions.take_remote import take_remote
from server.app import App
from server.domain.actors import SYSTEM, Actor
from server.domain.aids import RUNNING, STEPS, Aid, AidState, AidStep, before_end, stepped
from server.domain.refusals import Refusal
from server.settings import SettingsError, read_hall
from server.store.aids import find_aid, recent_aids
from server.store.export import COLUMNS, rows
from server.store.remote import find_remote
from tests.conftest import MONDAY_NINE, ROOT, Clock
from tests.server.callers import Caller, audit, device, nobody, person_of, staff
from tests.server.test_desk_more import ask, do
from tests.server.test_orders import made
from tests.server.test_push import HOST, PRINTER


@pytest.fixture
def guide(app: App) -> Caller:
    do(staff(app, "manager"), "/api/day/open")
    return staff(app, "guide")


@pytest.fixture
def kiosk(app: App, guide: Caller) -> Caller:
    return device(app, "kiosk")


def printers(app: App) -> None:
    with app.house.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], [])


def picture(who: Caller) -> dict[str, Any]:
    reply = who.ask("GET", "/api/state/guide")
    assert reply.status_code == 200, reply.text
    return dict(reply.json)


# --- the rule
aids = st.builds(
    Aid,
    id=st.just(1),
    day=st.just("2026-03-02"),
    place=st.just("door"),
    kiosk=st.none(),
    kind=st.just("form"),
    note=st.just(""),
    state=st.sampled_from(AidState),
    asked_by=st.just("staff:a"),
    asked_at=st.just(MONDAY_NINE),
    helper=st.sampled_from(["a", "b"]),
)


@given(aids, st.sampled_from(AidStep), st.sampled_from(["a", "b"]))
def test_only_the_arrows_of_the_table_and_only_who_took_it(aid: Aid, step: AidStep, who: str) -> None:
    allowed = (aid.state, step) in STEPS and (aid.state is not AidState.TAKEN or aid.helper == who)
    if allowed:
        assert stepped(aid, step, who) is STEPS[aid.state, step]
    else:
        with pytest.raises(Refusal):
            stepped(aid, step, who)
    if aid.state in RUNNING:
        with pytest.raises(Refusal):
            before_end(aid, who, MONDAY_NINE, 10)


# --- a hand in the hall
def test_A21_a_kiosk_asks_once_a_guide_comes_and_the_kiosk_says_so(
    app: App, guide: Caller, kiosk: Caller, clock: Clock
):
    first = do(kiosk, "/api/aids")["aid"]
    again = do(kiosk, "/api/aids", place="window:W01", kind="walk")["aid"]
    assert first == again  # pressed again it is the same, and a kiosk asks for nobody but itself
    shown = picture(guide)["values"]["aids"]
    assert [(a["place"], a["kind"], a["state"], a["by_kiosk"]) for a in shown] == [
        ("kiosk:K1", "kiosk", "open", True)
    ]
    clock.forward(seconds=90)
    do(guide, f"/api/aids/{first['id']}/take")
    told = kiosk.ask("GET", "/api/state/kiosk")
    assert told.json["values"]["aid"]["state"] == "taken"
    assert app.house.hall.catalogue.people[guide.id].name not in told.text
    clock.forward(minutes=4)
    assert do(guide, f"/api/aids/{first['id']}/finish")["aid"]["state"] == "done"
    assert kiosk.ask("GET", "/api/state/kiosk").json["values"]["aid"] is None
    sums = picture(guide)["values"]["guiding"]["aids"]
    assert (sums["done"], sums["waited_s"], sums["helped_s"]) == (1, 90, 240)


def test_two_guides_one_help(app: App, guide: Caller):
    other = person_of(app, "ZW026")
    aid = do(guide, "/api/aids", place="zone:B区", kind="wheelchair", note="红衣服的老人")["aid"]["id"]
    assert do(other, f"/api/aids/{aid}/take")["aid"]["state"] == "taken"
    for step in ("take", "finish", "cancel", "give-back"):
        assert ask(guide, f"/api/aids/{aid}/{step}").json["refused"] == "aid-taken"
    do(other, f"/api/aids/{aid}/give-back")
    do(guide, f"/api/aids/{aid}/take")
    assert picture(other)["values"]["aids"][0]["helper"]["id"] == guide.id
    assert ask(other, f"/api/aids/{aid}/finish").json["refused"] == "aid-taken"


def test_an_end_is_taken_back_within_seconds_by_who_ended_it(app: App, guide: Caller, clock: Clock):
    other = person_of(app, "ZW026")
    aid = do(guide, "/api/aids", place="door", kind="form")["aid"]["id"]
    do(guide, f"/api/aids/{aid}/take")
    do(guide, f"/api/aids/{aid}/finish")
    assert ask(other, f"/api/aids/{aid}/undo").json["refused"] == "undo-nothing"
    assert do(guide, f"/api/aids/{aid}/undo")["aid"]["state"] == "taken"
    do(guide, f"/api/aids/{aid}/finish")
    clock.forward(seconds=11)
    assert ask(guide, f"/api/aids/{aid}/undo").json["refused"] == "undo-too-late"
    lost = do(guide, "/api/aids", place="door", kind="form")["aid"]["id"]
    do(guide, f"/api/aids/{lost}/cancel")
    assert do(guide, f"/api/aids/{lost}/undo")["aid"]["state"] == "open"


@pytest.mark.parametrize(
    ("body", "no"),
    [
        ({"place": "kiosk:K9", "kind": "form"}, "place-unknown"),
        ({"place": "zone:", "kind": "form"}, "place-unknown"),
        ({"place": "zone:Z区", "kind": "form"}, "place-unknown"),
        ({"place": "window:W99", "kind": "form"}, "place-unknown"),
        ({"place": "roof", "kind": "form"}, "place-unknown"),
        ({"place": "door", "kind": "dance"}, "aid-kind-unknown"),
        ({"place": "door\x1b", "kind": "form"}, "input-invalid"),
    ],
)
def test_what_cannot_be_asked_for(guide: Caller, body: dict[str, str], no: str):
    assert ask(guide, "/api/aids", **body).json["refused"] == no


def test_a_kiosk_takes_back_only_its_own(app: App, guide: Caller, kiosk: Caller):
    mine = do(kiosk, "/api/aids")["aid"]["id"]
    foreign = do(guide, "/api/aids", place="door", kind="form")["aid"]["id"]
    assert ask(kiosk, f"/api/aids/{foreign}/cancel").json["refused"] == "aid-unknown"
    for step in ("take", "finish", "undo", "give-back"):
        assert ask(kiosk, f"/api/aids/{mine}/{step}").status_code == 403
    assert do(kiosk, f"/api/aids/{mine}/cancel")["aid"]["state"] == "cancelled"


def test_what_was_noted_is_erased_and_yesterdays_are_not_shown(app: App, guide: Caller, clock: Clock):
    aid = do(guide, "/api/aids", place="door", kind="form", note="穿红衣服")["aid"]["id"]
    store, hall = app.house.store, app.house.hall
    clock.forward(days=hall.hall.privacy.ticket_identity_days + 1)
    with store.unit(SYSTEM) as unit:
        keep_aids(unit, hall)
    with store.read() as connection:
        assert find_aid(connection, store.hall, aid).note == ""
        assert recent_aids(connection, store.hall, "2026-03-03") == []


# --- enquiries
def test_C13_an_enquiry_is_one_tap_counts_and_is_taken_back(app: App, guide: Caller, clock: Clock):
    for kind in ("where", "papers", "where"):
        last = do(guide, "/api/enquiries", kind=kind)["enquiry"]["id"]
    do(guide, f"/api/enquiries/{last}/withdraw")
    assert ask(guide, f"/api/enquiries/{last}/withdraw").json["refused"] == "undo-nothing"
    late = do(guide, "/api/enquiries", kind="policy", service="S001")["enquiry"]["id"]
    assert ask(person_of(app, "ZW026"), f"/api/enquiries/{late}/withdraw").json["refused"] == "undo-nothing"
    clock.forward(seconds=11)
    assert ask(guide, f"/api/enquiries/{late}/withdraw").json["refused"] == "undo-too-late"
    sums = {"total": 3, "kinds": {"where": 1, "papers": 1, "policy": 1}}
    assert picture(guide)["values"]["guiding"]["enquiries"] == sums
    for role in ("manager", "supervisor", "guide"):
        seen = staff(app, role).ask("GET", "/api/guiding?first=2026-03-01&last=2026-03-31").json["days"]
        assert [(d["day"], d["enquiries"]) for d in seen] == [("2026-03-02", sums)]
    assert staff(app, "manager").ask("GET", "/api/guiding").json["days"][0]["enquiries"] == sums
    assert guide.ask("GET", "/api/guiding?first=1").status_code == 422
    for body, no in (
        ({"kind": "x"}, "enquiry-kind-unknown"),
        ({"kind": "where", "service": "S"}, "service-unknown"),
    ):
        assert ask(guide, "/api/enquiries", **body).json["refused"] == no
    for who in (device(app, "kiosk"), staff(app, "manager"), nobody(app)):
        assert ask(who, "/api/enquiries", kind="where").status_code in (401, 403)


def test_both_are_exported(app: App, guide: Caller):
    do(guide, "/api/enquiries", kind="where")
    do(guide, "/api/aids", place="door", kind="form", note="不出大厅")
    store = app.house.store
    with store.read() as connection:
        for what, value in (("enquiries", "where"), ("aids", "form")):
            (row,) = rows(connection, store.hall, what, "2026-03-02", "2026-03-02")
            assert len(row) == len(COLUMNS[what])
            assert value in row
            assert "不出大厅" not in json.dumps(row, ensure_ascii=False)


# --- for somebody else
def test_a_guide_takes_a_number_for_somebody_and_a_kiosk_prints_it(app: App, guide: Caller, kiosk: Caller):
    printers(app)
    body = {"service": "S001", "further": ["S101"], "kiosk": "K1", "priority": "elder", "reason": "七十多岁"}
    taken = do(guide, "/api/tickets", **body)
    assert taken["slip"]["state"] == "queued"
    assert [s["id"] for s in taken["ticket"]["further"]] == ["S101"]
    line = audit(app, "ticket.take")[-1]
    assert (line["actor"]["id"], line["facts"]["reason"]) == (guide.id, "七十多岁")
    assert do(guide, "/api/tickets", service="S001")["slip"] is None  # on the tablet's screen only
    assert ask(guide, "/api/tickets", service="S001", kiosk="K7").json["refused"] == "printer-unknown"
    for reason in ("", " x "):
        no = ask(guide, "/api/tickets", service="S001", priority="elder", reason=reason)
        assert (no.status_code, no.json["refused"]) == (422, "class-reason-needed")
    # a kiosk prints at itself and names none
    assert ask(kiosk, "/api/tickets", service="S001", kiosk="K1").json["refused"] == "input-invalid"


def test_a_guide_books_for_somebody_and_checks_them_in(app: App, guide: Caller, clock: Clock):
    printers(app)
    offer = guide.ask("GET", "/api/slots?service=S001").json["days"]
    at = next(slot["at"] for day in offer for slot in day["slots"] if slot["free"])
    link = do(guide, "/api/appointments/by-staff", service="S001", at=at)["link"]
    shown = picture(guide)["values"]["appointments"]
    assert link not in json.dumps(shown)
    clock.at = datetime.fromisoformat(at)
    guide = staff(app, "guide")  # the session has ended meanwhile
    code = guide.ask("GET", f"/api/booking/{link}").json["appointment"]["code"]
    assert ask(guide, "/api/check-in", code=code, kiosk="K9").json["refused"] == "printer-unknown"
    assert do(guide, "/api/check-in", code=code, kiosk="K1")["slip"]["state"] == "queued"


def test_F36_C5_who_comes_by_a_phones_number_or_a_batch_gets_paper_from_the_guide_too(
    app: App, guide: Caller, clock: Clock
):
    printers(app)
    with app.house.store.unit(Actor("citizen", "remote", "citizen")) as unit:
        hall, papers = app.house.hall, (app.house.slip, "http://localhost")
        taken = take_remote(unit, hall, *papers, "S001", "zh", "session:a")
        remote = find_remote(unit.connection, taken.ticket.id)
    assert remote is not None
    assert ask(guide, "/api/check-in", code=remote.code, kiosk="K9").json["refused"] == "printer-unknown"
    assert do(guide, "/api/check-in", code=remote.code, kiosk="K1")["slip"]["state"] == "queued"
    order = made(guide, "batch", service="S003", items=3, name="青禾商贸有限公司")
    soon = (clock() + timedelta(minutes=10)).isoformat()
    code = do(guide, f"{order}/batch", at=soon, window="W02")["order"]["code"]
    assert do(guide, "/api/check-in", code=code, kiosk="K1")["slip"]["state"] == "queued"


def test_the_tablet_sees_queues_and_the_kiosks_machines_only(app: App, guide: Caller, kiosk: Caller):
    keypad = {**PRINTER, "name": "keypad-W01", "kind": "keypad", "window": "W01", "kiosk": None}
    with app.house.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER, keypad], [])
    shown = picture(guide)
    assert set(shown["rows"]["devices"]) == {"printer-K1"}
    assert shown["values"]["kiosks"] == [{"id": "K1", "prints": True}]
    assert shown["rows"]["queues"]["A"]["waiting"] == 0
    for role in ("supervisor", "manager", "admin"):
        assert staff(app, role).ask("GET", "/api/state/guide").status_code == 403
    assert nobody(app).ask("GET", "/guide").status_code == 200


def test_an_aid_stands_in_the_audit_trail(app: App, guide: Caller):
    aid = do(guide, "/api/aids", place="door", kind="form", note="一句话")["aid"]["id"]
    with app.house.store.unit(Actor("staff", guide.id, "guide")) as unit:
        step_aid(unit, aid, AidStep.TAKE)
        assert ask_aid(unit, app.house.hall, "door", "walk", "").id != aid
    lines = audit(app, "aid.ask") + audit(app, "aid.take")
    assert [line["facts"]["kind"] for line in lines] == ["form", "walk", "form"]
    assert "一句话" not in json.dumps(lines, ensure_ascii=False)


# --- where it is
def test_a_window_stands_on_the_floor_of_its_zone(tmp_path: Path):
    for file in (ROOT / "config" / "demo").glob("*.toml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path, words = tmp_path / "windows.toml", (ROOT / "config" / "demo" / "windows.toml").read_text("utf-8")
    path.write_text(words.replace('number = "2"', 'number = "2"\nfloor = "3"'), "utf-8")
    windows = read_hall(tmp_path, ROOT / "config").catalogue.windows
    assert {w.number: w.floor for w in windows.values() if w.zone == "A区"}.items() >= {
        ("1", "1"),
        ("2", "3"),
    }
    assert {w.floor for w in windows.values() if w.zone == "D区"} == {"2"}
    path.write_text(words.replace('name = "D区"', 'name = "Z区"'), "utf-8")
    with pytest.raises(SettingsError, match=r"zone\.name"):
        read_hall(tmp_path, ROOT / "config")
