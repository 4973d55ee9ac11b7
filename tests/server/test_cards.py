"""Cards and codes end to end on the server: the host says it, the kiosk beside it carries it, nobody
keeps it.
"""

from __future__ import annotations

import itertools
import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from drivers.protocol import gb11643
from server.actions.day import close_day
from server.app import App
from server.domain.actors import SYSTEM
from server.domain.persons import Reading, age_on, class_of_age, is_id_card, proven_class
from server.keys import Seal
from server.settings import PriorityClass
from server.store import tables as t
from server.store.tickets import forget_persons
from tests.conftest import Clock
from tests.server.callers import Caller, device, nobody, staff
from tests.server.hall_day import HallDay
from tests.server.listeners import Listener, knock

ELDER, ADULT = "990123194902030012", "990123198806150020"
REAL_NAME = "S406"  # 普通护照签发
MACHINES = [
    {"name": "printer-K1", "kind": "printer", "model": "slip_80mm", "line": "virtual://p", "kiosk": "K1"},
    {"name": "reader-K1", "kind": "reader", "model": "idcard_sam", "line": "virtual://r", "kiosk": "K1"},
    {"name": "scanner-K1", "kind": "scanner", "model": "scanner", "line": "virtual://c", "kiosk": "K1"},
    {"name": "scanner-W01", "kind": "scanner", "model": "scanner", "line": "virtual://w", "window": "W01"},
]
_ids = itertools.count()


class Corner:
    """Kiosk K1 with its machines, and whoever stands there."""

    def __init__(self, app: App, clock: Clock) -> None:
        self.app, self.clock = app, clock
        self.kiosk = device(app, "kiosk", kiosk="K1")
        self.face = knock(app, self.kiosk, "/kiosk")
        self.host = knock(app, device(app, "host"), "/devices")
        assert self.say("hello", {"host": "hall", "devices": MACHINES, "jobs": []}) == {"ok": True}
        self.told()

    def say(self, word: str, message: Any) -> Any:
        return self.host.socket.emit(word, message, namespace="/devices", callback=True)

    def told(self, listener: Listener | None = None) -> list[dict[str, Any]]:
        return [body for name, body in (listener or self.face).received() if name == "beside"]

    def lay(self, number: str = ELDER, **more: Any) -> dict[str, Any]:
        birth = gb11643.birth_of(str(number))
        facts = {
            "event_id": f"card-{next(_ids)}",
            "device": "reader-K1",
            "kind": "mainland",
            "number": number,
            "name": "张**",
            "birth": birth.isoformat() if birth else None,
            **more,
        }
        assert self.say("card", facts) == {"ok": True}
        (said,) = self.told()
        return said

    def take(
        self, service: str, said: dict[str, Any] | None = None, kiosk: Caller | None = None, **more: Any
    ) -> Any:
        body = {"request_id": f"card-take-{next(_ids)}", "service": service, **more}
        if said:
            body["person"] = {"kind": "card", "reading": said["reading"]}
        return (kiosk or self.kiosk).ask("POST", "/api/tickets", body=body)

    def check_in(self, said: dict[str, Any] | None) -> Any:
        body = {"request_id": f"card-here-{next(_ids)}", **({"reading": said["reading"]} if said else {})}
        return self.kiosk.ask("POST", "/api/check-in", body)


@pytest.fixture
def day(app: App, clock: Clock) -> HallDay:
    h = app.house
    return HallDay(h.store, h.hall, h.slip, clock).open("W01", "W10")


@pytest.fixture
def here(app: App, day: HallDay, clock: Clock) -> Corner:
    return Corner(app, clock)


# --- what the kiosk hears
def test_a_card_is_told_to_its_own_kiosk_alone_masked_and_closed(here: Corner, app: App) -> None:
    other = knock(app, device(app, "kiosk", kiosk="K2"), "/kiosk")
    said = here.lay()
    assert said.keys() == {"name", "id", "reading", "aged", "shown", "kind"}
    assert (said["name"], said["aged"], said["shown"]) == ("card.read", "elder", "张**")
    assert ELDER not in str(said)
    assert "1949" not in str(said)
    assert here.told(other) == []


