"""Numbers taken by phone: away until their holder is in the hall, and nobody waits for an empty chair."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from html import unescape
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from server.actions.arrive import arrive, miss_the_absent
from server.actions.day import begin_closing
from server.actions.device_host import host_arrived
from server.actions.dispatch import dispatch
from server.actions.no_show import give_back_place, no_show
from server.actions.run_day import run_day
from server.actions.take_number import Taken
from server.actions.take_remote import take_remote
from server.app import App
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.estimate.coming import share_coming
from server.domain.estimate.outlook import look
from server.domain.estimate.roll import Stage
from server.domain.estimate.times import Learned
from server.domain.remote import (
    CHANGES_S,
    SCREEN_DIGITS,
    RemoteRules,
    changes_at,
    check_remote,
    is_present,
    offers,
    presence_code,
)
from server.domain.tickets import State
from server.settings import Dispatch, HallSettings
from server.store.health import save_health
from server.store.history import learned
from server.store.remote import find_remote
from server.store.scene import read_scene
from server.store.slips import find_slip
from server.store.tickets import last_leg
from server.store.verify import check
from tests.conftest import Clock
from tests.server.callers import Caller, audit, device, nobody, staff
from tests.server.hall_day import URL, HallDay

ONCE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # no SQL of its own
PHONE = Actor("citizen", "remote", "citizen")


def by_phone(day: HallDay, who: str = "session:a", service: str = "S001") -> Taken:
    with day.store.unit(PHONE) as unit:
        return take_remote(unit, day.hall, day.template, URL, service, "zh", who)


def comes(day: HallDay, taken: Taken, actor: Actor = PHONE) -> Taken:
    with day.store.unit(actor) as unit:
        return arrive(unit, day.hall, day.template, URL, taken.ticket.id)


def beat(day: HallDay) -> None:
    with day.store.unit(SYSTEM) as unit:
        miss_the_absent(unit, day.hall)


def state(day: HallDay, taken: Taken) -> State:
    with day.store.read() as connection:
        return last_leg(connection, taken.ticket.id).state


def due(day: HallDay, taken: Taken) -> bool:
    with day.store.read() as connection:
        remote = find_remote(connection, taken.ticket.id)
    assert remote is not None
    return remote.due_at is not None


def test_F36_who_is_away_is_not_called_and_keeps_the_place_by_coming_in_time(day: HallDay) -> None:
    day.open("W01")
    day.take()
    taken = by_phone(day)
    day.clock.forward(minutes=1)
    after = day.take()
    assert (taken.leg.state, taken.ahead, after.ahead) == (State.AWAY, 1, 1)
    called = day.call("W01")
    assert called is not None
    assert called.number == "A001"
    assert not due(day, taken), "its turn has not come"
    comes(day, taken)
    day.serve("W01")
    called = day.call("W01")
    assert called is not None
    assert called.number == taken.ticket.number, "earlier than who came to the kiosk after it was taken"
    assert check(day.store.engine, day.store.hall) == []


def test_F36_nobody_in_the_hall_waits_for_an_empty_chair(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.clock.forward(minutes=25)
    there = day.take()
    called = day.call("W01")
    assert called is not None
    assert called.number == there.ticket.number
    assert due(day, taken), "the rule would have called it"
    beat(day)
    assert state(day, taken) is State.AWAY, "within the grace"
    comes(day, taken)
    later = day.take()
    day.serve("W01")
    called = day.call("W01")
    assert called is not None
    assert called.number == taken.ticket.number
    assert later.leg.state is State.WAITING


def test_F36_who_is_not_there_in_time_is_missed_and_comes_back_as_the_missed_do(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.clock.forward(minutes=25)
    day.take()
    day.call("W01")
    day.clock.forward(minutes=9)
    beat(day)
    assert state(day, taken) is State.AWAY
    day.clock.forward(minutes=1)
    beat(day)
    assert state(day, taken) is State.NO_SHOW
    day.clock.forward(minutes=10)
    back = comes(day, taken)
    kept = day.hall.rules.limit["ordinary"] * day.hall.rules.miss
    assert (back.leg.state, back.leg.returns) == (State.WAITING, 1)
    assert (day.clock() - back.leg.origin_at).total_seconds() / 60 == kept, "a share, not all"
    with pytest.raises(refusals.ArrivedAlready):
        comes(day, taken)


@ONCE
def test_F36_after_the_time_to_come_back_the_number_is_gone(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.call("W01")  # an idle window, nobody there: it could have been served
    assert due(day, taken)
    day.clock.forward(minutes=29)
    beat(day)
    assert state(day, taken) is State.AWAY, "nobody is missed sooner than the way takes"
    day.clock.forward(minutes=1)
    beat(day)
    day.clock.forward(minutes=31)
    with pytest.raises(refusals.ReturnTooLate):
        comes(day, taken)
    assert by_phone(day).ticket.id != taken.ticket.id, "it holds nothing any more: another may be taken"


@ONCE
def test_F36_one_turn_comes_with_one_call(day: HallDay) -> None:
    day.open("W01")
    first, second = by_phone(day, "session:a"), by_phone(day, "session:b")
    assert day.call("W01") is None
    assert (due(day, first), due(day, second)) == (True, False)


@ONCE
def test_F36_F61_an_idle_window_gives_one_turn_however_often_it_asks(day: HallDay) -> None:
    day.open("W01")
    taken = [by_phone(day, f"session:{n}") for n in range(3)]
    day.clock.forward(minutes=5)
    rested = replace(day.hall, dispatch=Dispatch(windows=("W01",), rest_s=15))
    for _ in range(4):
        with day.store.unit(SYSTEM) as unit:
            assert dispatch(unit, rested) == []
        day.clock.forward(seconds=2)
    assert [due(day, one) for one in taken] == [True, False, False]
    comes(day, taken[0])
    assert day.call("W01") is not None
    day.serve("W01")
    assert day.call("W01") is None
    assert [due(day, one) for one in taken] == [True, True, False]


def test_F36_F69_whose_turn_went_by_comes_back_once_at_the_window_or_at_the_kiosk(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.clock.forward(minutes=25)
    day.call("W01")
    day.clock.forward(minutes=11)
    beat(day)
    assert state(day, taken) is State.NO_SHOW
    day.at("W01", give_back_place, day.hall, "W01", taken.leg.id)
    with pytest.raises(refusals.ArrivedAlready):
        comes(day, taken)
    assert day.call("W01") is not None
    day.clock.forward(minutes=1)
    day.at("W01", no_show, day.hall, "W01")
    with pytest.raises(refusals.ArrivedAlready):
        comes(day, taken)
    with pytest.raises(refusals.ReturnsSpent):
        day.at("W01", give_back_place, day.hall, "W01", taken.leg.id)


@pytest.mark.parametrize(
    ("rules", "no"),
    [
        ({"enabled": False}, refusals.RemoteOff),
        ({"queues": ("C",)}, refusals.RemoteNot),
        ({"closed_services": ("S001",)}, refusals.RemoteNot),
        ({"hours": ((time(14), time(16)),)}, refusals.RemoteHours),
        ({"day_quota": 1}, refusals.RemoteFull),
        ({"share": 0.5, "share_from": 1}, refusals.RemoteFull),
    ],
)
def test_F36_the_halls_rules_refuse(
    hall: HallSettings, rules: dict[str, Any], no: type[refusals.Refusal]
) -> None:
    """After one number by phone, the only one of its queue, at nine."""
    item = hall.catalogue.services["S001"]
    asked = (replace(hall.hall.remote, **rules), hall.catalogue.queues[item.queue], item, time(9))
    with pytest.raises(no):
        check_remote(*asked, today=1, given=1, by_phone=1)
    if "share" in rules:
        check_remote(*asked, today=1, given=3, by_phone=1)  # two of four are half


def test_F36_a_closed_service_is_not_offered_by_phone(hall: HallSettings) -> None:
    item = replace(hall.catalogue.services["S001"], closed=True)
    queue = hall.catalogue.queues[item.queue]
    assert not offers(hall.hall.remote, queue, item)
    with pytest.raises(refusals.ServiceClosed):
        check_remote(hall.hall.remote, queue, item, time(9), today=0, given=0, by_phone=0)


@given(minutes=st.integers(0, 10**6))
def test_F36_the_digits_hold_for_a_while_and_not_for_long(minutes: int) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=minutes)
    code = presence_code(b"key", now)
    assert len(code) == SCREEN_DIGITS
    assert is_present(b"key", code, now + timedelta(seconds=CHANGES_S))
    assert not is_present(b"another", code, now) or presence_code(b"another", now) == code
    assert now < changes_at(now) <= now + timedelta(seconds=CHANGES_S)
    if is_present(b"key", code, now + timedelta(seconds=2 * CHANGES_S)):
        later = [presence_code(b"key", now + timedelta(seconds=n * CHANGES_S)) for n in (1, 2)]
        assert code in later, "one in a million"


@ONCE
def test_F36_one_phone_holds_one_number_and_the_kiosks_rules_hold(day: HallDay) -> None:
    day.open("W01")
    first = by_phone(day)
    again = by_phone(day)
    assert (again.existing, again.ticket.id) == (True, first.ticket.id)
    with pytest.raises(refusals.RemoteLimit):
        by_phone(day, service="S002")
    day.clock.forward(hours=8, minutes=20)  # 17:20: the last number was given
    with pytest.raises(refusals.HoursClosed):
        by_phone(day, "session:b")


@ONCE
def test_F36_no_number_for_who_could_not_come_before_the_windows_close(day: HallDay) -> None:
    """Half past five they close, and the way takes half an hour; at the kiosk numbers go on."""
    day.open("W01")
    day.clock.forward(hours=7, minutes=59)
    by_phone(day, "session:b")
    day.clock.forward(minutes=2)
    with pytest.raises(refusals.RemoteHours) as no:
        by_phone(day, "session:c")
    assert no.value.facts["hours"] == "08:10–17:00"
    assert day.take().ticket.number == "A002"


@ONCE
def test_F36_an_absent_number_does_not_keep_the_day_open_and_expires_with_it(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.clock.forward(hours=8, minutes=31)
    with day.store.unit(SYSTEM) as unit:
        begin_closing(unit)
        run_day(unit, day.hall, always_open=False)
    assert state(day, taken) is State.EXPIRED


@ONCE
def test_F36_who_is_away_is_foreseen_as_often_as_such_people_come(day: HallDay) -> None:
    """One away number ahead of one who is there: it takes time in most futures, not in all."""
    day.open("W01")
    taken = by_phone(day)
    day.clock.forward(minutes=1)
    there = day.take()
    with day.store.read() as connection:
        scene = read_scene(connection, day.store.hall, day.hall, Learned({}, {}, True), day.clock())
    assert scene is not None
    assert scene.away == {taken.leg.id}
    stage = Stage(replace(scene, desks=tuple(d for d in scene.desks if d.window == "W01")))
    futures = [stage.play(Random(n)) for n in range(200)]
    assert all(calls[taken.leg.id] == 0 for calls in futures), "its own question is always answered"
    at_once = sum(calls[there.leg.id] == 0 for calls in futures)
    assert 0 < at_once < 60, "about fifteen of a hundred do not come"
    with day.store.read() as connection:
        past = (day.hall.catalogue, day.hall.calendar, day.hall.zone)
        tomorrow = learned(connection, day.store.hall, *past, "2026-03-03").showing
    assert tomorrow.by_phone == share_coming(0, 1) < tomorrow.share
    assert set(look(scene, Random, 20).legs) == {taken.leg.id, there.leg.id}


# --- over HTTP
OWN = {"Origin": "http://localhost"}


@pytest.fixture
def at(app: App, clock: Clock) -> HallDay:
    return HallDay(app.house.store, app.house.hall, app.house.slip, clock).open("W01")


def take(client: FlaskClient, service: str = "S001", n: int = 1, lang: str = "zh") -> Any:
    form = {"request_id": f"a-fresh-request-{n:04d}", "service": service}
    return client.post(f"/take?service={service}&lang={lang}", data=form, headers=OWN)


def test_F36_a_phone_without_script_takes_a_number_and_says_that_it_is_there(app: App, at: HallDay) -> None:
    at.take()
    phone = app.flask.test_client()
    listed = phone.get("/take").get_data(as_text=True)
    assert "公司设立登记" in listed
    assert "前面 1 人" in listed
    assert "/take" in phone.get("/figures").get_data(as_text=True), "linked from the public figures"
    assert "/take" in phone.get("/book").get_data(as_text=True), "and from where one books"
    guide = phone.get("/take?service=S001").get_data(as_text=True)
    assert "公司章程" in guide, "what to bring comes before the number"
    assert phone.post("/take", data={}, headers={"Origin": "http://evil.example"}).status_code == 403
    made = take(phone)
    assert made.status_code == 303, made.get_data(as_text=True)
    assert take(phone).headers["Location"] == made.headers["Location"], "pressed twice is one number"
    link = made.headers["Location"].split("/t/")[1].partition("?")[0]
    assert take(phone, n=2).headers["Location"] == made.headers["Location"], "the one it has already"
    page = phone.get(f"/t/{link}").get_data(as_text=True)
    assert "A002" in page
    assert "到了大厅，先确认到场" in page
    again = take(phone, "S002", n=3, lang="en")
    assert again.status_code == 409
    assert "as many numbers as it may" in again.get_data(as_text=True)

    code = device(app, "kiosk").ask("GET", "/api/remote/screen").json["code"]
    assert nobody(app).ask("GET", "/api/remote/screen").status_code == 401, "only the hall's screens show it"
    wrong = phone.post(f"/t/{link}/arrive", data={"code": "000000" if code != "000000" else "1"}, headers=OWN)
    assert wrong.status_code == 409
    assert "数字不对" in wrong.get_data(as_text=True)
    assert code in phone.get(f"/here?k={code}").get_data(as_text=True)
    here = phone.post("/here", data={"k": code, "link": link, "request_id": "here-0001"}, headers=OWN)
    assert (here.status_code, here.headers["Location"]) == (303, f"/t/{link}?lang=zh")
    mine = phone.get(f"/api/my/{link}").json["ticket"]
    assert (mine["state"], mine["remote"]["absent"]) == ("waiting", False)
    assert audit(app, "ticket.arrive")[-1]["actor"]["kind"] == "citizen"


def test_F36_the_kiosk_and_the_desk_know_who_is_there(app: App, at: HallDay, clock: Clock) -> None:
    kiosk, guide = device(app, "kiosk"), staff(app, "guide")
    links = []
    for n in range(2):
        phone = app.flask.test_client()
        links.append(take(phone, n=n).headers["Location"].split("/t/")[1].partition("?")[0])
    codes = [nobody(app).ask("GET", f"/api/my/{link}").json["ticket"]["remote"]["code"] for link in links]
    came = kiosk.ask("POST", "/api/check-in", {"request_id": "kiosk-0001", "code": codes[0]})
    told = (came.status_code, came.json["ticket"]["number"], came.json["slip"]["state"])
    assert told == (201, "A001", "queued")
    twice = kiosk.ask("POST", "/api/check-in", {"request_id": "kiosk-0002", "code": codes[0]})
    assert (twice.status_code, twice.json["refused"]) == (409, "arrived-already")
    assert "A001" in twice.json["text"]["zh"]

    found = guide.ask("GET", "/api/tickets/by-number/A002").json["ticket"]
    assert (found["state"], found["remote"]) == ("away", {"arrived_at": None, "may_arrive": True})
    body = {"request_id": "guide-0001"}
    assert kiosk.ask("POST", f"/api/tickets/{found['id']}/arrive", body).status_code == 403
    assert guide.ask("POST", f"/api/tickets/{found['id']}/arrive", body).json["ticket"]["state"] == "waiting"
    at.call("W01")
    desk = staff(app, "clerk").ask("GET", "/api/state/clerk?window=W01").json
    assert desk["values"]["desk"]["ticket"]["remote"] == clock().astimezone(UTC).isoformat()


def test_F36_the_page_offers_no_way_that_is_closed(app: App, at: HallDay) -> None:
    """Neither a service that a manager closed nor one whose card is read in the hall only; and says why."""
    hall, phone = app.house.hall, app.flask.test_client()
    assert "service=S001" in phone.get("/take").text
    services = dict(hall.catalogue.services)
    services |= {"S001": replace(services["S001"], closed=True)}
    services |= {"S002": replace(services["S002"], identity="id_card_required")}
    app.house.current.hall = replace(hall, catalogue=replace(hall.catalogue, services=services))
    page = phone.get("/take").text
    assert "service=S001" not in page
    assert "service=S002" not in page
    closed = phone.get("/take?service=S001").text
    assert app.house.texts.say("refused.service-closed", "zh", name=services["S001"].name) in unescape(closed)
    assert "/book?service=S001" not in closed
    assert "/book?service=S002" in phone.get("/take?service=S002").text


def test_F36_robots_get_few_numbers_and_the_hall_goes_on(app: App, at: HallDay) -> None:
    """One client that keeps its cookie, then one that throws it away each time (F71)."""
    phone = app.flask.test_client()
    same = {take(phone, service, n).status_code for n, service in enumerate(["S001", "S002", "S003"] * 5)}
    assert same == {303, 409}
    fresh = [take(app.flask.test_client(), n=100 + n).status_code for n in range(60)]
    given = app.house.hall.hall.remote.takes_per_hour
    assert fresh.count(303) <= given - 1
    assert fresh[-1] == 409
    assert (
        device(app, "kiosk").ask("POST", "/api/tickets", {"request_id": "kiosk-0001", "service": "S001"}).json
    )


def test_F36_every_refusal_is_told_in_two_languages(app: App, at: HallDay) -> None:
    off = replace(app.house.hall, hall=replace(app.house.hall.hall, remote=RemoteRules()))
    assert not off.hall.remote.enabled, "a hall that says nothing gives none"
    body = {"request_id": "too-late-0001", "service": "S001"}
    at.clock.forward(hours=9)
    no = nobody(app).ask("POST", "/api/remote", body).json
    assert no["refused"] == "hours-closed"
    assert no["text"]["zh"] != no["text"]["en"]
    other = nobody(app).ask("POST", "/api/remote", {**body, "service": "S999"})
    assert other.json["refused"] == "request-id-conflict"


# --- F18: the list of papers, without a number
PRINTER = {
    "name": "printer-K1",
    "kind": "printer",
    "model": "slip_80mm",
    "line": "x",
    "window": None,
    "kiosk": "K1",
}


@pytest.fixture
def kiosk(app: App, at: HallDay) -> Caller:
    with app.house.store.unit(Actor("device", "host-1", "host")) as unit:
        host_arrived(unit, [PRINTER], set())
    return device(app, "kiosk")


def ask_for_paper(kiosk: Caller, n: int, **more: str) -> Any:
    return kiosk.ask("POST", "/api/slips/guide", {"request_id": f"paper-{n:04d}", "service": "S001", **more})


def texts_of(app: App, slip: int) -> list[str]:
    with app.house.store.read() as connection:
        facts = find_slip(connection, app.house.store.hall, slip).facts
    return [str(part.get("text", "")) for part in facts["parts"]]


def test_F18_a_notice_is_printed_before_any_number(app: App, kiosk: Caller) -> None:
    made = ask_for_paper(kiosk, 1)
    slip = made.json["slip"]
    assert (made.status_code, slip["state"], slip["ticket"]) == (201, "queued", None)
    assert ask_for_paper(kiosk, 1).json == made.json, "pressed twice prints once"
    words = texts_of(app, slip["id"])
    told = ("收费：不收费", "办结时间：1 个工作日", "到场次数：1 次", "地址：青禾县惠民路1号", "电话：12345")
    assert {"公司设立登记", "2. 公司章程", *told} <= set(words)
    assert "What to bring" in texts_of(app, ask_for_paper(kiosk, 2, lang="en").json["slip"]["id"])
    day = nobody(app).ask("GET", "/api/figures").json["day"]
    assert day["taken"] == 0
    assert check(app.house.store.engine, app.house.store.hall) == []


def test_F18_a_child_cannot_empty_the_roll(app: App, kiosk: Caller, clock: Clock) -> None:
    rules = app.house.hall.hall.ticket
    answers = [ask_for_paper(kiosk, n) for n in range(rules.guide_papers + 1)]
    assert [a.status_code for a in answers] == [201] * rules.guide_papers + [429]
    assert answers[-1].json["refused"] == "guide-enough"
    assert f"{rules.guide_minutes} 分钟" in answers[-1].json["text"]["zh"]
    taken = kiosk.ask("POST", "/api/tickets", {"request_id": "number-0001", "service": "S001"})
    assert taken.json["slip"]["state"] == "queued", "numbers are printed all the same"
    clock.forward(minutes=rules.guide_minutes)
    assert ask_for_paper(kiosk, 50).status_code == 201
    with app.house.store.unit(SYSTEM) as unit:
        save_health(unit, "printer-K1", "warn", "near_end", "")
    assert ask_for_paper(kiosk, 51).json["refused"] == "paper-low"
    assert (
        device(app, "kiosk", kiosk="K2")
        .ask("POST", "/api/slips/guide", {"request_id": "other-0001", "service": "S001"})
        .json["refused"]
        == "no-printer"
    )
    assert staff(app, "clerk").ask("POST", "/api/slips/guide", {}).status_code == 403
