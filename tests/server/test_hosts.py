"""The device host's end of the contract: hello, slips and results, health, keys, ratings, and nonsense."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select

from server.actions.rate import close_overdue_questions
from server.app import App, create_app
from server.devices import job_of_slip, slip_of_job
from server.domain.actors import SYSTEM
from server.live.hosts import HostNamespace
from server.settings import Settings
from server.store import tables as t
from server.store.trail import Wanted, lines
from server.store.verify import check
from tests.conftest import Clock
from tests.server.callers import Caller, audit, device, staff
from tests.server.full_disk import full_disk
from tests.server.hall_day import CLERK_AT, HallDay
from tests.server.listeners import Listener, knock

DEVICES: list[dict[str, Any]] = [
    {"name": "printer-K1", "kind": "printer", "model": "slip_80mm", "line": "virtual://p", "kiosk": "K1"},
    {"name": "strip-1", "kind": "strip", "model": "strip_128x16", "line": "virtual://s", "window": "W01"},
    {"name": "keypad-1", "kind": "keypad", "model": "keypad", "line": "virtual://k", "window": "W01"},
    {"name": "keypad-2", "kind": "keypad", "model": "keypad_pad5", "line": "virtual://k", "window": "W02"},
]
_ids = itertools.count()


class Host:
    """The host as the server sees it: what it says, and what it was told."""

    def __init__(self, app: App, who: Caller | None = None) -> None:
        self.app, self.link = app, knock(app, who or device(app, "host"), "/devices")

    def say(self, word: str, message: Any = None) -> Any:
        """Send and return the acknowledgement."""
        return self.link.socket.emit(word, message, namespace="/devices", callback=True)

    def hello(self, *jobs: str, devices: Any = None) -> Host:
        facts = {"host": "hall", "devices": DEVICES if devices is None else devices, "jobs": list(jobs)}
        assert self.say("hello", facts) == {"ok": True}
        return self

    def told(self) -> list[tuple[str, Any]]:
        self.app.publisher.flush()
        return self.link.received()

    def jobs(self, *kinds: str) -> list[dict[str, Any]]:
        return [body for name, body in self.told() if name == "job" and (not kinds or body["kind"] in kinds)]

    def press(self, key: str, keypad: str = "keypad-1", event: str | None = None, **more: Any) -> Any:
        facts = {"event_id": event or f"event-{next(_ids)}", "device": keypad, "window": "W01", "key": key}
        return self.say("key", {**facts, **more})

    def rate(self, value: Any, keypad: str = "keypad-1", event: str | None = None, **more: Any) -> Any:
        facts = {
            "event_id": event or f"event-{next(_ids)}",
            "device": keypad,
            "window": "W01",
            "value": value,
            **more,
        }
        return self.say("rated", facts)


@pytest.fixture
def day(app: App, clock: Clock) -> HallDay:
    h = app.house
    return HallDay(h.store, h.hall, h.slip, clock).open("W01", "W02")


@pytest.fixture
def host(app: App, day: HallDay) -> Host:
    made = Host(app).hello()
    made.told()
    return made


@pytest.fixture
def office(app: App, host: Host) -> Listener:
    return knock(app, staff(app, "manager"), "/manager")


def slip_state(app: App, slip: int) -> tuple[str, str]:
    with app.house.store.read() as connection:
        row = connection.execute(select(t.slip.c.state, t.slip.c.reason).where(t.slip.c.id == slip)).one()
    return row.state, row.reason


def health(app: App) -> dict[str, tuple[str, str]]:
    with app.house.store.read() as connection:
        rows = connection.execute(select(t.health.c.device, t.health.c.state, t.health.c.reason))
        return {r.device: (r.state, r.reason) for r in rows}


def calls(app: App) -> int:
    with app.house.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(t.call)).scalar_one())


def lines_of(app: App, act: str) -> list[Any]:
    with app.house.store.read() as connection:
        return lines(connection, app.house.store.hall, Wanted(act=act))[0]


def line_of(job: dict[str, Any]) -> int | None:
    return slip_of_job(job["id"], "")


# --- hello
def test_hello_is_answered_with_the_present(app: App, day: HallDay):
    day.take()
    day.take()
    day.call("W01")
    far = {**DEVICES[1], "name": "strip-5", "window": "W05"}
    host = Host(app).hello(devices=[*DEVICES, far])
    present = dict(host.link.received())["present"]
    strips = {s["window"]: (s["text"], s["kind"]) for s in present["strips"]}
    keypads = {k["window"]: (k["waiting"], k["number"]) for k in present["keypads"]}
    say = app.house.texts.say
    assert strips["W01"] == (say("strip.call", number="A001", window="1"), "call")
    assert strips["W02"][1] == "welcome"
    assert strips["W05"] == (say("strip.closed"), "closed")
    assert (keypads["W01"], keypads["W02"]) == ((1, "A001"), (1, None))
    assert set(strips) == set(keypads) == {"W01", "W02", "W05"}  # its own windows, nobody else's


def test_a_host_hears_of_its_own_places_only(app: App, day: HallDay):
    cellar = Host(app, device(app, "host", name="cellar")).hello(devices=DEVICES[:3])
    attic = Host(app, device(app, "host", name="attic")).hello(devices=DEVICES[3:])
    for host in (cellar, attic):
        host.told()
    for _ in range(3):
        day.take()
    day.call("W01")
    day.call("W02")
    mine, other = cellar.jobs(), attic.jobs()
    assert {job["kind"] for job in mine} == {"print_slip", "show_text", "show_counts"}
    assert {job.get("window") for job in mine if job["kind"] != "print_slip"} == {"W01"}
    assert {(job["kind"], job["window"]) for job in other} == {("show_text", "W02"), ("show_counts", "W02")}
    attic.hello(devices=[{**DEVICES[3], "window": "W01"}])
    attic.told()
    day.serve("W02", minutes=1)
    assert attic.jobs("show_text") == []  # it stands elsewhere now


def test_a_slip_for_a_printer_nobody_has_is_sent_to_all(app: App, day: HallDay):
    attic = Host(app).hello(devices=DEVICES[2:])
    attic.told()
    assert day.take().slip is not None
    assert [job["kind"] for job in attic.jobs("print_slip")] == ["print_slip"]


def test_a_machine_says_whose_it_is(app: App, host: Host, office: Listener):
    host.say("hello", {"host": "hall-pc", "devices": DEVICES, "jobs": []})
    office.hear()
    assert {row["host"] for row in office.state["rows"]["devices"].values()} == {"hall-pc"}


def test_a_second_hello_forgets_nothing_that_is_known(app: App, host: Host):
    host.say("health", {"device": "printer-K1", "state": "ok"})
    host.say("health", {"device": "strip-1", "state": "ok"})
    host.hello(devices=[{**DEVICES[0], "model": "other"}, *DEVICES[1:]])
    assert health(app)["printer-K1"] == ("unknown", "")  # it is another one now
    assert health(app)["strip-1"] == ("ok", "")


def test_a_declaration_with_mistakes_is_an_alarm_until_it_is_right(app: App, host: Host, office: Listener):
    wrong = ["devices.toml: device[3].model: 未知的型号 / unknown model", "devices.toml: device[4].line: …"]
    host.say("hello", {"host": "hall", "devices": DEVICES, "jobs": [], "troubles": wrong})
    office.hear()
    (alarm,) = office.state["values"]["alarms"]
    assert (alarm["kind"], alarm["what"]) == ("declaration", "hall")
    assert "2" in alarm["text"]["zh"]
    assert "未知的型号" in alarm["text"]["zh"]
    host.say("hello", {"host": "hall", "devices": DEVICES, "jobs": [], "troubles": []})
    office.hear()
    assert office.state["values"]["alarms"] == []


def test_F19_a_host_that_printed_more_than_the_hall_knows_is_believed(
    app: App, day: HallDay, host: Host, office: Listener
):
    """The database is older than the paper, however it came to be."""
    first = day.take()
    today, ahead = first.ticket.day, [[first.ticket.day, "A", 5], [first.ticket.day, "B", 2]]
    said = {"host": "hall", "devices": DEVICES, "jobs": []}
    (job,) = [job["id"] for job in host.jobs("print_slip")]
    assert job.endswith(f"@{today}.A.1")
    host.say("hello", {**said, "printed": [[today, "A", 1]]})
    office.hear()
    assert office.state["values"]["alarms"] == []
    for _ in "twice":
        host.say("hello", {**said, "printed": ahead})
    office.hear()
    (alarm,) = office.state["values"]["alarms"]
    assert (alarm["kind"], alarm["level"]) == ("numbers-lost", "red")
    assert "A002～A005、B001～B002" in alarm["text"]["zh"]
    assert [day.take().ticket.number, day.take("S101").ticket.number] == ["A006", "B003"]
    for number, no in (("a003", "number-lost"), ("A099", "ticket-unknown"), ("Ä1", "ticket-unknown")):
        asked = staff(app, "guide").ask("GET", f"/api/tickets/by-number/{number}")
        assert (asked.status_code, asked.json["refused"]) == (404, no)
    (line,) = lines_of(app, "hall.behind")
    assert line["facts"]["lost"] == [f"{today} A002～A005", f"{today} B001～B002"]
    nonsense: list[Any] = [[today, "A", 10**5], ["1999-01-01", "A", 9], ["2999-01-01", "A", 9]]
    nonsense += [[today, "ZZ", 9], [today, "A"], [today, "A", "9"], [today, "A", True], [None, None, 9], "A9"]
    for printed in (nonsense, "A009", None):
        host.say("hello", {**said, "printed": printed})
    assert day.take().ticket.number == "A007"
    assert check(app.house.store.engine, app.house.store.hall) == []


def test_F19_what_a_host_says_of_another_eras_slip_is_of_no_slip(app: App, day: HallDay, host: Host):
    slip = day.take().slip
    assert slip is not None
    assert host.say("result", {"job": f"slip-{slip.id}-0badcafe", "state": "confirmed"}) == {"ok": True}
    assert slip_state(app, slip.id) == ("queued", "")
    for era in ("", "ab12"):
        assert {slip_of_job(job_of_slip(7, era, of), era) for of in ("", "2026-03-02.A.7")} == {7}
    assert slip_of_job("slip-7", "ab12") is None


def test_hello_gets_the_slips_that_wait_in_their_order(app: App, day: HallDay):
    slips = [day.take().slip for _ in range(3)]
    host = Host(app).hello()
    sent = [body for name, body in host.link.received() if name == "job"]
    assert [line_of(job) for job in sent] == [slip.id for slip in slips if slip]
    assert all(job["kind"] == "print_slip" and job["kiosk"] == "K1" and job["copy"] == 0 for job in sent)
    assert {"text": "A001"}.items() <= next(p for p in sent[0]["parts"] if p.get("text") == "A001").items()


def test_a_slip_that_was_being_sent_is_unsure_and_never_sent_again(app: App, day: HallDay):
    slip = day.take().slip
    assert slip is not None
    first = Host(app).hello()
    first.told()
    first.say("result", {"job": f"slip-{slip.id}", "state": "sending", "reason": ""})
    first.link.leave()
    again = Host(app).hello()
    assert slip_state(app, slip.id) == ("unsure", "host_restarted")
    assert again.jobs("print_slip") == []
    again.hello()
    assert again.jobs("print_slip") == []


def test_a_slip_the_host_still_holds_goes_on(app: App, day: HallDay, host: Host):
    slip = day.take().slip
    assert slip is not None
    host.say("result", {"job": f"slip-{slip.id}", "state": "sending"})
    host.told()
    host.hello(f"slip-{slip.id}")
    assert slip_state(app, slip.id)[0] == "sending"
    host.say("result", {"job": f"slip-{slip.id}", "state": "confirmed"})
    assert slip_state(app, slip.id)[0] == "printed"


def test_a_queued_slip_that_was_never_sent_is_sent_once_more_after_a_restart(app: App, day: HallDay):
    slip = day.take().slip
    assert slip is not None
    first = Host(app).hello()
    assert [line_of(j) for j in first.jobs("print_slip")][:1] == [slip.id]
    first.link.leave()
    assert [line_of(j) for j in Host(app).hello().jobs("print_slip")] == [slip.id]


def test_a_question_that_is_still_open_is_asked_again(app: App, day: HallDay, clock: Clock):
    day.take()
    day.call("W01")
    day.serve("W01")
    clock.forward(seconds=20)
    host = Host(app).hello()
    (ask,) = [b for name, b in host.link.received() if name == "job" and b["kind"] == "ask_rating"]
    leg = day.at("W01", lambda unit: unit.connection.execute(select(t.rating.c.leg)).scalar_one())
    assert (ask["window"], ask["leg"], ask["deadline_s"]) == ("W01", str(leg), 40.0)
    clock.forward(seconds=40)
    later = Host(app).hello()
    assert [b for name, b in later.link.received() if name == "job" and b["kind"] == "ask_rating"] == []


def test_a_question_that_was_answered_is_not_asked_again(app: App, day: HallDay, host: Host):
    day.take()
    day.call("W01")
    day.serve("W01", minutes=0.5)
    assert host.rate(5)["ok"]
    host.told()
    host.hello()
    assert host.jobs("ask_rating") == []


# --- slips
def test_a_new_slip_goes_out_after_commit_and_once(app: App, day: HallDay, host: Host):
    slip = day.take().slip
    assert slip is not None
    assert [line_of(job) for job in host.jobs("print_slip")] == [slip.id]
    day.call("W01")
    assert host.jobs("print_slip") == []


def test_results_move_a_slip_and_a_late_one_changes_nothing(app: App, day: HallDay, host: Host):
    slip = day.take().slip
    assert slip is not None
    job = f"slip-{slip.id}"
    for word, state in (("sending", "sending"), ("unsure", "unsure"), ("confirmed", "printed")):
        assert host.say("result", {"job": job, "state": word, "reason": ""}) == {"ok": True}
        assert slip_state(app, slip.id)[0] == state
    for word in ("sending", "failed", "unsure", "confirmed"):
        assert host.say("result", {"job": job, "state": word, "reason": "late"}) == {"ok": True}
        assert slip_state(app, slip.id) == ("printed", "")


def test_a_repeated_result_is_one_event(app: App, day: HallDay, host: Host, office: Listener):
    slip = day.take().slip
    assert slip is not None
    office.hear()
    office.events.clear()
    for _ in range(3):
        host.say("result", {"job": f"slip-{slip.id}", "state": "failed", "reason": "paper_out"})
    office.hear()
    assert [(e["name"], e["state"], e["reason"]) for e in office.events] == [
        ("slip.changed", "failed", "paper_out")
    ]
    assert [s["reason"] for s in office.state["values"]["slips"]] == ["paper_out"]


@pytest.mark.parametrize(
    "job", ["slip-999", "slip-", "slip-x", "strip-W01-7", "", "slip-99999999999999999999"]
)
def test_a_result_nobody_knows_is_acknowledged(app: App, host: Host, job: str):
    """Else the host tells it again and again."""
    assert host.say("result", {"job": job, "state": "confirmed", "reason": ""}) == {"ok": True}


def test_a_host_without_the_printer_has_no_say_about_its_slips(app: App, day: HallDay):
    cellar = Host(app, device(app, "host", name="cellar")).hello(devices=DEVICES[:2])
    attic = Host(app, device(app, "host", name="attic")).hello(devices=DEVICES[2:])
    slip = day.take().slip
    assert slip is not None
    job = f"slip-{slip.id}"
    attic.say("result", {"job": job, "state": "failed", "reason": "no_device"})
    assert slip_state(app, slip.id) == ("queued", "")
    cellar.say("result", {"job": job, "state": "sending"})
    attic.hello(devices=DEVICES[2:])
    assert slip_state(app, slip.id)[0] == "sending"
    cellar.link.leave()
    attic.say("result", {"job": job, "state": "failed", "reason": "no_device"})
    assert slip_state(app, slip.id) == ("failed", "no_device")


def test_what_the_disk_did_not_take_is_not_acknowledged(app: App, day: HallDay, host: Host):
    slip = day.take().slip
    assert slip is not None
    word = {"job": f"slip-{slip.id}", "state": "confirmed", "reason": "r" * 200}
    with full_disk(app):
        assert host.say("result", word) is None
        assert host.press("call") is None
        assert host.say("hello", {"devices": DEVICES, "jobs": []}) == {
            "ok": False,
            "refused": "storage-failed",
        }
    assert slip_state(app, slip.id)[0] == "queued"
    assert host.say("result", word) == {"ok": True}
    assert slip_state(app, slip.id)[0] == "printed"


def test_a_person_says_whether_an_unsure_slip_came_out(app: App, day: HallDay, host: Host, office: Listener):
    slips = [day.take().slip for _ in range(2)]
    for slip in slips:
        assert slip is not None
        host.say("result", {"job": f"slip-{slip.id}", "state": "unsure", "reason": "cut_off"})
    office.hear()
    shown = [(x["id"], x["state"], x["reason"]) for x in office.state["values"]["slips"]]
    assert sorted(shown) == [(slip.id, "unsure", "cut_off") for slip in slips if slip]
    manager, clerk = staff(app, "manager"), staff(app, "clerk")

    def seen(who: Caller, slip: Any, printed: bool) -> Any:
        return who.ask(
            "POST", f"/api/slips/{slip.id}/seen", {"request_id": f"seen-{next(_ids):08}", "printed": printed}
        )

    assert seen(clerk, slips[0], True).status_code == 403
    assert seen(manager, slips[0], True).get_json() == {"state": "printed"}
    assert seen(manager, slips[1], False).get_json() == {"state": "failed"}
    assert seen(manager, slips[1], True).get_json()["refused"] == "slip-certain"
    office.hear()
    shown = [(x["id"], x["state"], x["reason"]) for x in office.state["values"]["slips"]]
    assert shown == [(slips[1].id, "failed", "not_seen")]
    assert [(line["about"], line["facts"]["state"]) for line in audit(app) if line["act"] == "slip.seen"] == [
        (f"slip:{slips[0].id}", "printed"),
        (f"slip:{slips[1].id}", "failed"),
    ]
    host.say("result", {"job": f"slip-{slips[1].id}", "state": "confirmed"})
    assert slip_state(app, slips[1].id) == ("failed", "not_seen"), "a late word changes nothing"


# --- health
def test_health_reaches_the_manager(app: App, host: Host, office: Listener):
    assert office.state["rows"]["devices"]["printer-K1"]["state"] == "unknown"
    host.say("health", {"device": "printer-K1", "state": "down", "reason": "paper_out", "detail": "缺纸"})
    office.hear()
    row = office.state["rows"]["devices"]["printer-K1"]
    assert (row["state"], row["reason"], row["detail"]) == ("down", "paper_out", "缺纸")
    assert office.events[-1] == {
        "name": "device.changed",
        "device": "printer-K1",
        "kind": "printer",
        "kiosk": "K1",
        "window": None,
        "state": "down",
        "reason": "paper_out",
    }


def test_the_kiosk_sees_its_own_printer(app: App, host: Host):
    own = knock(app, device(app, "kiosk"), "/kiosk")
    other = knock(app, device(app, "kiosk", kiosk="K2"), "/kiosk")
    host.say("health", {"device": "printer-K1", "state": "down", "reason": "cover_open"})
    own.hear()
    other.listen()
    assert own.state["values"]["printer"]["state"] == "cover_open"
    assert other.state["values"]["printer"]["state"] == "none"


def test_a_desk_sees_why_its_keypad_is_not_known_to_work(app: App, day: HallDay, host: Host):
    clerk = knock(app, staff(app, "clerk"), "/clerk", window="W01")
    host.say("health", {"device": "keypad-1", "state": "unknown", "reason": "not_pressed_yet"})
    clerk.hear()
    assert clerk.state["values"]["desk"]["keypad"] == {"state": "unknown", "reason": "not_pressed_yet"}


def test_health_of_an_undeclared_machine_or_in_unknown_words_changes_nothing(app: App, host: Host):
    before = health(app)
    host.say("health", {"device": "printer-K9", "state": "down", "reason": "paper_out"})
    host.say("health", {"device": "printer-K1", "state": "splendid"})
    assert health(app) == before


def test_a_machine_that_is_no_longer_declared_is_gone(app: App, host: Host, office: Listener):
    host.hello(devices=DEVICES[:1])
    office.hear()
    assert set(health(app)) == set(office.state["rows"]["devices"]) == {"printer-K1"}


def test_without_its_host_every_machine_is_unknown(app: App, host: Host, office: Listener):
    for row in DEVICES:
        host.say("health", {"device": row["name"], "state": "ok", "reason": "", "detail": ""})
    host.link.leave()
    assert set(health(app).values()) == {("unknown", "host_lost")}
    office.hear()
    assert {r["state"] for r in office.state["rows"]["devices"].values()} == {"unknown"}


def test_a_second_host_that_leaves_does_not_take_the_first_ones_machines(app: App, day: HallDay):
    cellar = Host(app, device(app, "host", name="cellar")).hello(devices=DEVICES[:2])
    attic = Host(app, device(app, "host", name="attic")).hello(devices=DEVICES[2:])
    for host, rows in ((cellar, DEVICES[:2]), (attic, DEVICES[2:])):
        for row in rows:
            host.say("health", {"device": row["name"], "state": "ok"})
    attic.link.leave()
    assert health(app) == {
        "printer-K1": ("ok", ""),
        "strip-1": ("ok", ""),
        "keypad-1": ("unknown", "host_lost"),
        "keypad-2": ("unknown", "host_lost"),
    }


def test_the_host_that_reconnects_before_it_was_missed_stays(app: App, day: HallDay):
    who = device(app, "host")
    first = Host(app, who).hello()
    second = Host(app, who).hello()
    second.say("health", {"device": "strip-1", "state": "ok"})
    first.link.leave()
    assert health(app)["strip-1"] == ("ok", "")
    assert second.press("call")["ok"]


def test_of_two_hosts_that_come_in_the_same_second_one_is_refused(app: App, day: HallDay, monkeypatch):
    """The second one has asked whether somebody is there before the first one was."""
    cellar, attic = (Host(app, device(app, "host", name=name)) for name in ("cellar", "attic"))

    def hello(host: Host, name: str) -> Any:
        said = {"host": name, "instance": name, "devices": DEVICES, "jobs": []}
        return host.say("hello", said)

    asks, came = HostNamespace._owner, []

    def meanwhile(self: HostNamespace, claims: Any, instance: str) -> Any:
        answer = asks(self, claims, instance)
        if instance == "attic" and not came:
            came.append(hello(cellar, "cellar"))
        return answer

    monkeypatch.setattr(HostNamespace, "_owner", meanwhile)
    there = {"instance": "cellar", "name": "cellar", "computer": "c1"}
    monkeypatch.setattr(app.socketio.server, "call", lambda *_a, **_k: there)
    said = hello(attic, "attic")
    assert came == [{"ok": True}]
    assert (said["ok"], said["refused"]) == (False, "host-doubled")
    slip = day.take().slip
    assert slip is not None
    assert [line_of(job) for job in cellar.jobs("print_slip")] == [slip.id]
    assert attic.jobs() == []


# --- keys
def test_a_key_calls_once_for_each_press(app: App, day: HallDay, host: Host):
    day.take()
    day.take()
    first = host.press("call", event="press-0001")
    assert (first["ok"], first["number"]) == (True, "A001")
    for _ in range(10):
        assert host.press("call", event="press-0001") == first
    assert calls(app) == 1
    assert [line["facts"]["window"] for line in audit(app, "ticket.call")] == ["W01"]


def test_a_key_speaks_for_the_declared_window_whatever_it_says(app: App, day: HallDay, host: Host):
    day.take()
    assert host.press("call", keypad="keypad-2", window="W01")["number"] == "A001"
    with app.house.store.read() as connection:
        assert connection.execute(select(t.leg.c.window, t.leg.c.clerk)).one() == ("W02", CLERK_AT["W02"])


@pytest.mark.parametrize("keypad", ["keypad-9", "printer-K1", "", None, ["keypad-1"], 7])
def test_a_key_of_an_undeclared_machine_is_refused(app: App, day: HallDay, host: Host, keypad: Any):
    day.take()
    assert host.press("call", keypad=keypad) == {"ok": False, "refused": "input-invalid"}
    assert host.rate(5, keypad=keypad)["ok"] is False
    assert calls(app) == 0


def test_a_key_before_hello_is_refused(app: App, day: HallDay):
    day.take()
    assert Host(app).press("call") == {"ok": False, "refused": "input-invalid"}


def test_a_key_at_a_closed_window_is_refused(app: App, day: HallDay, host: Host):
    day.take()
    host.hello(devices=[{**DEVICES[2], "window": "W05"}])
    assert host.press("call")["refused"] == "window-closed"
    assert host.press("dance")["refused"] == "input-invalid"


def test_the_whole_keypad(app: App, day: HallDay, host: Host, clock: Clock):
    for _ in range(3):
        day.take()
    assert host.press("call")["number"] == "A001"
    assert host.press("recall")["refused"] == "recall-too-soon"
    clock.forward(seconds=30)
    assert host.press("recall")["number"] == "A001"
    assert host.press("start")["number"] == "A001"
    clock.forward(minutes=1)
    assert host.press("call")["number"] == "A002"  # ends the first and calls the second
    clock.forward(minutes=1)
    assert host.press("no_show")["number"] == "A002"
    assert host.press("call")["number"] == "A003"
    assert host.press("hold")["number"] == "A003"
    assert host.press("unhold")["number"] == "A003"
    clock.forward(minutes=1)
    assert host.press("rate")["number"] == "A003"
    assert host.press("pause")["ok"]
    assert host.press("call")["refused"] == "window-paused"
    assert host.press("pause")["ok"]
    assert host.press("unhold")["number"] == "A002"  # nobody is parked: the one who missed


def test_a_key_of_a_revoked_host_does_nothing(app: App, day: HallDay):
    who = device(app, "host")
    host = Host(app, who).hello()
    day.take()
    staff(app, "admin").ask("DELETE", f"/api/devices/{who.id}")
    assert host.press("call") == {"ok": False, "refused": "device-unknown"}
    assert host.say("hello", {"devices": DEVICES, "jobs": []}) == {"ok": False, "refused": "device-unknown"}
    assert calls(app) == 0


# --- ratings
def test_a_rating_is_taken_once(app: App, day: HallDay, host: Host, office: Listener):
    day.take()
    day.call("W01")
    day.serve("W01", minutes=0.5)
    (ask,) = host.jobs("ask_rating")
    assert (ask["window"], ask["deadline_s"]) == ("W01", 60.0)
    assert host.rate(1, event="rate-0001") == {"ok": True, "level": 1}
    assert host.rate(1, event="rate-0001") == {"ok": True, "level": 1}
    assert host.rate(5)["ok"] is False
    assert [job["id"] for job in host.jobs("stop_rating")] == [f"stop-{ask['leg']}"]
    office.listen()
    assert office.state["values"]["ratings"]["counts"]["1"] == 1


@pytest.mark.parametrize("value", [0, 6, -1, True, False, "5", 5.0, None, [5], 10**15])
def test_a_value_that_is_no_level_is_refused(app: App, day: HallDay, host: Host, value: Any):
    day.take()
    day.call("W01")
    day.serve("W01", minutes=0.5)
    assert host.rate(value)["ok"] is False
    with app.house.store.read() as connection:
        assert connection.execute(select(t.rating.c.state)).scalar_one() == "asked"


def test_a_rating_nobody_asked_for_or_too_late_is_refused(app: App, day: HallDay, host: Host, clock: Clock):
    assert host.rate(5)["refused"] == "rating-not-asked"
    day.take()
    day.call("W01")
    day.serve("W01", minutes=0.5)
    assert host.rate(5, keypad="keypad-2")["refused"] == "rating-not-asked"
    clock.forward(minutes=2)
    assert host.rate(5)["ok"] is False


def test_a_second_press_does_not_rate_the_visit_before(app: App, day: HallDay, host: Host):
    """The citizen before left without rating; the one of now presses twice (I16)."""
    for _ in range(2):
        day.take()
        day.call("W01")
        day.serve("W01", minutes=0.5)
    assert host.rate(5)["ok"]
    assert host.rate(1)["ok"] is False
    with app.house.store.read() as connection:
        states = connection.execute(select(t.rating.c.state, t.rating.c.level).order_by(t.rating.c.leg))
        assert [tuple(row) for row in states] == [("asked", None), ("given", 5)]


@pytest.mark.parametrize(
    ("pressed_s", "whose", "named"),
    [(-1, None, False), (19, 0, True), (19, 0, False), (20, 1, True), (20, 1, False), (81, None, False)],
)
def test_a_rating_key_counts_from_the_moment_it_was_pressed(
    app: App, day: HallDay, host: Host, clock: Clock, pressed_s: int, whose: int | None, named: bool
):
    """The line was down: two visits were asked about and timed out before anybody heard of the press. It is
    for the visit that was finished there when it was pressed, also when the next number was called in that
    second, and once."""
    legs, begun = [], clock.at
    for seconds in (5, 15):
        legs.append(day.take().leg.id)
        clock.forward(seconds=5)
        day.call("W01")  # the next is called; the one before is still asked
        day.serve("W01", minutes=seconds / 60)
    begun += timedelta(seconds=10)  # the first visit's end; the second's is 20 s later
    clock.at = begun + timedelta(minutes=10)
    with day.store.unit(SYSTEM) as unit:
        close_overdue_questions(unit, day.hall)
    ago = {"ago_s": 600 - pressed_s}
    if named and whose is not None:
        ago["leg"] = str(legs[whose])
    for event in ("rated-1", "rated-1", "rated-2"):
        said = host.rate(4, event=event, **ago)
        assert said["ok"] is (whose is not None and event == "rated-1"), said
    with app.house.store.read() as connection:
        rows = connection.execute(select(t.rating.c.leg, t.rating.c.given_at).where(t.rating.c.level == 4))
        given = [tuple(row) for row in rows]
    assert given == ([] if whose is None else [(legs[whose], begun + timedelta(seconds=pressed_s))])


def test_a_kept_rating_that_nobody_can_take_any_more_leaves_a_line(app: App, day: HallDay, clock: Clock):
    """The pad's own copy goes with the refusal (I13)."""
    pad, leg = device(app, "pad"), day.take().leg.id
    day.call("W01")
    day.serve("W01", minutes=0.5)
    pressed = clock.at + timedelta(seconds=20)
    clock.forward(days=2)
    body = {"leg": leg, "level": 5, "given_at": pressed.isoformat()}
    for _ in range(2):
        said = pad.ask("POST", "/api/ratings", {**body, "request_id": f"late-{leg}-0001"})
        assert (said.status_code, said.json["refused"]) == (409, "rating-too-late")
    lost = audit(app, "rating.lose")[0]
    assert (lost["about"], lost["facts"]["code"]) == (f"leg:{leg}", "rating-too-late")
    assert lost["actor"]["kind"] == "device"


