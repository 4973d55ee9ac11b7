"""Limits on numbers (FEATURES 6, 8, 9, 11): quotas of queue, service, slot, person; one open number; a
warning."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.actions.cancel import cancel
from server.actions.take_number import Taken, take_number
from server.app import App, create_app
from server.domain import refusals
from server.domain.actors import SYSTEM
from server.domain.persons import is_id_card, is_phone, person_key
from server.keys import hall_key
from server.settings import HallSettings, Settings
from server.store.health import save_device, save_health
from server.store.verify import check
from tests.conftest import KIOSK, Clock
from tests.server.callers import device, staff
from tests.server.hall_day import URL, HallDay

ANNA, BERT = "phone:anna", "id_card:bert"
CARD = "11010519491231002X"  # the sample of GB 11643


def take(day: HallDay, service: str = "S001", person: str | None = ANNA, *confirmed: str) -> Taken:
    with day.store.unit(KIOSK) as unit:
        wish = (unit, day.hall, day.template, URL, service)
        return take_number(*wish, person=person, confirmed=confirmed)


def with_queue(hall: HallSettings, prefix: str, **changes: Any) -> HallSettings:
    queues = {**hall.catalogue.queues, prefix: replace(hall.catalogue.queues[prefix], **changes)}
    return replace(hall, catalogue=replace(hall.catalogue, queues=queues))


def with_rules(hall: HallSettings, **changes: Any) -> HallSettings:
    return replace(hall, hall=replace(hall.hall, ticket=replace(hall.hall.ticket, **changes)))


def give_up(day: HallDay, taken: Taken) -> None:
    with day.store.unit(KIOSK) as unit:
        cancel(unit, taken.ticket.id)


def test_F6_a_second_try_gets_the_number_the_person_has(day: HallDay):
    day.open("W01")
    first, again = take(day), take(day)
    assert (again.existing, again.ticket.number, again.ticket.id) == (True, "A001", first.ticket.id)
    assert again.slip is not None
    assert check(day.store.engine, day.hall.id) == [], "the second try is in the trail and is no number"
    assert take(day, person=BERT).ticket.number == "A002"
    assert take(day, "S101").ticket.number == "B001"
    day.call("W01")
    assert take(day).existing  # at the window it is still their number
    day.serve("W01")
    assert not take(day, "S001", ANNA, "service-twice").existing


def test_without_a_person_every_press_is_somebody_else(day: HallDay):
    day.open()
    assert [take(day, person=None).ticket.number for _ in range(2)] == ["A001", "A002"]


@pytest.mark.parametrize(
    ("how", "confirmed", "given"),
    [
        ("allow", (), True),
        ("warn", (), False),
        ("warn", ("service-twice",), True),
        ("refuse", ("service-twice",), False),
    ],
)
def test_the_same_service_twice_a_day(day: HallDay, how: str, confirmed: tuple[str, ...], given: bool):
    day.hall = with_rules(day.hall, duplicate_service_same_day=how)
    day.open()
    give_up(day, take(day))
    if given:
        assert take(day, "S001", ANNA, *confirmed).ticket.number == "A002"
    else:
        with pytest.raises(refusals.ServiceTwice) as no:
            take(day, "S001", ANNA, *confirmed)
        assert no.value.facts["confirm"] is (how == "warn")


def test_open_numbers_and_numbers_a_day_per_person(day: HallDay):
    day.hall = with_rules(day.hall, max_active_per_person=2, max_per_phone_per_day=3)
    day.open()
    take(day, "S001")
    second = take(day, "S101")
    with pytest.raises(refusals.PersonLimit) as no:
        take(day, "S201")
    assert no.value.facts == {"limit": 2, "open": True}
    give_up(day, second)
    give_up(day, take(day, "S201"))
    with pytest.raises(refusals.PersonLimit) as no:
        take(day, "S002")
    assert no.value.facts == {"limit": 3, "open": False}


def test_F6_a_service_that_follows_on_the_number_counts_and_one_that_is_done_does_not(day: HallDay):
    taken = day.open("W01").take("S001", person=BERT, further=("S002",))
    assert day.take("S002", person=BERT).ticket.id == taken.ticket.id, "it is to follow on that number"
    day.call("W01")
    day.serve("W01")
    assert day.take("S002", person=BERT).ticket.id == taken.ticket.id
    again = day.take("S001", person=BERT, confirmed=("service-twice",))
    assert not again.existing, "the first matter is done"


def test_F8_daily_quota_per_queue_and_service(day: HallDay):
    day.hall = with_queue(day.hall, "A", day_quota=2)
    day.open()
    take(day, "S001", None)
    take(day, "S002", None)
    with pytest.raises(refusals.QueueFull) as no:
        take(day, "S001", None)
    named = {"queue": "A", "name": "综合受理", "name_en": "General services"}
    assert no.value.facts == {**named, "book": True, "limit": 2, "until": None}
    services = day.hall.catalogue.services
    one = replace(day.hall.catalogue, services={**services, "S101": replace(services["S101"], day_quota=1)})
    day.hall = replace(day.hall, catalogue=one)
    take(day, "S101", None)
    with pytest.raises(refusals.QueueFull):
        take(day, "S101", None)
    assert take(day, "S102", None).ticket.number == "B002"


def test_F9_quota_per_half_hour(day: HallDay):
    day.hall = with_queue(day.hall, "A", slot_quota=1)
    day.open()
    take(day, person=None)
    with pytest.raises(refusals.QueueFull) as no:
        take(day, person=None)
    assert no.value.facts["until"] == "09:30"
    day.clock.forward(minutes=30)
    assert take(day, person=None).ticket.number == "A002"


def test_F11_a_long_line_asks_first(day: HallDay):
    day.hall = with_queue(day.hall, "A", warn_ahead=1)
    day.open()
    take(day, person=None)
    with pytest.raises(refusals.QueueLong) as no:
        take(day, person=None)
    named = {"queue": "A", "name": "综合受理", "name_en": "General services"}
    assert no.value.facts == {**named, "ahead": 1, "confirm": True, "book": True}
    assert take(day, "S001", None, "queue-long").ticket.number == "A002"


@pytest.mark.parametrize(
    ("number", "right"), [(CARD, True), ("110105194912310021", False), ("11010519491231002", False)]
)
def test_an_identity_number_has_its_check_digit(number: str, right: bool):
    assert is_id_card(number) is right


@pytest.mark.parametrize(
    ("number", "right"), [("13812345678", True), ("12812345678", False), ("1381234567", False)]
)
def test_a_phone_number(number: str, right: bool):
    assert is_phone(number) is right


def test_a_person_key_tells_the_same_and_nothing_else():
    one, other = b"1" * 32, b"2" * 32
    key = person_key(one, "id_card", CARD)
    assert key == person_key(one, "id_card", CARD.lower())
    assert key != person_key(other, "id_card", CARD)
    assert CARD not in key
    with pytest.raises(refusals.PersonInvalid):
        person_key(one, "phone", CARD)


def test_the_halls_key_is_made_once_and_for_its_owner_only(tmp_path: Path):
    key = hall_key(tmp_path)
    assert (len(key), hall_key(tmp_path)) == (32, key)
    assert stat.S_IMODE((tmp_path / "hall.key").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["hall.key"]


@pytest.fixture
def strict(make_settings: Callable[..., Settings], hall: HallSettings, clock: Clock) -> App:
    busy = with_queue(hall, "A", warn_ahead=1)
    return create_app(make_settings(hall=replace(busy, files=busy.catalogue)), clock)


def test_the_kiosk_asks_confirms_and_offers_the_number_again(strict: App):
    staff(strict, "manager").ask("POST", "/api/day/open", {"request_id": "open-0001"})
    kiosk = device(strict, "kiosk")
    who = {"kind": "phone", "number": "13812345678"}

    def ask(n: int, **more: Any) -> Any:
        return kiosk.ask("POST", "/api/tickets", {"request_id": f"take-000{n}", "service": "S001", **more})

    first = ask(1, person=who)
    assert (first.status_code, first.get_json()["existing"]) == (201, False)
    again = ask(2, person=who).get_json()
    assert (again["existing"], again["ticket"]["number"]) == (True, "A001")
    assert (again["slip"]["copy"], again["slip"]["state"]) == (2, "queued")
    long = ask(3).get_json()
    assert (long["refused"], long["facts"]["ahead"]) == ("queue-long", 1)
    assert ask(4, confirm=["queue-long"]).get_json()["ticket"]["number"] == "A002"
    assert ask(5, person={"kind": "id_card", "number": "1"}).get_json()["refused"] == "person-invalid"
    assert ask(6, confirm=["anything"]).status_code == 422


@pytest.mark.parametrize(("quota", "until"), [("day_quota", None), ("slot_quota", "09:30")])
def test_F8_F9_a_manager_sets_a_quota_and_the_full_queue_offers_booking(
    app: App, quota: str, until: str | None
):
    """From the manager's page to the kiosk's answer, without a restart; another queue goes on."""
    manager, kiosk = staff(app, "manager"), device(app, "kiosk")

    def post(who: Any, path: str, n: int, **body: Any) -> Any:
        return who.ask("POST", path, {"request_id": f"quota-{n:04d}", **body})

    post(manager, "/api/day/open", 1)
    rev = post(manager, "/api/config/queues/draft", 2, items={"A": {quota: 1}}, base=0, rev=0).json["rev"]
    assert post(manager, "/api/config/queues", 3, base=0, rev=rev).status_code == 200
    assert post(kiosk, "/api/tickets", 4, service="S001").json["ticket"]["number"] == "A001"
    full = post(kiosk, "/api/tickets", 5, service="S002")
    assert (full.status_code, full.json["refused"]) == (409, "queue-full")
    assert (full.json["facts"]["book"], full.json["facts"]["until"]) == (True, until)
    assert full.json["text"]["zh"]
    assert post(kiosk, "/api/tickets", 6, service="S101").json["ticket"]["number"] == "B001"


@pytest.mark.parametrize(("how", "gives"), [("go_on", True), ("stop", False)])
def test_F27_a_kiosk_without_paper_stops_where_the_hall_says_so(day: HallDay, how: str, gives: bool):
    rules = replace(day.hall.hall.ticket, paper_out=how)
    day.hall = replace(day.hall, hall=replace(day.hall.hall, ticket=rules))
    day.open("W01")
    with day.store.unit(SYSTEM) as unit:
        row = {"device": "p", "kind": "printer", "model": "escpos", "line": "x", "window": None}
        save_device(unit, {**row, "kiosk": KIOSK.kiosk, "state": "down", "reason": "paper_out", "detail": ""})
    if gives:
        assert day.take().ticket.number == "A001"
    else:
        with pytest.raises(refusals.KioskNoPaper):
            day.take()
        with day.store.unit(SYSTEM) as unit:
            save_health(unit, "p", "ok", "", "")
        assert day.take().ticket.number == "A001", "no number was spent"