def test_a_younger_person_has_no_class(here: Corner) -> None:
    assert here.lay(ADULT)["aged"] == ""


def test_the_same_card_is_closed_anew_each_time(here: Corner) -> None:
    assert here.lay()["reading"] != here.lay()["reading"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"failed": "moved"}, "moved"),
        ({"number": "990123194902030013"}, "unsound"),
        ({"kind": "library"}, "unsound"),
        ({"number": None}, "unsound"),
    ],
)
def test_what_could_not_be_read_is_told(here: Corner, more: dict[str, Any], reason: str) -> None:
    said = here.lay(**more)
    assert (said["name"], said["reason"]) == ("card.failed", reason)


@pytest.mark.parametrize("machine", ["printer-K1", "scanner-W01", "reader-K9", "", None])
def test_only_a_declared_reader_reads(here: Corner, machine: Any) -> None:
    facts = {"event_id": "x", "device": machine, "kind": "mainland", "number": ELDER, "birth": "1949-02-03"}
    assert here.say("card", facts)["ok"] is False
    assert here.told() == []


@pytest.mark.parametrize("nonsense", [None, 7, [], {}, {"device": ["reader-K1"]}])
def test_nonsense_is_refused(here: Corner, nonsense: Any) -> None:
    assert here.say("card", nonsense)["ok"] is False
    assert here.say("code", nonsense)["ok"] is False


def test_codes_go_to_the_face_they_are_scanned_at(here: Corner, app: App) -> None:
    desk = knock(app, staff(app, "clerk"), "/clerk", window="W01")
    here.say("code", {"event_id": "c1", "device": "scanner-K1", "text": "12345678"})
    assert here.told() == [{"name": "code.scanned", "id": "c1", "text": "12345678"}]
    here.say("code", {"event_id": "c2", "device": "scanner-K1", "failed": "too_long"})
    assert here.told() == [{"name": "code.failed", "id": "c2", "reason": "not_text"}]
    here.say("code", {"event_id": "c3", "device": "scanner-W01", "text": "87654321"})
    assert [said["text"] for said in here.told(desk)] == ["87654321"]
    assert here.told() == []


def test_a_kiosk_asks_for_a_card_and_stops(here: Corner) -> None:
    for wanted, kind in ((True, "read_card"), (False, "stop_reading")):
        here.face.socket.emit("want_card", {"wanted": wanted}, namespace="/kiosk")
        jobs = [body for name, body in here.host.received() if name == "job"]
        assert [(job["kind"], job["kiosk"]) for job in jobs] == [(kind, "K1")]
    here.face.socket.emit("want_card", {"wanted": 1}, namespace="/kiosk")
    assert [name for name, _ in here.host.received()] == []


def test_the_picture_says_whether_there_is_a_reader(here: Corner, app: App) -> None:
    assert here.face.fresh()["values"]["reader"]["state"] == "unknown"
    other = knock(app, device(app, "kiosk", kiosk="K2"), "/kiosk")
    assert other.fresh()["values"]["reader"]["state"] == "none"


# --- taking a number
def test_a_real_name_number_needs_a_card_and_an_elder_is_asked_nothing(here: Corner) -> None:
    refused = here.take(REAL_NAME)
    assert (refused.status_code, refused.json["refused"]) == (409, "identity-needed")
    taken = here.take(REAL_NAME, here.lay())
    assert taken.status_code == 201, taken.json
    with here.app.house.store.read() as connection:
        row = connection.execute(select(t.ticket.c.priority, t.ticket.c.person)).one()
    assert row.priority == "elder"
    assert row.person.startswith("id_card:")
    assert ELDER not in row.person