def test_a_pad_names_no_other_windows_visit(day: HallDay, host: Host):
    leg = day.take().leg.id
    day.call("W01")
    day.serve("W01", minutes=0.5)
    assert host.rate(5, keypad="keypad-2", leg=str(leg))["refused"] == "rating-not-asked"


def test_a_key_that_comes_much_later_calls_nobody(app: App, day: HallDay, host: Host):
    day.take()
    assert host.press("call", ago_s=600) == {"ok": False, "refused": "key-too-late", "facts": {}}
    for long in (8 * 86_400, 1e12):
        assert host.press("call", ago_s=long).get("refused") == "key-too-late", "nor one of last week"
    assert calls(app) == 0
    assert host.press("call", ago_s=5)["ok"]


def test_a_rating_of_last_week_is_nobody_elses(app: App, day: HallDay, host: Host):
    """Whoever is asked at this window now has pressed nothing."""
    day.take()
    day.call("W01")
    day.serve("W01", minutes=0.5)
    assert not host.rate(1, ago_s=8 * 86_400)["ok"]
    assert host.rate(5)["ok"]


def test_a_box_whose_keys_mean_two_things(app: App, day: HallDay, host: Host, clock: Clock):
    for _ in range(2):
        day.take()
    assert host.press("call_or_recall")["number"] == "A001"
    assert host.press("call_or_recall")["refused"] == "recall-too-soon"  # never the next citizen
    clock.forward(seconds=30)
    assert host.press("call_or_recall")["number"] == "A001"
    assert host.press("start")["number"] == "A001"
    assert host.press("call_or_recall")["refused"] == "window-busy"  # there is a key to end first
    clock.forward(minutes=1)
    assert host.press("end")["number"] == "A001"
    assert host.press("call_or_recall")["number"] == "A002"
    clock.forward(minutes=1)
    assert host.press("end")["number"] == "A002"
    with app.house.store.read() as connection:
        states = dict(connection.execute(select(t.leg.c.number, t.leg.c.state)).all())
    assert states == {"A001": "done", "A002": "no_show"}
    assert host.press("end")["refused"] == "window-idle"


