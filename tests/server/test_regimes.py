"""Regimes and features of taking, queueing and calling, each through the doors that people use: the rows of
tests/ROWS.md."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.app import App
from server.domain.actors import SYSTEM
from server.domain.ics import calendar_entry
from server.store.health import save_device
from server.store.slips import last_slip
from tests.conftest import MONDAY_NINE, Clock
from tests.server.callers import Caller, audit, device, nobody, person_of, staff
from tests.server.test_booking_api import book, go, slot
from tests.server.test_desk_more import ask, do


@pytest.fixture
def kiosk(app: App) -> Caller:
    do(staff(app, "manager"), "/api/day/open")
    return device(app, "kiosk")


@pytest.fixture
def clerk(app: App, kiosk: Caller) -> Caller:
    who = staff(app, "clerk")
    do(who, "/api/windows/W01/open")
    return who


# --- one number, several services
def test_A8_F17_several_services_chosen_at_the_kiosk_stand_on_one_number(
    app: App, kiosk: Caller, clerk: Caller
):
    taken = do(kiosk, "/api/tickets", service="S001", further=["S101", "S003"])
    assert [s["id"] for s in taken["ticket"]["further"]] == ["S101", "S003"]
    number, link = taken["ticket"]["number"], taken["ticket"]["link"]
    with app.house.store.read() as connection:
        slip = last_slip(connection, taken["ticket"]["id"])
    assert slip is not None
    names = "、".join(app.house.hall.catalogue.services[s].name for s in ("S101", "S003"))
    assert any(names in str(part.get("text", "")) for part in slip.facts["parts"])
    steps = clerk.ask("GET", f"/api/my/{link}").json["legs"]
    assert [s["state"] for s in steps] == ["waiting", "planned", "planned"]
    other = person_of(app, "ZW005")
    do(other, "/api/windows/W05/open")
    place, served = {"A": ("W01", clerk), "B": ("W05", other)}, []
    for _ in range(3):
        queue = app.house.hall.catalogue.services[["S001", "S101", "S003"][len(served)]].queue
        at, who = place[queue]
        desk = do(who, f"/api/windows/{at}/call-next")["desk"]
        served.append((desk["ticket"]["number"], desk["ticket"]["service"]["id"]))
        do(who, f"/api/windows/{at}/start")
        do(who, f"/api/windows/{at}/finish")
    assert served == [(number, "S001"), (number, "S101"), (number, "S003")]
    assert clerk.ask("GET", f"/api/my/{link}").json["ticket"]["state"] == "done"


@pytest.mark.parametrize(
    ("further", "code"),
    [(["S001"], "service-repeated"), (["S101", "S101"], "service-repeated"), (["S999"], "service-unknown")],
)
def test_A8_what_cannot_stand_on_the_number_takes_none(
    app: App, kiosk: Caller, further: list[str], code: str
):
    assert ask(kiosk, "/api/tickets", service="S001", further=further).json["refused"] == code
    assert ask(kiosk, "/api/tickets", service="S001", further=["S101"] * 5).status_code == 422
    assert do(kiosk, "/api/tickets", service="S001")["ticket"]["number"] == "A001"


# --- why this one
def test_F77_every_call_says_why_to_clerk_and_citizen(app: App, kiosk: Caller, clerk: Caller, clock: Clock):
    link = do(kiosk, "/api/tickets", service="S001")["ticket"]["link"]
    assert clerk.ask("GET", f"/api/my/{link}").json["ticket"]["why"] is None
    clock.forward(minutes=4)
    why = do(clerk, "/api/windows/W01/call-next")["desk"]["ticket"]["why"]
    assert (why["rule"], "A001已等4分钟" in why["zh"], "A001" in why["en"]) == ("share", True, True)
    told = clerk.ask("GET", f"/api/my/{link}").json["ticket"]["why"]
    assert (told["rule"], told["zh"]) == ("share", "您等了 4 分钟，这个窗口能办的人里轮到您了。")
    assert told["zh"] in clerk.ask("GET", f"/t/{link}").text
    assert told["en"] in clerk.ask("GET", f"/t/{link}?lang=en").text
    assert "4분 기다리셨고" in clerk.ask("GET", f"/t/{link}?lang=ko").text


def test_F77_every_rule_has_plain_words_for_citizens_in_every_language_of_the_phone(app: App):
    texts = app.house.texts
    for lang in texts.speaking("ticket"):
        words = texts.flat(lang)
        rules = {key.removeprefix("why.") for key in words if key.startswith("why.")}
        plain = {key.removeprefix("ticket.because."): word for key, word in words.items()
                 if key.startswith("ticket.because.")}
        assert plain.keys() == rules | {"at_once"}, lang
        assert lang == "zh" or not set(plain.values()) & set(texts.flat("zh").values()), lang


def test_F77_C1_a_due_appointment_is_told_by_its_time(app: App, clock: Clock):
    link = book(nobody(app), slot(10))
    go(app, clock, 9, 50)
    code = nobody(app).ask("GET", f"/api/booking/{link}").json["appointment"]["code"]
    kiosk, clerk = device(app, "kiosk"), staff(app, "clerk")
    do(clerk, "/api/windows/W01/open")
    do(kiosk, "/api/check-in", code=code)
    clock.forward(minutes=10)
    why = do(clerk, "/api/windows/W01/call-next")["desk"]["ticket"]["why"]
    assert why["rule"] == "protected"
    assert "约在10:00" in why["zh"]
    assert "10:00" in why["en"]


# --- transfers and paper
def test_F67_a_transfer_names_queue_and_window_together(app: App, kiosk: Caller, clerk: Caller):
    other = person_of(app, "ZW002")
    do(other, "/api/windows/W02/open")
    do(kiosk, "/api/tickets", service="S001")
    do(clerk, "/api/windows/W01/call-next")
    wrong = ask(clerk, "/api/windows/W01/transfer", queue="C", window="W02")
    assert (wrong.status_code, wrong.json["refused"], wrong.json["facts"]) == (
        409,
        "target-wrong",
        {"window": "W02", "queue": "C"},
    )
    do(clerk, "/api/windows/W01/transfer", queue="A", window="W02")
    assert do(clerk, "/api/windows/W01/call-next")["none"]
    ticket = do(other, "/api/windows/W02/call-next")["desk"]["ticket"]
    assert (ticket["number"], ticket["queue"]) == ("A001", "A")


def printer_at(app: App, kiosk: str) -> None:
    row = {"device": f"printer-{kiosk}", "kind": "printer", "model": "escpos", "line": "x", "window": None}
    with app.house.store.unit(SYSTEM) as unit:
        save_device(unit, {**row, "kiosk": kiosk, "state": "ok", "reason": "", "detail": ""})


def test_F7_staff_choose_the_kiosk_that_prints_a_number_again(app: App, kiosk: Caller, clerk: Caller):
    """A number taken at the desk never had paper: without a kiosk the wish is refused, not sent nowhere."""
    printer_at(app, "K1")
    path = f"/api/tickets/{do(clerk, '/api/tickets', service='S001')['ticket']['id']}/reprint"
    no = ask(clerk, path)
    assert (no.status_code, no.json["refused"], no.json["facts"]["kiosks"]) == (409, "printer-needed", ["K1"])
    assert ask(clerk, path, kiosk="K9").json["refused"] == "printer-unknown"
    slip = do(clerk, path, kiosk="K1")["slip"]
    assert (slip["state"], slip["copy"]) == ("queued", 1)
    assert audit(app, "slip.reprint")[-1]["facts"]["kiosk"] == "K1"
    own = do(kiosk, "/api/tickets", service="S001")["ticket"]["id"]
    assert do(clerk, f"/api/tickets/{own}/reprint")["slip"]["copy"] == 2  # where it was printed before


# --- reminders
def test_F38_the_phone_reminds_when_fewer_than_three_are_ahead(app: App, kiosk: Caller, clerk: Caller):
    links = [do(kiosk, "/api/tickets", service="S001")["ticket"]["link"] for _ in range(4)]
    near = [clerk.ask("GET", f"/api/my/{link}").json["ticket"]["near"] for link in links]
    assert near == [True, True, True, False]
    assert "快到您了" not in clerk.ask("GET", f"/t/{links[3]}").text
    do(clerk, "/api/windows/W01/call-next")
    assert clerk.ask("GET", f"/api/my/{links[3]}").json["ticket"]["near"]
    assert "快到您了" in clerk.ask("GET", f"/t/{links[3]}").text


# --- nothing out of order without a reason
def test_C11_every_call_out_of_order_is_listed_with_rule_or_person(
    app: App, kiosk: Caller, clerk: Caller, clock: Clock
):
    for priority in ("ordinary", "ordinary", "elder"):
        do(kiosk, "/api/tickets", service="S001", priority=priority)
    for deed, more in (("call-next", {}), ("call-choice", {"number": "A002", "reason": "helped"})):
        clock.forward(minutes=5)
        do(clerk, f"/api/windows/W01/{deed}", **more)
        do(clerk, "/api/windows/W01/start")
        do(clerk, "/api/windows/W01/finish")
    clock.forward(minutes=1)
    do(clerk, "/api/windows/W01/call-next")
    supervisor = staff(app, "supervisor")
    every = supervisor.ask("GET", "/api/calls").json["calls"]
    assert [(c["number"], c["why"]["rule"]) for c in every] == [
        ("A001", "share"),
        ("A002", "choice"),
        ("A003", "protected"),
    ]
    odd = supervisor.ask("GET", "/api/calls?out_of_order=1").json["calls"]
    assert [c["number"] for c in odd] == ["A002", "A003"]
    assert (odd[0]["clerk"]["name"], odd[0]["reason"]["zh"]) == ("陈静", "行动不便，已在窗口前")
    assert odd[1]["why"]["zh"] == "A003为优先号，已等5分钟，优先叫号"
    for role, status in (("clerk", 403), ("admin", 403), ("manager", 200)):
        assert staff(app, role).ask("GET", "/api/calls").status_code == status


def test_E1_supervision_reads_the_audit_chain_by_act_thing_person_and_day(
    app: App, kiosk: Caller, clerk: Caller
):
    ticket = do(kiosk, "/api/tickets", service="S001")["ticket"]["id"]
    do(clerk, "/api/windows/W01/call-next")
    supervisor = staff(app, "supervisor")

    def read(query: str) -> list[tuple[str, str]]:
        reply = supervisor.ask("GET", f"/api/audit?{query}")
        assert reply.status_code == 200, reply.json
        return [(line["act"], line["about"]) for line in reply.json["lines"]]

    assert read("act=ticket.take") == [("ticket.take", f"ticket:{ticket}")]
    assert read(f"about=ticket:{ticket}") == [("ticket.take", f"ticket:{ticket}")]
    assert {act for act, _ in read("act=ticket.")} == {"ticket.take", "ticket.call"}
    assert {act for act, _ in read(f"person={clerk.id}")} == {"window.open", "ticket.call"}
    assert read("day=2026-03-01") == read("day=2026-03-03") == []
    assert ("day.open", "day:2026-03-02") in read("day=2026-03-02")
    assert read("act=audit.read")[0] == ("audit.read", "audit"), "who reads is read"
    line = supervisor.ask("GET", "/api/audit?act=window.open").json["lines"][0]
    assert (line["name"], line["actor"]["role"], line["result"]) == ("陈静", "clerk", "done")
    for bad in ("day=9999-12-31", "act=%27", "before=0", "why=1"):
        assert supervisor.ask("GET", f"/api/audit?{bad}").json["refused"] == "input-invalid"
    assert clerk.ask("GET", "/api/audit").status_code == 403


def test_E1_a_long_chain_is_read_page_by_page(app: App, kiosk: Caller):
    with app.house.store.unit(SYSTEM) as unit:
        for n in range(250):
            unit.note("probe.act", f"thing:{n}")
    supervisor, before, seen = staff(app, "supervisor"), "", []
    while before is not None:
        body = supervisor.ask("GET", f"/api/audit?act=probe.act{before and f'&before={before}'}").json
        seen += [line["about"] for line in body["lines"]]
        before = body["before"]
    assert seen == [f"thing:{n}" for n in range(249, -1, -1)]


# --- appointments remind by the phone's own calendar
def test_F209_F216_an_appointment_is_kept_in_the_phones_calendar_with_a_reminder(app: App, clock: Clock):
    phone = nobody(app)
    link = book(phone, slot(10))
    page = phone.ask("GET", f"/b/{link}").text
    assert f"/b/{link}/calendar.ics" in page
    assert "提前 60 分钟提醒" in page
    reply = phone.ask("GET", f"/b/{link}/calendar.ics")
    assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
    lines = reply.text.replace("\r\n ", "").split("\r\n")
    code = phone.ask("GET", f"/api/booking/{link}").json["appointment"]["code"]
    assert {"DTSTART:20260303T020000Z", "TRIGGER:-PT60M", "SEQUENCE:0", "STATUS:CONFIRMED"} <= set(lines)
    assert any(line.startswith("DESCRIPTION:签到码 " + code) for line in lines)
    uid = next(line for line in lines if line.startswith("UID:"))
    assert link not in uid, "a calendar is shared sooner than a link"
    body = {"request_id": "move-it-once", "at": slot(11)}
    assert phone.ask("POST", f"/api/booking/{link}/move", body).status_code == 200
    moved = phone.ask("GET", f"/b/{link}/calendar.ics").text
    assert uid in moved
    assert "SEQUENCE:1" in moved
    assert "DTSTART:20260303T030000Z" in moved
    phone.ask("POST", f"/api/booking/{link}/cancel", {"request_id": "cancel-it-once"})
    gone = phone.ask("GET", f"/b/{link}/calendar.ics").text
    assert "STATUS:CANCELLED" in gone
    assert "VALARM" not in gone
    assert phone.ask("GET", "/b/no-such-link-at-all/calendar.ics").status_code == 404


def test_F209_lines_of_a_calendar_entry_are_folded_and_escaped():
    words = {"summary": "社会保险" * 20, "location": "a,b;c", "description": "x\ny", "url": "http://h/b/1"}
    at = MONDAY_NINE
    text = calendar_entry("u", at, at + timedelta(minutes=30), at, words, 0)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    plain = text.replace("\r\n ", "")
    assert "SUMMARY:" + "社会保险" * 20 + "\r\n" in plain
    assert "LOCATION:a\\,b\\;c" in plain
    assert "DESCRIPTION:x\\ny" in plain
    assert "VALARM" not in plain


# --- help that is heard
def test_F95_an_emergency_is_spoken_to_who_answers_and_to_nobody_else(app: App, clerk: Caller):
    do(clerk, "/api/windows/W01/emergency")
    leader = staff(app, "duty_leader")
    shown = leader.ask("GET", "/api/state/manager").json["values"]["emergencies"]
    assert shown[0]["window_id"] == "W01"
    voice = leader.ask("GET", "/api/voice/help/W01.wav")
    assert voice.status_code in (200, 404)  # 404: a hall without speech is helped by the screen
    if voice.status_code == 200:
        assert voice.data[:4] == b"RIFF"
    assert leader.ask("GET", "/api/voice/help/W99.wav").status_code == 404
    for who in (clerk, device(app, "board"), staff(app, "supervisor")):
        assert who.ask("GET", "/api/voice/help/W01.wav").status_code == 403