def test_a_typed_number_is_no_card(here: Corner) -> None:
    typed = here.take(REAL_NAME, person={"kind": "id_card", "number": ELDER})
    assert typed.json["refused"] == "identity-needed"


def test_staff_give_the_number_to_who_has_no_card(here: Corner, app: App) -> None:
    assert here.take(REAL_NAME, kiosk=staff(app, "guide")).status_code == 201


def test_a_card_makes_an_elder_where_none_is_needed(here: Corner) -> None:
    here.take("S001", here.lay())
    assert _priorities(here) == ["elder"]


def test_a_card_disproves_the_class_of_age_and_no_other(here: Corner) -> None:
    said = here.lay(ADULT)
    here.take("S001", said, priority="elder")
    here.take("S101", said, priority="disabled")
    assert _priorities(here) == ["ordinary", "disabled"]


def test_who_waits_already_gets_the_same_number_again(here: Corner) -> None:
    first = here.take("S001", here.lay())
    again = here.take("S001", here.lay())
    assert again.json["existing"] is True
    assert again.json["ticket"]["number"] == first.json["ticket"]["number"]
    assert here.take("S001", here.lay(ADULT)).json["existing"] is False


def test_a_reading_ends_after_five_minutes(here: Corner) -> None:
    said = here.lay()
    here.clock.forward(minutes=5, seconds=1)
    assert here.take("S001", said).json["refused"] == "card-expired"


def test_a_reading_is_good_at_its_own_kiosk_only(here: Corner, app: App) -> None:
    said = here.lay()
    assert here.take("S001", said, device(app, "kiosk", kiosk="K2")).json["refused"] == "card-expired"
    assert here.take("S001", said, staff(app, "guide")).json["refused"] == "card-expired"


@pytest.mark.parametrize("at", [0, 20, 60, -2])
def test_a_changed_reading_is_none(here: Corner, at: int) -> None:
    said = here.lay()
    char = said["reading"][at]
    spoilt = (
        said["reading"][:at]
        + ("A" if char != "A" else "B")
        + (said["reading"][at + 1 :] if at != -2 else said["reading"][-1])
    )
    assert here.take("S001", {"reading": spoilt}).json["refused"] == "card-expired"


def test_a_repeated_request_gets_the_same_number_though_the_reading_is_over(here: Corner) -> None:
    body = {
        "request_id": "card-again-1",
        "service": "S001",
        "person": {"kind": "card", "reading": here.lay()["reading"]},
    }
    first = here.kiosk.ask("POST", "/api/tickets", body=body)
    here.clock.forward(minutes=10)
    assert here.kiosk.ask("POST", "/api/tickets", body=body).json == first.json


# --- 我在排队吗
def test_mine_tells_what_i_hold_and_a_paper_comes_out_at_any_kiosk(here: Corner, app: App) -> None:
    taken = here.take("S001", here.lay(ADULT)).json["ticket"]
    mine = here.kiosk.ask("POST", "/api/tickets/mine", body={"reading": here.lay(ADULT)["reading"]})
    assert [one["ticket"]["number"] for one in mine.json["tickets"]] == [taken["number"]]
    assert mine.json["bookings"] == []
    assert (
        here.kiosk.ask("POST", "/api/tickets/mine", body={"reading": here.lay()["reading"]}).json["tickets"]
        == []
    )

    k2 = device(app, "kiosk", kiosk="K2")
    machines = [{**MACHINES[1], "name": "reader-K2", "kiosk": "K2"}]
    here.say("hello", {"host": "hall", "devices": [*MACHINES, *machines], "jobs": []})
    face = knock(app, k2, "/kiosk")
    facts = {
        "event_id": "k2",
        "device": "reader-K2",
        "kind": "mainland",
        "number": ADULT,
        "birth": "1988-06-15",
    }
    here.say("card", facts)
    (said,) = here.told(face)
    reprint = f"/api/tickets/{taken['id']}/reprint"
    assert k2.ask("POST", reprint, body={"request_id": "reprint-k2-1"}).status_code == 404
    body = {"request_id": "reprint-k2-2", "reading": said["reading"]}
    made = k2.ask("POST", reprint, body=body)
    assert made.status_code == 201
    assert made.json["slip"]["copy"] == 2