def test_a_keypad_transfers_to_the_window_people_know(app: App, day: HallDay, host: Host):
    day.take()
    host.press("call")
    for wrong in ("", "0", "99", "1", "x"):
        assert host.press("transfer", value=wrong)["refused"] == "target-wrong"
    assert host.press("transfer", value="02")["number"] == "A001"
    assert host.press("call")["number"] is None
    assert host.press("call", keypad="keypad-2")["number"] == "A001"


def test_a_keypad_that_stays_in_pause(app: App, day: HallDay, host: Host):
    for _ in range(2):  # told twice is told once
        assert host.press("pause_begin")["ok"]
        assert host.press("call")["refused"] == "window-paused"
    for _ in range(2):
        assert host.press("pause_end")["ok"]
    assert host.press("call")["ok"]


def test_a_keypad_calls_for_help_in_the_clerks_name(app: App, day: HallDay, host: Host):
    assert host.press("help")["ok"]
    assert host.press("help")["ok"]
    with app.house.store.read() as connection:
        rows = connection.execute(select(t.emergency.c.window, t.emergency.c.person)).all()
    assert rows == [("W01", CLERK_AT["W01"])]


# --- strips and keypads follow
def test_strips_and_keypads_are_told_what_changed(app: App, day: HallDay, host: Host):
    day.take()
    shown = {(j["window"], j["waiting"], j["number"]) for j in host.jobs("show_counts")}
    assert {("W01", 1, None), ("W02", 1, None)} <= shown
    day.call("W01")
    told = host.jobs()
    assert [j["facts"]["kind"] if "facts" in j else j["tone"] for j in told if j["kind"] == "show_text"] == [
        "call"
    ]
    assert [(j["number"], j["window_number"]) for j in told if j["kind"] == "show_text"] == [("A001", "1")]
    assert {(j["window"], j["waiting"], j["number"]) for j in told if j["kind"] == "show_counts"} >= {
        ("W01", 0, "A001"),
        ("W02", 0, None),
    }


