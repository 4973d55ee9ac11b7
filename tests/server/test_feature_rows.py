"""The ★ features of FEATURES groups 1 to 4 that have no test of their own name elsewhere, each through the
API (tests/ROWS.md has the whole table)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from server.app import App
from server.domain.actors import SYSTEM
from server.store.health import save_device
from server.store.tables import metadata
from tests.conftest import Clock
from tests.server.callers import PEOPLE, Caller, device, nobody, person_of, staff
from tests.server.listeners import knock
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


def take(who: Caller, service: str = "S001", **more: Any) -> dict[str, Any]:
    return dict(do(who, "/api/tickets", service=service, **more)["ticket"])


def at(who: Caller, deed: str, window: str = "W01", **more: Any) -> dict[str, Any]:
    return dict(do(who, f"/api/windows/{window}/{deed}", **more)["desk"])


def my(who: Caller, ticket: dict[str, Any]) -> dict[str, Any]:
    return dict(who.ask("GET", f"/api/my/{ticket['link']}").json)


def serve(who: Caller, window: str = "W01", **more: Any) -> str:
    """Call, start and finish one; its number."""
    number = at(who, "call-next", window)["ticket"]["number"]
    at(who, "start", window)
    at(who, "finish", window, **more)
    return str(number)


# --- 1. at the kiosk
def test_F1_a_kiosk_gives_a_number_and_its_paper_without_staff(kiosk: Caller):
    taken = do(kiosk, "/api/tickets", service="S001")
    assert (taken["ticket"]["number"], taken["slip"]["state"]) == ("A001", "queued")


def test_F2_every_service_is_found_by_its_department(app: App, kiosk: Caller):
    """Who takes the first of each department's list has a number for that department's matter."""
    services = kiosk.ask("GET", "/api/services").json["services"]
    known = app.house.hall.catalogue
    assert {s["id"] for s in services} == {s.id for s in known.services.values() if not s.closed}
    lists: dict[str, list[str]] = {}
    for s in services:
        item = known.services[s["id"]]
        assert (s["department"] or {}).get("id", "") == item.department
        if s["department"]:
            assert s["department"]["name"] == known.departments[item.department].name
            lists.setdefault(s["department"]["id"], []).append(s["id"])
        else:
            assert not s["theme"], "only what is asked at the help desk belongs to nobody"
    assert len(lists) > 10
    for first in list(lists.values())[:3]:
        assert take(kiosk, first[0])["service"]["id"] == first[0]


def test_F5_a_typed_identity_is_optional_and_is_never_kept(app: App, kiosk: Caller):
    assert take(kiosk)["number"] == "A001"
    card = {"kind": "id_card", "number": "11010519491231002X"}
    assert take(kiosk, person=card)["number"] == "A002"
    wrong = ask(kiosk, "/api/tickets", service="S001", person={**card, "number": "110105194912310021"})
    assert wrong.json["refused"] == "person-invalid"
    with app.house.store.read() as connection:
        for table in metadata.tables.values():
            for row in connection.execute(select(table)).mappings():
                assert "11010519491231" not in repr(dict(row)), f"the number stands in {table.name}"


def test_F12_outside_the_day_a_kiosk_gives_nothing_and_says_when(app: App):
    no = ask(device(app, "kiosk"), "/api/tickets", service="S001")
    assert (no.json["refused"], bool(no.json["facts"]["opens"])) == ("day-closed", True)


def test_F13_the_kiosk_knows_how_many_wait_before_anybody_takes(kiosk: Caller):
    take(kiosk)
    assert kiosk.ask("GET", "/api/state/kiosk").json["rows"]["queues"]["A"]["waiting"] == 1
    assert take(kiosk)["ahead"] == 1


def test_F15_a_priority_class_is_chosen_at_the_kiosk_and_goes_first(kiosk: Caller, clerk: Caller):
    take(kiosk)
    elder = take(kiosk, priority="elder")
    assert at(clerk, "call-next")["ticket"]["number"] == elder["number"]


def test_F16_staff_verify_a_class_that_was_claimed_and_give_one_that_was_not(
    app: App, kiosk: Caller, clerk: Caller, clock: Clock
):
    """The place in time stays: who loses the class waits as long as before."""
    guide = staff(app, "guide")
    first = take(kiosk)
    clock.forward(minutes=1)
    claimed, plain = take(kiosk, priority="elder"), take(kiosk)
    assert (
        ask(kiosk, f"/api/tickets/{plain['id']}/priority", priority="elder", reason="x y").status_code == 403
    )
    assert ask(guide, f"/api/tickets/{plain['id']}/priority", priority="elder").status_code == 422
    do(guide, f"/api/tickets/{claimed['id']}/priority", priority="ordinary", reason="没有证件")
    do(guide, f"/api/tickets/{plain['id']}/priority", priority="pregnant", reason="导办台看到")
    assert [serve(clerk) for _ in range(3)] == [plain["number"], first["number"], claimed["number"]]
    late = ask(guide, f"/api/tickets/{plain['id']}/priority", priority="ordinary", reason="太晚了")
    assert late.json["refused"] == "move-refused"


def test_F16_F7_who_helps_finds_a_number_without_learning_whose_it_is(app: App, kiosk: Caller):
    ticket, guide = take(kiosk), staff(app, "guide")
    reply = guide.ask("GET", "/api/tickets/by-number/a001")
    assert (reply.json["ticket"]["id"], reply.json["ticket"]["ahead"]) == (ticket["id"], 0)
    assert ticket["link"] not in reply.text
    assert guide.ask("GET", "/api/tickets/by-number/A999").json["refused"] == "ticket-unknown"
    for who in (kiosk, staff(app, "manager"), nobody(app)):
        assert who.ask("GET", "/api/tickets/by-number/A001").status_code in (401, 403)


def test_F18_what_to_bring_is_told_before_the_number(kiosk: Caller):
    services = kiosk.ask("GET", "/api/services").json["services"]
    assert all(
        {"name", "form", "required", "deferrable"} <= m.keys() for s in services for m in s["materials"]
    )
    assert sum(bool(s["materials"]) for s in services) > 40


def test_F21_a_number_taken_in_english_stays_english(app: App, kiosk: Caller):
    ticket = take(kiosk, lang="en")
    assert 'lang="en"' in nobody(app).ask("GET", f"/t/{ticket['link']}").text
    assert nobody(app).ask("GET", "/api/text/en.json").status_code == 200


def test_F26_the_code_on_the_paper_opens_the_live_page(app: App, kiosk: Caller):
    ticket = take(kiosk)
    assert ticket["url"].endswith(f"/t/{ticket['link']}")
    assert ticket["number"] in nobody(app).ask("GET", f"/t/{ticket['link']}").text


def test_F27_a_kiosk_without_paper_says_so_before_anybody_takes(app: App, kiosk: Caller):
    row = {"device": "p", "kind": "printer", "model": "escpos", "line": "x", "window": None, "kiosk": "K1"}
    with app.house.store.unit(SYSTEM) as unit:
        save_device(unit, {**row, "state": "down", "reason": "paper_out", "detail": ""})
    assert kiosk.ask("GET", "/api/state/kiosk").json["values"]["printer"]["state"] == "paper_out"


def test_F28_the_number_says_which_windows_can_serve_it(app: App, kiosk: Caller):
    windows = take(kiosk)["windows"]
    zones = {w["number"]: w["zone"] for w in kiosk.ask("GET", "/api/hall").json["windows"]}
    catalogue = app.house.hall.catalogue
    assert sorted(windows) == sorted(catalogue.windows[w].number for w in catalogue.serving["A"])
    assert all(zones[w] for w in windows)


# --- 2. on the phone
def test_F37_F43_the_page_needs_no_login_and_a_relatives_phone_follows_by_the_same_link(
    app: App, kiosk: Caller
):
    ticket = take(kiosk)
    citizen, relative = nobody(app), nobody(app)
    for phone in (citizen, relative):
        assert my(phone, ticket)["ticket"]["state"] == "waiting"
    clerk = staff(app, "clerk")
    do(clerk, "/api/windows/W01/open")
    at(clerk, "call-next")
    seen = [my(phone, ticket)["ticket"] for phone in (citizen, relative)]
    assert (seen[0]["state"], seen[0]["window"]) == ("called", "1")
    assert seen[0] == seen[1]
    assert "set-cookie" not in {k.lower() for k, _ in relative.ask("GET", f"/t/{ticket['link']}").headers}


def test_F40_the_call_reaches_the_phone(app: App, kiosk: Caller, clerk: Caller):
    ticket, phone = take(kiosk), nobody(app)
    before = phone.ask("GET", f"/api/my/{ticket['link']}")
    same = phone.ask("GET", f"/api/my/{ticket['link']}", If_None_Match=before.headers["ETag"])
    assert same.status_code == 304
    at(clerk, "call-next")
    now = phone.ask("GET", f"/api/my/{ticket['link']}", If_None_Match=before.headers["ETag"])
    assert (now.json["ticket"]["state"], now.json["ticket"]["window"]) == ("called", "1")


def test_F44_the_visit_is_rated_from_the_phone(app: App, kiosk: Caller, clerk: Caller):
    ticket, phone = take(kiosk), nobody(app)
    serve(clerk)
    leg = my(phone, ticket)["rating"]["leg"]
    assert ask(phone, f"/api/my/{ticket['link']}/rate", leg=leg, level=5).status_code == 201
    assert my(phone, ticket)["rating"]["given"] == 5


# --- 3. who is called
def test_F50_a_window_takes_several_queues_and_a_queue_has_several_windows(app: App, kiosk: Caller):
    """A manager publishes it: the same queue is called at two windows, and one of them calls a second queue
    as well; its person has to be able to."""
    manager = staff(app, "manager")
    departments = app.house.hall.files.departments
    given = [{"department": d, "service": "*", "since": "2026-01-01"} for d in departments]
    wide = {"W02": {"queues": ["A", "B"]}}
    do(manager, "/api/placement", base=0, placement={"windows": wide, "mandates": given})
    draft = do(manager, "/api/config/people/draft", items={"ZW002": {"skills": ["A", "B"]}}, base=0, rev=0)
    do(manager, "/api/config/people", base=0, rev=draft["rev"])
    services = kiosk.ask("GET", "/api/services").json["services"]
    assert {"2", "5", "6"} <= set(next(s for s in services if s["id"] == "S101")["windows"])
    assert {"1", "2"} <= set(next(s for s in services if s["id"] == "S001")["windows"])
    numbers = [take(kiosk, s)["number"] for s in ("S101", "S001", "S101", "S001")]
    desks = {w: person_of(app, p) for w, p in (("W01", "ZW001"), ("W02", "ZW002"), ("W05", "ZW005"))}
    for window, desk in desks.items():
        do(desk, f"/api/windows/{window}/open")
    called = [(w, serve(desks[w], w)) for w in ("W05", "W01", "W02", "W02")]
    assert [number for _, number in called] == ["B001", "A001", *sorted(numbers[2:])]
    assert {number[0] for w, number in called if w == "W02"} == {"A", "B"}


def test_F52_the_own_queue_first_and_help_for_others_when_it_is_empty(app: App, kiosk: Caller):
    catalogue = app.house.hall.catalogue
    window = next(w for w in catalogue.windows.values() if w.overflow and ":" not in w.overflow[0])
    main = next(p for p in catalogue.people.values() if p.a_window == window.id)
    own = next(s.id for s in catalogue.services.values() if s.queue == window.queues[0])
    help_ = next(s.id for s in catalogue.services.values() if s.queue == window.overflow[0])
    if window.default_state == "tidal":
        do(staff(app, "duty_leader"), f"/api/tidal/{window.id}", confirm=True)
    who = person_of(app, main.id)
    do(who, f"/api/windows/{window.id}/open")
    helped, mine = take(staff(app, "guide"), help_), take(staff(app, "guide"), own)
    assert [serve(who, window.id) for _ in range(2)] == [mine["number"], helped["number"]]


def test_F53_two_windows_press_together_and_get_two_citizens(app: App, kiosk: Caller, clerk: Caller):
    """At the same moment, six times; and the last two of them for one who waits alone."""
    other, start = person_of(app, "ZW002"), Barrier(2)
    do(other, "/api/windows/W02/open")
    for _ in range(11):
        take(kiosk)

    def press(who: Caller, window: str) -> list[str]:
        got = []
        for _ in range(6):
            start.wait(30)
            desk = do(who, f"/api/windows/{window}/call-next")["desk"]
            got.append(desk["ticket"]["number"] if desk["ticket"] else "")
            if desk["ticket"]:
                do(who, f"/api/windows/{window}/start")
                do(who, f"/api/windows/{window}/finish")
        return got

    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(press, clerk, "W01"), pool.submit(press, other, "W02")]
        got = [number for end in ends for number in end.result()]
    assert sorted(got) == ["", *(f"A{n:03d}" for n in range(1, 12))]


def test_F55_F54_one_class_one_service_first_come_first_and_no_number_twice(
    kiosk: Caller, clerk: Caller, clock: Clock
):
    taken = []
    for _ in range(5):
        taken.append(take(kiosk)["number"])
        clock.forward(seconds=10)
    assert [serve(clerk) for _ in range(5)] == taken == [f"A00{n}" for n in range(1, 6)]


def test_F60_one_pool_deals_nobody_to_a_window_beforehand(app: App, kiosk: Caller, clerk: Caller):
    """Who is quick takes more: the next in line goes to whichever window is free, however often it was."""
    other = person_of(app, "ZW002")
    do(other, "/api/windows/W02/open")
    for _ in range(6):
        take(kiosk)
    desks = {"W01": clerk, "W02": other}
    order = [serve(desks[window], window) for window in ("W01", "W02", "W01", "W01", "W01", "W02")]
    assert order == [f"A00{n}" for n in range(1, 7)]


def test_F62_before_the_call_the_desk_shows_counts_and_nobody(app: App, kiosk: Caller, clerk: Caller):
    ticket = take(kiosk)
    shown = clerk.ask("GET", "/api/state/clerk?window=W01")
    assert shown.json["rows"]["queues"]["A"]["waiting"] == 1
    assert ticket["number"] not in shown.text


def test_F64_a_paused_window_is_given_nobody(app: App, kiosk: Caller, clerk: Caller):
    number = take(kiosk)["number"]
    at(clerk, "pause", reason="meal")
    assert ask(clerk, "/api/windows/W01/call-next").json["refused"] == "window-paused"
    other = person_of(app, "ZW002")
    do(other, "/api/windows/W02/open")
    assert serve(other, "W02") == number, "who waits is called at the window that works"
    again = take(kiosk)["number"]
    at(clerk, "resume")
    assert serve(clerk) == again


def test_F68_accepted_at_one_window_collected_at_another_under_one_number(
    app: App, kiosk: Caller, clerk: Caller
):
    collect = next(s.id for s in app.house.hall.catalogue.services.values() if s.queue == "P")
    ticket = take(kiosk)
    at(clerk, "call-next")
    at(clerk, "services", service=collect)
    at(clerk, "start")
    at(clerk, "finish", outcome="accepted")
    window = app.house.hall.catalogue.serving["P"][0]
    main = next(p for p in app.house.hall.catalogue.people.values() if p.a_window == window)
    other = person_of(app, main.id)
    do(other, f"/api/windows/{window}/open")
    assert serve(other, window) == ticket["number"]
    assert [leg["state"] for leg in my(clerk, ticket)["legs"]] == ["done", "done"]


def test_F69_F72_who_missed_the_call_comes_back_behind_those_who_waited_longer(
    kiosk: Caller, clerk: Caller, clock: Clock
):
    missed, waiting = take(kiosk), take(kiosk)
    clock.forward(minutes=20)
    leg = at(clerk, "call-next")["ticket"]["leg"]
    clock.forward(seconds=61)
    desk = at(clerk, "no-show")
    assert desk["missed"][0]["until"] == (clock() + timedelta(minutes=30)).astimezone(UTC).isoformat()
    at(clerk, "return", leg=leg)
    assert [serve(clerk) for _ in range(2)] == [waiting["number"], missed["number"]]


def test_the_desk_offers_a_return_exactly_as_long_as_it_is_taken(kiosk: Caller, clerk: Caller, clock: Clock):
    """To its last second; then, and when somebody has come back as often as allowed, it says why not."""

    def miss() -> tuple[int, str | None]:
        clock.forward(seconds=61)
        desk = at(clerk, "no-show")
        return desk["missed"][-1]["leg"], desk["missed"][-1]["until"]

    def later(until: str) -> None:
        clock.forward(minutes=15)
        ask(clerk, "/api/windows/W01/recall")  # who presses something stays signed in
        clock.at = datetime.fromisoformat(until)

    take(kiosk)
    at(clerk, "call-next")
    leg, until = miss()
    assert until is not None
    later(until)
    at(clerk, "return", leg=leg)
    at(clerk, "call-next")
    leg, until = miss()
    assert until is None, "once only"
    assert ask(clerk, "/api/windows/W01/return", leg=leg).json["refused"] == "returns-spent"
    take(kiosk)
    at(clerk, "call-next")
    leg, until = miss()
    assert until is not None
    later(until)
    clock.forward(seconds=1)
    assert ask(clerk, "/api/windows/W01/return", leg=leg).json["refused"] == "return-too-late"


def test_F70_a_recall_has_its_spacing_and_says_when(kiosk: Caller, clerk: Caller, clock: Clock):
    take(kiosk)
    assert at(clerk, "call-next")["ticket"]["recall_at"]
    no = ask(clerk, "/api/windows/W01/recall")
    assert (no.json["refused"], no.json["facts"]["wait_s"]) == ("recall-too-soon", 20)
    clock.forward(seconds=20)
    assert at(clerk, "recall")["ticket"]["calls"] == 2


def test_F74_who_returns_with_missing_papers_goes_first_to_the_first_handler(
    app: App, kiosk: Caller, clerk: Caller
):
    first, second = take(kiosk), take(kiosk)
    again = take(staff(app, "guide"), priority="supplement", reason="补正材料", first_window="W01")
    other = person_of(app, "ZW002")
    do(other, "/api/windows/W02/open")
    assert at(other, "call-next", "W02")["ticket"]["number"] == first["number"], "elsewhere in its order"
    assert [serve(clerk) for _ in range(2)] == [again["number"], second["number"]]


def test_F76_called_and_arrived_are_two_times(kiosk: Caller, clerk: Caller, clock: Clock):
    take(kiosk)
    called = at(clerk, "call-next")["ticket"]
    clock.forward(seconds=40)
    started = at(clerk, "start")["ticket"]
    assert (called["started_at"], started["called_at"]) == (None, called["called_at"])
    assert started["started_at"] > started["called_at"]


def test_F78_trouble_never_looks_like_an_empty_queue(kiosk: Caller, clerk: Caller):
    assert do(clerk, "/api/windows/W01/call-next")["none"] is True
    at(clerk, "pause", reason="meal")
    reply = ask(clerk, "/api/windows/W01/call-next")
    assert (reply.status_code, "none" in reply.json) == (409, False)


# --- 4. at the window
def test_F82_each_state_offers_its_own_acts(kiosk: Caller, clerk: Caller, clock: Clock):
    take(kiosk)
    called = at(clerk, "call-next")["can"]
    assert {"recall", "start", "no-show"} <= set(called)
    assert "finish" not in called
    assert {"finish", "hold"} <= set(at(clerk, "start")["can"])
    assert ask(clerk, "/api/windows/W01/no-show").json["refused"] == "move-refused"
    assert "call-next" in at(clerk, "finish")["can"]


def test_F84_several_are_set_aside_and_each_comes_back(kiosk: Caller, clerk: Caller):
    legs = []
    for _ in range(2):
        take(kiosk)
        legs.append(at(clerk, "call-next")["ticket"]["leg"])
        at(clerk, "start")
        desk = at(clerk, "hold")
    assert [h["leg"] for h in desk["held"]] == legs
    assert at(clerk, "unhold", leg=legs[0])["ticket"]["state"] == "serving"


def test_F85_F86_a_pause_has_a_reason_that_the_screens_show(app: App, clerk: Caller):
    assert ask(clerk, "/api/windows/W01/pause", reason="tea").json["refused"] == "pause-reason-unknown"
    at(clerk, "pause", reason="meal")
    for who, face in ((device(app, "board"), "hall"), (device(app, "window_screen"), "window")):
        picture = who.ask("GET", f"/api/state/{face}").json
        row = picture["rows"]["windows"]["W01"] if face == "hall" else picture["values"]["window"]
        assert (row["state"], row["pause"]["zh"]) == ("paused", "用餐")


def test_F88_a_note_goes_with_the_citizen_to_the_next_clerk(app: App, kiosk: Caller, clerk: Caller):
    other = person_of(app, "ZW002")
    do(other, "/api/windows/W02/open")
    take(kiosk)
    at(clerk, "call-next")
    note = "材料已看过，缺一份复印件"
    do(clerk, "/api/windows/W01/transfer", window="W02", note=note)
    assert at(other, "call-next", "W02")["ticket"]["note"] == note


def test_F97_one_clerk_one_window(app: App, clerk: Caller):
    assert ask(clerk, "/api/windows/W02/open").json["refused"] == "clerk-elsewhere"
    no = ask(person_of(app, "ZW002"), "/api/windows/W01/open")
    assert (no.json["refused"], no.json["facts"]["name"]) == ("window-taken", "陈静")


def test_F98_pad_and_screen_show_who_is_signed_in_now(app: App, clerk: Caller):
    pad = device(app, "pad")
    badge = pad.ask("GET", "/api/state/pad").json["values"]["pad"]["clerk"]
    assert (badge["id"], badge["name"]) == (PEOPLE["clerk"], "陈静")
    at(clerk, "close")
    assert pad.ask("GET", "/api/state/pad").json["values"]["pad"]["clerk"] is None


def test_F100_a_reload_finds_the_desk_as_it_was(app: App, kiosk: Caller, clerk: Caller):
    take(kiosk)
    desk = at(clerk, "call-next")
    fresh = knock(app, clerk, "/clerk", window="W01").state["values"]["desk"]
    assert fresh["ticket"] == desk["ticket"]


def test_F101_a_double_press_calls_one(app: App, kiosk: Caller, clerk: Caller):
    take(kiosk)
    take(kiosk)
    body = {"request_id": "pressed-twice"}
    for _ in range(2):
        reply = clerk.ask("POST", "/api/windows/W01/call-next", body)
        assert reply.json["desk"]["ticket"]["number"] == "A001"
    second_tab = ask(clerk, "/api/windows/W01/call-next")
    assert second_tab.json["refused"] == "window-busy"