# --- 预约
def test_checking_in_by_card(here: Corner, day: HallDay, clock: Clock) -> None:
    app = here.app
    desk = staff(app, "guide")
    slots = desk.ask("GET", "/api/slots?service=S001").json["days"]
    at = next(slot["at"] for one in slots for slot in one["slots"] if slot["free"])
    body = {"request_id": "card-book-1", "service": "S001", "at": at, "id_card": ELDER}
    assert desk.ask("POST", "/api/appointments/by-staff", body).status_code == 201
    assert here.check_in(None).status_code == 422
    assert here.check_in(here.lay()).json["refused"] == "booking-none"  # it is for another day

    clock.at = datetime.fromisoformat(at).astimezone(UTC) - timedelta(minutes=5)
    with app.house.store.unit(SYSTEM) as unit:
        close_day(unit)
    day.open()
    assert here.check_in(here.lay(ADULT)).json["refused"] == "booking-none"
    said = here.lay()
    mine = here.kiosk.ask("POST", "/api/tickets/mine", {"reading": said["reading"]}).json
    assert [one["service"]["id"] for one in mine["bookings"]] == ["S001"]
    checked = here.check_in(said)
    assert checked.status_code == 201, checked.json
    assert _priorities(here) == ["appointment"]
    again = here.check_in(here.lay())
    assert (again.json["refused"], again.json["facts"]["number"]) == (
        "checked-in-already",
        checked.json["ticket"]["number"],
    )
    mine = here.kiosk.ask("POST", "/api/tickets/mine", {"reading": here.lay()["reading"]}).json
    assert (len(mine["tickets"]), mine["bookings"]) == (1, [])


def test_the_public_may_give_no_card_number_where_the_hall_does_not_ask(app: App, here: Corner) -> None:
    public = nobody(app)
    slots = public.ask("GET", "/api/slots?service=S001").json["days"]
    at = next(slot["at"] for one in slots for slot in one["slots"] if slot["free"])
    made = public.ask(
        "POST", "/api/appointments", body={"request_id": "public-card-1", "service": "S001", "at": at}
    )
    confirm = {"request_id": "public-card-2", "id_card": ADULT}
    link = made.json["link"]
    assert public.ask("POST", f"/api/booking/{link}/confirm", body=confirm).status_code == 422