# --- nonsense
NONSENSE: list[Any] = [
    None,
    "",
    "x",
    7,
    3.5,
    True,
    [],
    [1, 2],
    {},
    {"device": []},
    {"devices": {}, "jobs": {}},
    {"devices": [1, "x", None, {}, {"name": ""}], "jobs": [1, None, {}]},
    {"devices": [{"name": {"a": 1}, "kind": 7, "window": ["W01"], "kiosk": {}}]},
    {"devices": [{"name": "x\x00y", "kind": "\x00", "window": "\x1b[2J"}]},
    {"job": {"a": 1}, "state": ["sending"]},
    {"job": "slip-1", "state": None},
    {"job": "slip-\u0663", "state": "sending"},
    {"job": "slip-²", "state": "sending"},
    {"event_id": "e", "device": "keypad-1", "key": {"a": []}},
    {"event_id": {"a": 1}, "device": "keypad-1", "key": "call"},
    {"event_id": "e" * 10_000, "device": "keypad-1", "key": "call"},
    {"event_id": "e-bytes", "device": "keypad-1", "key": "start", "raw": b"\x00\xff"},
    {"event_id": "e-deep", "device": "keypad-1", "key": "start", "value": [[[[[[{}]]]]]]},
    {"event_id": "e-surrogate", "device": "keypad-1", "key": "start", "value": "\ud800"},
    {"event_id": "e\ud800", "device": "keypad-1", "key": "start"},
    {"device": "keypad-1", "state": "ok", "reason": "\x00", "detail": "\x00\x1b[0m\ud800"},
    {"device": "keypad-1", "state": "ok", "reason": 10**15, "detail": b"\xff"},
    {"device": "keypad-1", "model": []},
    {"device": {"a": 1}, "model": {}},
]


