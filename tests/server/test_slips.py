"""The life of a paper: owed with its number, followed by the printer's own words, reprinted and counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from server.actions.day import close_day
from server.actions.device_host import slip_result
from server.actions.print_slip import PATIENCE, follow_slip, give_up_late_slips, reprint_slip
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.events import Event, SlipChanged
from server.domain.slips import FACTS, Line, SlipBook, SlipTemplate
from server.store import tables as t
from server.store.health import save_device
from server.store.slips import Slip, find_slip, slips_in
from server.store.snapshots.manager import slips_value
from server.store.snapshots.view import View
from server.store.unit import Commit
from server.store.verify import check
from server.text import Texts
from tests.conftest import KIOSK, ROOT, clerk
from tests.server.hall_day import URL, HallDay

HOST = Actor("device", "host-1", "host")


def taken(day: HallDay) -> Slip:
    made = day.take().slip
    assert made is not None
    return made


def state(day: HallDay, slip: Slip) -> tuple[str, str]:
    with day.store.read() as connection:
        found = find_slip(connection, day.hall.id, slip.id)
    return found.state, found.reason


def say(day: HallDay, slip: Slip, *words: str, reason: str = "") -> None:
    for word in words:
        with day.store.unit(HOST) as unit:
            follow_slip(unit, slip.id, word, reason)


def reprint(day: HallDay, ticket: int, actor: Actor = KIOSK) -> Slip:
    with day.store.unit(actor) as unit:
        return reprint_slip(unit, day.hall, day.template, URL, ticket)


def numbers(day: HallDay) -> list[Any]:
    with day.store.read() as connection:
        rows = connection.execute(select(t.ticket.c.number, t.ticket.c.seq).order_by(t.ticket.c.id))
        return [tuple(row) for row in rows]


@pytest.fixture
def heard(day: HallDay) -> list[Event]:
    """Every event from now on."""
    events: list[Event] = []

    def hear(commit: Commit) -> None:
        events.extend(commit.events)

    day.store.publish = hear
    return events


# --- from queued to paper
def test_a_number_at_a_kiosk_owes_its_paper(day: HallDay, heard: list[Event]):
    day.open()
    slip = taken(day)
    assert (slip.state, slip.copy, slip.kiosk) == ("queued", 1, "K1")
    (said,) = [x for x in heard if isinstance(x, SlipChanged)]
    assert (said.slip, said.kiosk, said.state, said.copy) == (slip.id, "K1", "queued", 1)
    texts = [part.get("text") for part in slip.facts["parts"]]
    assert "A001" in texts
    assert not any("补打" in str(x) for x in texts)
    assert any(f"{URL}/t/" in str(part.get("qr", "")) for part in slip.facts["parts"])


def test_a_number_given_at_a_desk_owes_none(day: HallDay):
    day.open()
    assert day.take(actor=clerk("ZW025")).slip is None
    with day.store.read() as connection:
        assert slips_in(connection, day.hall.id, "queued") == []


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (("sending", "printed"), "printed"),
        (("sending", "unsure"), "unsure"),
        (("sending", "unsure", "printed"), "printed"),
        (("sending", "failed"), "failed"),
        (("failed",), "failed"),
        (("printed",), "printed"),
        (("sending", "printed", "failed"), "printed"),
        (("sending", "printed", "sending"), "printed"),
        (("sending", "failed", "printed"), "failed"),
        (("sending", "failed", "sending"), "failed"),
        (("sending", "unsure", "sending"), "unsure"),
        (("sending", "queued"), "sending"),
    ],
)
def test_the_life_of_a_slip(day: HallDay, words: tuple[str, ...], end: str):
    """What is final stays; what may be on paper is never sent again; nothing goes back into the queue."""
    day.open()
    slip = taken(day)
    say(day, slip, *words)
    assert state(day, slip)[0] == end


def test_each_step_is_told_once(day: HallDay, heard: list[Event]):
    day.open()
    slip = taken(day)
    say(day, slip, "sending", "sending", "failed", "failed", reason="paper_out")
    told = [(x.state, x.reason) for x in heard if isinstance(x, SlipChanged)]
    assert told == [("queued", ""), ("sending", "paper_out"), ("failed", "paper_out")]


def test_a_slip_of_nowhere_is_unknown(day: HallDay):
    day.open()
    with pytest.raises(refusals.NotFound), day.store.unit(HOST) as unit:
        slip_result(unit, 999, "printed", "", {"K1"})


# --- nobody prints
def test_a_slip_that_nobody_takes_in_time_has_failed(day: HallDay, heard: list[Event]):
    day.open()
    early = taken(day)
    day.clock.forward(seconds=60)
    late, going = taken(day), taken(day)
    say(day, going, "sending")
    day.clock.at += PATIENCE
    day.clock.forward(seconds=-59)
    with day.store.unit(SYSTEM) as unit:
        give_up_late_slips(unit)
    assert state(day, early) == ("failed", "no_printer")
    assert state(day, late) == ("queued", "")
    assert state(day, going) == ("sending", "")
    heard.clear()
    with day.store.unit(SYSTEM) as unit:
        give_up_late_slips(unit)
    assert heard == []
    say(day, early, "printed")
    assert state(day, early) == ("failed", "no_printer"), "a paper that comes out later finds nobody"


# --- 补打
def test_reprints_are_marked_counted_and_limited(day: HallDay):
    day.open()
    first = taken(day)
    allowed = day.hall.hall.ticket.reprint_allowed
    for n in range(1, allowed + 1):
        again = reprint(day, first.ticket)
        texts = [str(part.get("text", "")) for part in again.facts["parts"]]
        assert (again.copy, again.kiosk, again.state) == (n + 1, "K1", "queued")
        assert "A001" in texts
        assert any(f"补打 第{n}次" in text for text in texts)
    with pytest.raises(refusals.ReprintsSpent) as no:
        reprint(day, first.ticket)
    assert no.value.facts == {"number": "A001", "allowed": allowed}
    assert numbers(day) == [("A001", 1)]
    assert state(day, first)[0] == "queued"


def test_a_reprint_of_nothing_or_of_another_kiosks_number(day: HallDay):
    day.open()
    first = taken(day)
    with pytest.raises(refusals.TicketUnknown):
        reprint(day, 999)
    with pytest.raises(refusals.TicketUnknown):
        reprint(day, first.ticket, Actor("device", "kiosk-2", "kiosk", kiosk="K2"))
    assert reprint(day, first.ticket, clerk("ZW025")).kiosk == "K1", "staff reprint where it was taken"


def test_a_number_of_a_day_that_has_ended_is_not_printed_again(day: HallDay):
    day.open()
    first = taken(day)
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    with pytest.raises(refusals.DayClosed):
        reprint(day, first.ticket)


# --- a hall whose kiosks stop without paper
@pytest.mark.parametrize(
    ("rule", "state", "reason", "refused"),
    [
        ("stop", "down", "paper_out", True),
        ("go_on", "down", "paper_out", False),
        ("stop", "down", "cover_open", False),
        ("stop", "warn", "near_end", False),
        ("stop", "unknown", "host_lost", False),
    ],
)
def test_a_kiosk_without_paper_gives_no_numbers_where_the_hall_says_so(
    day: HallDay, rule: str, state: str, reason: str, refused: bool
):
    """Kept by the server: whatever the kiosk's page believes. Another kiosk and staff are not concerned."""
    ticket = replace(day.hall.hall.ticket, paper_out=rule)
    day.hall = replace(day.hall, hall=replace(day.hall.hall, ticket=ticket))
    day.open()
    held = day.take(person="p1").ticket
    row = {"device": "p", "kind": "printer", "model": "slip_80mm", "line": "x", "window": None, "host": "h"}
    with day.store.unit(SYSTEM) as unit:
        save_device(unit, {**row, "kiosk": "K1", "state": state, "reason": reason, "detail": ""})
    if refused:
        with pytest.raises(refusals.KioskNoPaper) as no:
            day.take()
        assert no.value.facts == {"kiosk": "K1"}
        assert day.take(person="p1").ticket == held, "who has a number is told it again"
    else:
        assert day.take().slip is not None
    assert day.take(actor=Actor("device", "kiosk-2", "kiosk", kiosk="K2")).slip is not None
    assert day.take(actor=clerk("ZW025")).ticket.number