# --- nothing is kept
def test_no_number_no_name_no_birth_anywhere(here: Corner, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = here.lay(ELDER, name="欧阳**")
    here.take(REAL_NAME, said)
    here.lay(number="990123194902030013")
    here.lay(failed="moved")
    here.kiosk.ask("POST", "/api/tickets/mine", body={"reading": said["reading"]})
    everything = ""
    with here.app.house.store.read() as connection:
        for name in inspect(connection).get_table_names():
            everything += str(connection.exec_driver_sql(f'select * from "{name}"').fetchall())
    for secret in (ELDER, ELDER[:17], "欧阳**", "1949-02-03", "19490203", said["reading"]):
        assert secret not in everything
        assert secret not in caplog.text


def test_the_memory_of_requests_cannot_be_guessed_back(here: Corner) -> None:
    """Its hash stands for the keyed one: a plain hash of a number and an id beside it could be tried out."""
    import hashlib

    from server.domain.audit import canonical

    body = {"request_id": "guess-me-1", "service": "S001", "person": {"kind": "id_card", "number": ADULT}}
    assert here.kiosk.ask("POST", "/api/tickets", body=body).status_code == 201
    asked = {
        "path": "/api/tickets",
        **body,
        "priority": "ordinary",
        "lang": "zh",
        "confirm": [],
        "first_window": None,
    }
    guess = hashlib.sha256(canonical(asked).encode()).hexdigest()
    with here.app.house.store.read() as connection:
        kept = connection.execute(select(t.answered.c.body_hash)).scalars().all()
    assert kept
    assert guess not in kept


def test_old_numbers_are_nobodys(here: Corner) -> None:
    here.take("S001", here.lay())
    store = here.app.house.store
    with store.unit(SYSTEM) as unit:
        forget_persons(unit, date.fromisoformat(unit.day or ""))
    assert _persons(here) != [None]
    with store.unit(SYSTEM) as unit:
        forget_persons(unit, date.fromisoformat(unit.day or "") + timedelta(days=1))
    assert _persons(here) == [None]


def _priorities(here: Corner) -> list[str]:
    with here.app.house.store.read() as connection:
        return list(connection.execute(select(t.ticket.c.priority).order_by(t.ticket.c.id)).scalars())


def _persons(here: Corner) -> list[str | None]:
    with here.app.house.store.read() as connection:
        return list(connection.execute(select(t.ticket.c.person)).scalars())


# --- the rules alone
CLASSES = (
    PriorityClass("elder", "老年人", "id_card_birth_date", min_age=60),
    PriorityClass("very-old", "高龄", "id_card_birth_date", min_age=80),
    PriorityClass("disabled", "残疾人", "guide_or_certificate"),
)
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("birth", "age"),
    [
        (date(1966, 3, 2), 60),
        (date(1966, 3, 3), 59),
        (date(1966, 3, 1), 60),
        (date(2026, 3, 2), 0),
        (date(1964, 2, 29), 62),
    ],
)
def test_age(birth: date, age: int) -> None:
    assert age_on(birth, TODAY) == age


def test_born_on_a_leap_day() -> None:
    assert age_on(date(1964, 2, 29), date(2024, 2, 28)) == 59
    assert age_on(date(1964, 2, 29), date(2023, 2, 28)) == 58
    assert age_on(date(1964, 2, 29), date(2023, 3, 1)) == 59


@pytest.mark.parametrize(
    ("birth", "aged"),
    [
        (date(1966, 3, 2), "elder"),
        (date(1966, 3, 3), ""),
        (date(1946, 3, 2), "very-old"),
        (date(2027, 1, 1), ""),
        (None, ""),
    ],
)
def test_the_class_of_an_age(birth: date | None, aged: str) -> None:
    assert class_of_age(birth, TODAY, CLASSES) == aged


@pytest.mark.parametrize(
    ("chosen", "aged", "counts"),
    [
        ("ordinary", "elder", "elder"),
        ("ordinary", "", "ordinary"),
        ("elder", "", "ordinary"),
        ("elder", "very-old", "very-old"),
        ("disabled", "elder", "disabled"),
        ("disabled", "", "disabled"),
    ],
)
def test_what_a_card_proves(chosen: str, aged: str, counts: str) -> None:
    assert proven_class(chosen, Reading("p", aged, "K1"), CLASSES) == counts
    assert proven_class(chosen, None, CLASSES) == chosen


@given(st.integers(0, 10**17 - 1), st.sampled_from("0123456789X"))
def test_drivers_and_server_agree_on_the_check_character(first: int, check: str) -> None:
    number = f"{first:017}{check}"
    assert is_id_card(number) == (gb11643.check_character(number[:17]) == check)


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_what_is_sealed_opens_with_its_own_purpose_and_key_only(plain: bytes, key: bytes) -> None:
    closed = Seal(key, "a").close(plain)
    assert Seal(key, "a").open(closed) == plain
    assert Seal(key, "b").open(closed) is None
    assert Seal(bytes(31) + bytes((key[31] ^ 1,)), "a").open(closed) is None


@pytest.mark.parametrize("nonsense", ["", "x", "AAAA", "é" * 40, "=" * 40])
def test_nonsense_opens_to_nothing(nonsense: str) -> None:
    assert Seal(bytes(32), "a").open(nonsense) is None