@pytest.mark.parametrize("word", ["hello", "health", "result", "key", "rated", "virtual", "dance"])
def test_nonsense_never_raises_and_leaves_the_host_connected(app: App, day: HallDay, host: Host, word: str):
    day.take()
    for message in NONSENSE:
        host.say(word, message)
        assert host.link.admitted
    host.hello()
    assert host.press("call")["number"] == "A001"
    for row in health(app):
        assert row.isprintable()


def test_a_word_without_anything_never_raises(app: App, host: Host):
    for word in ("hello", "health", "result", "key", "rated", "virtual"):
        host.link.socket.emit(word, namespace="/devices", callback=True)
    assert host.link.admitted


@pytest.mark.parametrize("message", NONSENSE)
def test_nonsense_from_the_bench_never_raises(app: App, host: Host, message: Any):
    bench = knock(app, staff(app, "manager"), "/bench")
    host.say("virtual", {"device": "strip-1", "model": {"text": "欢迎"}})
    assert bench.socket.emit("act", message, namespace="/bench", callback=True) == {"ok": False}
    good = {"device": "strip-1", "act": "fault", "kind": "silent"}
    assert bench.socket.emit("act", good, namespace="/bench", callback=True) == {"ok": True}
    assert host.told()[-1] == ("virtual_act", good)