# --- what printing never does
@pytest.mark.parametrize("end", ["failed", "unsure", "sending", "queued"])
def test_a_printing_failure_neither_frees_nor_doubles_a_number(day: HallDay, end: str):
    day.open("W01")
    slips = [taken(day) for _ in range(3)]
    for slip in slips:
        if end != "queued":
            say(day, slip, end, reason="paper_out")
    day.clock.at += PATIENCE * 2
    with day.store.unit(SYSTEM) as unit:
        give_up_late_slips(unit)
    fourth = taken(day)
    reprint(day, slips[0].ticket)
    assert numbers(day) == [("A001", 1), ("A002", 2), ("A003", 3), ("A004", 4)]
    assert fourth.facts["number"] == "A004"
    assert [day.call("W01").number, day.serve("W01").number] == ["A001", "A001"]  # type: ignore[union-attr]
    assert check(day.store.engine, day.hall.id) == []


def test_a_slip_may_name_every_fact_there_is(day: HallDay):
    """What settings.py admits in a template, the number's own transaction can fill."""
    day.open()
    day.template = SlipBook({"ticket": SlipTemplate(tuple(Line(text="{" + fact + "}") for fact in FACTS))})
    assert taken(day).facts["parts"][0]["text"] == "A001"


def test_the_manager_sees_only_slips_that_still_need_somebody(day: HallDay, template: SlipBook) -> None:
    day.open("W01")
    waiting, copied, called = day.take("S101"), day.take("S101"), day.take("S001")
    for taken in (waiting, copied, called):
        assert taken.slip is not None
        with day.store.unit(HOST) as unit:
            follow_slip(unit, taken.slip.id, "failed", "paper_out")
    with day.store.unit(KIOSK) as unit:
        reprint_slip(unit, day.hall, template, URL, copied.ticket.id)
    day.call("W01")
    with day.store.read() as connection:
        view = View.of(connection, day.hall.id, day.hall, Texts(ROOT / "config" / "text"))
        assert [row["number"] for row in slips_value(view)] == [waiting.ticket.number]