# --- what the watch of an operating room reads
def test_metrics_are_what_the_installers_page_counts_and_for_named_addresses_only(
    wired_once: None, make_settings: Callable[..., Settings], clock: Clock
):
    app = create_app(make_settings(metrics=(ip_network("127.0.0.1"), ip_network("10.9.0.0/16"))), clock)
    h = app.house
    day = HallDay(h.store, h.hall, h.slip, clock).open("W01")
    for _ in range(3):
        day.take()
    day.call("W01")
    who = device(app, "host")
    host = Host(app, who).hello()
    host.say("health", {"device": "printer-K1", "state": "down", "reason": "paper_out"})
    line = {"line": "virtual://p", "state": "ready", "jobs": {"confirmed": 7}, "retries": 2, "p50_ms": 120}
    odd = {"line": 'x\n"y', "state": 3, "jobs": {"sent": "many"}, "retries": float("nan"), "p50_ms": None}
    odder = [{"line": "\ud800", "jobs": jobs} for jobs in ("many", 5, [1], {"\udfff": 1})]
    status = {"ok": True, "untold": {"waiting": 1, "oldest_s": 9, "dead": []}, "enrolled_as": ["x"]}
    status |= {"lines": [line, odd, 5, *odder], "here": "no"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.socketio.server, "call", lambda *_, **__: status)
        client = app.flask.test_client()
        reply = client.get("/metrics")
        outside = client.get("/metrics", environ_base={"REMOTE_ADDR": "192.168.0.5"})
        inside = client.get("/metrics", environ_base={"REMOTE_ADDR": "10.9.3.4"})
        mapped = client.get("/metrics", environ_base={"REMOTE_ADDR": "::ffff:10.9.3.4"})
        proxied = [
            client.get("/metrics", headers={name: "127.0.0.1"}).status_code
            for name in ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via")
        ]
        patch.setattr(app.socketio.server, "call", lambda *_, **__: {"ok": False, "errors": 5})
        sulking = client.get("/metrics")
    assert [r.status_code for r in (reply, outside, inside, mapped)] == [200, 404, 200, 200]
    assert proxied == [404] * 5
    assert "wucha_host_up{" in sulking.text
    assert reply.content_type.startswith("text/plain; version=0.0.4")
    found = {
        (s.name, *sorted(s.labels.values())): s.value
        for family in text_string_to_metric_families(reply.get_data(as_text=True))
        for s in family.samples
    }
    queue = day.hall.catalogue.services["S001"].queue
    assert found["wucha_numbers", *sorted((queue, "waiting"))] == 2
    assert found["wucha_numbers", *sorted((queue, "called"))] == 1
    assert found["wucha_day_open",] == 1
    assert found["wucha_device", *sorted(("printer-K1", "printer", "down", "paper_out"))] == 1
    (name,) = {key[1] for key in found if key[0] == "wucha_host_up"}
    assert found["wucha_line_jobs_total", *sorted((name, "virtual://p", "confirmed"))] == 7
    assert found["wucha_line_retries_total", *sorted((name, "virtual://p"))] == 2
    assert found["wucha_line_p50_seconds", *sorted((name, "virtual://p"))] == 0.12
    assert found["wucha_host_untold_oldest", name] == 9
    assert found["wucha_line_ready", *sorted((name, 'x\n"y'))] == 0
    assert not any(key[0] == "wucha_line_jobs_total" and "sent" in key for key in found)
    app.house.store.engine.dispose()


def test_what_a_host_says_was_refused_stands_with_its_sentence(app: App):
    device(app, "host")
    row = {"name": "key", "refused": "window-closed", "facts": {"key": "x", "lang": "y", "window": "W01"}}
    office = staff(app, "manager")
    for untold, text in [
        ({"dead": [row, 7, {"refused": None, "facts": []}]}, app.house.texts.both("refused.window-closed")),
        ({"dead": 5}, None),
        ([], None),
    ]:
        with pytest.MonkeyPatch.context() as patch:
            answer = {"ok": True, "untold": untold}
            patch.setattr(app.socketio.server, "call", lambda *_, answer=answer, **__: answer)
            said = office.ask("GET", "/api/hosts")
        assert said.status_code == 200
        if text is not None:
            assert said.json["hosts"][0]["untold"]["dead"][0]["text"] == text
