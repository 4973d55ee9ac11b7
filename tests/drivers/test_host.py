"""The host over a whole hall of virtual devices, stepped by a clock that jumps."""

from __future__ import annotations

import threading
import time

import pytest

from drivers.agenda import Agenda, Waiting
from drivers.host import Host
from drivers.jobs import AskRating, PrintSlip, Rule, ShowText, StopRating, job_from_dict, job_to_dict
from drivers.line.clock import Clock
from drivers.spec import CONFIG, HallSpec, load

SLIP = {
    "id": "slip-1",
    "kind": "print_slip",
    "kiosk": "K1",
    "copy": 0,
    "deadline_s": 20,
    "parts": [{"text": "A001", "size": 4, "align": "center", "bold": True}, {"rule": True}, {"feed": 1}],
}


def show(job_id, window="W01", text="请A001号到1号窗口", tone="call", deadline_s=10):
    return {
        "id": job_id,
        "kind": "show_text",
        "deadline_s": deadline_s,
        "facts": {"window": window, "text": text, "kind": tone},
    }


class Hall:
    """Some devices of the demo hall, everything they published, and hands to act on them."""

    def __init__(self, bench, clock, only):
        self.bench, self.clock, self.said = bench, clock, []
        whole = load(CONFIG / "devices.toml")
        devices = tuple(spec for spec in whole.devices if spec.name.startswith(only))
        self.host = Host(
            HallSpec("hall", devices), lambda name, facts: self.said.append((clock.now(), name, facts)), clock
        )
        self.far = {peer.name: peer for _, peer in bench.peers()}

    def run(self, seconds):
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            before = self.clock.now()
            self.host.step_all()
            if self.clock.now() == before:
                self.clock.sleep(0.02)
        for cable, _ in self.bench.peers():
            cable.advance(self.clock.now())

    def results(self, job):
        return [(f["state"], f["reason"]) for _, name, f in self.said if name == "result" and f["job"] == job]

    def health(self, device):
        return [
            (f["state"], f["reason"])
            for _, name, f in self.said
            if name == "health" and f["device"] == device
        ]

    def events(self, name):
        return [facts for _, what, facts in self.said if what == name]

    def fault(self, device, name, **facts):
        self.bench.act(device, "fault", {"fault": name} | facts)


@pytest.fixture
def hall(bench, clock):
    return lambda *only: Hall(bench, clock, only)


def test_a_slip_lives_from_sending_to_confirmed(hall):
    one = hall("printer-K1")
    one.host.submit(SLIP)
    one.run(6)
    assert one.results("slip-1") == [("sending", ""), ("confirmed", "")]
    assert one.far["printer-K1"].slips[0].words()[0] == "A001"
    assert one.health("printer-K1") == [("ok", "")]
    assert one.host.held() == []


def test_one_slip_id_is_printed_once_however_often_it_comes(hall):
    one = hall("printer-K1")
    for _ in range(3):
        one.host.submit(SLIP)
    one.run(5)
    one.host.submit(SLIP)
    one.run(5)
    assert len(one.far["printer-K1"].slips) == 1
    assert one.results("slip-1") == [("sending", ""), ("confirmed", ""), ("confirmed", "")]


def test_an_unsure_slip_is_not_printed_again_but_a_failed_one_may_be(hall):
    one = hall("printer-K1")
    one.fault("printer-K1", "run_out", value=5)
    one.host.submit(SLIP)
    one.run(8)
    assert one.results("slip-1")[-1] == ("unsure", "paper_out")
    one.host.submit(SLIP | {"id": "slip-2"})
    one.run(4)
    assert one.results("slip-2") == [("sending", ""), ("failed", "paper_out")]
    one.bench.act("printer-K1", "refill", {})
    one.run(3)
    one.host.submit(SLIP)
    one.host.submit(SLIP | {"id": "slip-2"})
    one.run(8)
    assert one.results("slip-1")[-1] == ("unsure", "paper_out")
    assert one.results("slip-2")[-1] == ("confirmed", "")


def test_paper_trouble_is_seen_within_five_seconds_and_told_once(hall, clock):
    one = hall("printer-K1")
    one.run(3)
    began = clock.now()
    one.fault("printer-K1", "paper_out")
    one.run(30)
    assert one.health("printer-K1") == [("ok", ""), ("down", "paper_out")]
    assert next(at for at, name, f in one.said if name == "health" and f["state"] == "down") - began < 5
    one.bench.act("printer-K1", "refill", {})
    one.run(5)
    assert one.health("printer-K1")[-1] == ("ok", "")


@pytest.mark.parametrize("power", [False, True])
def test_a_printer_that_was_silent_confirms_again(hall, clock, power):
    one = hall("printer-K1")
    one.run(3)
    one.fault("printer-K1", "silent")
    one.host.submit(SLIP | {"id": "while-silent"})
    one.run(7)
    assert one.results("while-silent")[-1] == ("failed", "silent")
    if power:
        one.bench.act("printer-K1", "power", {})
    one.bench.act("printer-K1", "clear", {"fault": "silent"})
    for n in range(4):
        one.host.submit(SLIP | {"id": f"after-{n}"})
        one.run(6)
        assert one.results(f"after-{n}")[-1] == ("confirmed", "")
    assert one.health("printer-K1") == [("ok", ""), ("unknown", "silent"), ("ok", "")]


def test_a_pulled_cable_fails_slips_at_once_and_heals(hall):
    one = hall("printer-K1")
    one.run(3)
    one.bench.act("printer-K1", "unplug", {})
    one.run(4)
    one.host.submit(SLIP)
    one.run(2)
    assert one.results("slip-1")[-1] == ("failed", "line_lost")
    assert one.health("printer-K1") == [("ok", ""), ("down", "line_lost")]
    one.bench.act("printer-K1", "replug", {})
    one.run(12)
    assert one.health("printer-K1")[-1] == ("ok", "")
    one.host.submit(SLIP)
    one.run(5)
    assert one.results("slip-1")[-1] == ("confirmed", "")


def test_texts_reach_their_windows(hall):
    one = hall("strip")
    for n in range(1, 15):
        one.host.submit(show(f"t{n}", f"W{n:02}", f"请A{n:03}号到{n}号窗口"))
    one.run(4)
    assert all(one.results(f"t{n}") == [("confirmed", "")] for n in range(1, 15))
    assert [one.far[f"strip-W{n:02}"].text for n in (1, 7, 8, 14)] == [
        f"请A{n:03}号到{n}号窗口" for n in (1, 7, 8, 14)
    ]


def test_a_newer_text_replaces_the_unsent_older_one(hall):
    one = hall("strip-W01")
    for n in range(5):
        one.host.submit(show(f"t{n}", text=f"请A00{n}号到1号窗口"))
    one.run(3)
    assert [one.results(f"t{n}") for n in range(5)] == [[("failed", "replaced")]] * 4 + [[("confirmed", "")]]
    assert one.far["strip-W01"].history == ["请A004号到1号窗口"]


def test_one_dead_strip_costs_the_others_one_time_out(hall, clock):
    one = hall("strip")
    one.run(3)
    one.fault("strip-W01", "silent")
    for n in range(1, 8):
        one.host.submit(show(f"t{n}", f"W{n:02}"))
    began = clock.now()
    one.run(4)
    ended = {f["job"]: at - began for at, name, f in one.said if name == "result"}
    assert one.results("t1") == [("failed", "silent")]
    assert all(one.results(f"t{n}") == [("confirmed", "")] for n in range(2, 8))
    assert max(ended[f"t{n}"] for n in range(2, 8)) < 0.5 + 6 * 0.1
    assert one.health("strip-W01")[-1] == ("down", "silent")


def test_a_dead_strip_is_asked_every_30_s_at_last_and_told_the_present_when_it_is_back(hall):
    one = hall("strip-W01", "strip-W02")
    one.host.present({"strips": [{"window": "W01", "text": "暂停服务", "kind": "pause"}], "keypads": []})
    one.run(2)
    assert one.far["strip-W01"].text == "暂停服务"
    one.fault("strip-W01", "silent")
    one.run(20)
    assert one.health("strip-W01") == [("ok", ""), ("down", "silent")]
    heard = one.far["strip-W01"].frames
    one.host.submit(show("t1"))
    one.run(60)
    assert one.results("t1") == [("failed", "silent")]
    one.bench.act("strip-W01", "clear", {})
    one.bench.act("strip-W01", "power", {})
    one.run(32)
    assert one.health("strip-W01")[-1] == ("ok", "")
    assert one.far["strip-W01"].text == "请A001号到1号窗口"  # the present, not what was shown before
    assert one.far["strip-W01"].frames > heard


@pytest.mark.parametrize("dead", [0.5, 3, 6, 12, 25])
def test_a_strip_is_found_again_the_sooner_the_shorter_it_was_dead(hall, clock, dead):
    one = hall("strip-W01", "strip-W02")
    one.host.present({"strips": [{"window": "W01", "text": "暂停服务", "kind": "pause"}], "keypads": []})
    one.run(3)
    one.fault("strip-W01", "silent")
    one.bench.act("strip-W01", "power", {})
    while one.health("strip-W01")[-1] != ("down", "silent"):
        one.run(0.1)
    one.run(dead)
    one.bench.act("strip-W01", "clear", {})
    began = clock.now()
    while one.far["strip-W01"].text != "暂停服务":
        one.run(0.1)
    assert clock.now() - began < dead + 2.5
    one.run(1)
    assert one.health("strip-W01")[-1] == ("ok", "")


def test_a_new_text_looks_for_a_dead_strip_at_once(hall):
    one = hall("strip-W01", "strip-W02")
    one.run(3)
    one.fault("strip-W01", "silent")
    one.run(70)
    one.bench.act("strip-W01", "clear", {})
    one.host.submit(show("t1"))
    one.run(1)
    assert one.results("t1") == [("failed", "silent")]  # it was dead when it was told
    assert one.far["strip-W01"].text == "请A001号到1号窗口"
    assert one.health("strip-W01")[-1] == ("ok", "")


def test_many_dead_strips_cost_a_call_no_more_than_one_time_out(hall, clock):
    one = hall(*(f"strip-W0{n}" for n in range(1, 8)))
    one.run(3)
    for n in range(2, 8):
        one.fault(f"strip-W0{n}", "silent")
    one.run(3)
    for n in range(60):
        one.host.submit(show(f"dead-{n}", f"W0{n % 6 + 2}"))
        one.host.submit(show(f"t{n}", text=f"请A{n:03}号到1号窗口"))
        began = clock.now()
        while not one.results(f"t{n}"):
            one.host.step_all()
            clock.sleep(0.01)
        assert one.results(f"t{n}") == [("confirmed", "")]
        assert clock.now() - began < 0.4 + 0.3
        one.run(0.37)


def test_a_strip_that_falls_silent_is_seen_within_ten_seconds(hall, clock):
    one = hall("strip")
    one.run(3)
    began = clock.now()
    one.fault("strip-W03", "silent")
    one.run(15)
    assert next(at for at, name, f in one.said if name == "health" and f["state"] == "down") - began < 10


def test_texts_are_told_again_every_minute(hall):
    one = hall("strip-W01")
    one.host.submit(show("t1"))
    one.run(5)
    one.bench.act("strip-W01", "power", {})
    one.run(65)
    assert one.far["strip-W01"].text == "请A001号到1号窗口"
    assert one.results("t1") == [("confirmed", "")]


def test_a_busy_or_lossy_card_gets_its_text_after_all(hall):
    one = hall("strip-W01")
    one.fault("strip-W01", "nack_busy", value=2)
    one.host.submit(show("t1"))
    one.run(3)
    assert one.results("t1") == [("confirmed", "")]


def test_keys_and_ratings_are_published(hall):
    one = hall("keypad")
    one.run(1)
    one.bench.act("keypad-W03", "press", {"key": "call"})
    one.run(1)
    assert one.events("key") == [{"device": "keypad-W03", "window": "W03", "key": "call"}]
    one.host.submit(
        {"id": "r1", "kind": "ask_rating", "window": "W03", "leg": 7, "until": "", "deadline_s": 5}
    )
    one.host.submit(
        {"id": "c1", "kind": "show_counts", "window": "W03", "waiting": 4, "number": "A012", "deadline_s": 5}
    )
    one.run(1)
    assert one.far["keypad-W03"].asked
    assert one.far["keypad-W03"].digits == "  4012"
    one.bench.act("keypad-W03", "rate", {"value": 0})
    one.run(1)
    assert one.events("rated") == [{"device": "keypad-W03", "window": "W03", "value": 5, "leg": "7"}]
    assert one.results("r1") == one.results("c1") == [("sent", "")]
    assert one.health("keypad-W03")[-1] == ("ok", "")


def test_a_keypad_is_not_said_to_work_before_a_key_was_pressed(hall):
    one = hall("keypad-W03")
    one.run(5)
    assert one.health("keypad-W03") == [("unknown", "not_pressed_yet")]
    one.bench.act("keypad-W03", "press", {"key": "call"})
    one.run(1)
    assert one.health("keypad-W03")[1:] == [("ok", "")]


def test_a_stray_byte_on_the_bus_holds_nobody_up(hall, bench):
    one = hall("keypad-W01", "keypad-W02")
    one.run(1)
    cable = next(cable for cable, peer in bench.peers() if peer.name == "keypad-W01")
    cable.say("keypad-W01", b"\xff", cable.clock.now())
    one.run(0.2)
    one.host.submit(
        {"id": "c1", "kind": "show_counts", "window": "W01", "waiting": 4, "number": None, "deadline_s": 5}
    )
    one.run(0.5)
    assert one.results("c1") == [("sent", "")]


@pytest.mark.parametrize(
    "row",
    [
        None,
        7,
        {},
        {"id": "x", "kind": "dance"},
        SLIP | {"parts": []},
        SLIP | {"parts": [{"text": "a", "size": 9}]},
        SLIP | {"parts": [{"text": "a", "rule": True}]},
        SLIP | {"surprise": 1},
        SLIP | {"copy": True},
        {"id": "x", "kind": "show_text", "window": "W01"},
        show("x", tone="shout"),
        show("x", text="x" * 501),
        SLIP | {"deadline_s": -1},
        SLIP | {"parts": [{"qr": ""}]},
        show("x", window="W99"),
    ],
)
def test_bad_jobs_fail_and_disturb_nothing(hall, row):
    one = hall("printer-K1", "strip-W01")
    one.host.submit(row)
    one.host.submit(SLIP | {"id": "good"})
    one.run(5)
    assert one.results("good")[-1] == ("confirmed", "")
    if isinstance(row, dict) and row.get("id"):
        assert one.results(row["id"])[-1] in (("failed", "job_invalid"), ("failed", "no_device"))


def test_bad_rows_of_the_present_are_passed_over(hall):
    one = hall("strip-W01")
    good = {"window": "W01", "text": "欢迎光临", "kind": "welcome"}
    one.host.present({"strips": [7, {"window": "W01"}, good], "keypads": "x"})
    one.host.present(None)
    one.run(2)
    assert one.far["strip-W01"].text == "欢迎光临"


def test_jobs_survive_the_way_to_a_dict_and_back():
    job = job_from_dict(SLIP)
    assert isinstance(job, PrintSlip)
    assert job.parts[1] == Rule()
    assert job_from_dict(job_to_dict(job)) == job
    text = job_from_dict(show("t"))
    flat = {"id": "t", "kind": "call", "deadline_s": 10, "window": "W01", "text": "请A001号到1号窗口"}
    assert job_from_dict(flat) == text
    assert job_from_dict(job_to_dict(text)) == text


def waiting(job, at=0.0, tries=0, device="d"):
    return Waiting(job, device, at, at + 10, tries=tries)


def test_calls_before_pauses_before_welcomes():
    agenda = Agenda()
    for n, tone in enumerate(("welcome", "pause", "serving", "call")):
        agenda.put(waiting(ShowText(str(n), "W", "x", tone), n, device=str(n)))
    assert [agenda.take(99).job.tone for _ in range(4)] == ["call", "serving", "pause", "welcome"]


def test_an_agenda_is_bounded_and_forgets_what_is_late():
    agenda = Agenda(limit=2)
    slips = [waiting(PrintSlip(str(n), "K", ()), n) for n in range(3)]
    assert [agenda.put(slip) for slip in slips[:2]] == [[], []]
    ((refused, outcome),) = agenda.put(slips[2])
    assert (refused.job.id, outcome.reason) == ("2", "queue_full")
    assert [w.job.id for w, _ in agenda.expire(10.5)] == ["0"]


def test_a_retry_never_displaces_something_newer():
    agenda = Agenda()
    agenda.put(waiting(ShowText("new", "W", "b")))
    assert agenda.put(waiting(ShowText("old", "W", "a"), tries=1))[0][0].job.id == "old"
    assert agenda.take(1).job.id == "new"


def test_stop_takes_back_a_question_that_was_not_asked():
    agenda = Agenda()
    agenda.put(waiting(AskRating("a", "W", "1")))
    ((gone, _),) = agenda.put(waiting(StopRating("b", "W", "1")))
    assert gone.job.id == "a"


def test_stop_leaves_the_question_to_the_next_citizen_alone():
    agenda = Agenda()
    agenda.put(waiting(AskRating("a", "W", "2")))
    assert agenda.put(waiting(StopRating("b", "W", "1"))) == []


def test_with_real_threads_and_a_real_clock(bench):
    """Every line has its own thread; a crash on one line leaves the others alone."""
    whole = load(CONFIG / "devices.toml")
    done, said = threading.Event(), []

    def publish(name, facts):
        said.append((name, facts))
        if name == "result" and facts["state"] in ("confirmed", "failed"):
            done.set()

    host = Host(whole, publish, Clock())
    crashing = host._where["strip-W01"].crew
    crashing._do = lambda waiting: 1 / 0
    host.start()
    try:
        host.submit(show("t1"))
        host.submit(SLIP)
        assert done.wait(10)
        deadline = time.monotonic() + 10
        while len([f for n, f in said if n == "health"]) < 16 and time.monotonic() < deadline:
            done.wait(0.01)
            time.sleep(0.01)
        bench.act("keypad-W09", "press", {"key": "call"})
        while not any(n == "key" for n, _ in said) and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        host.stop()
    printed = [f for n, f in said if n == "result" and f["job"] == "slip-1"]
    assert (printed[-1]["state"], printed[-1]["mm"] > 10) == ("confirmed", True)
    assert any(n == "key" and f["device"] == "keypad-W09" for n, f in said)
    assert not any(thread.name.startswith("line ") for thread in threading.enumerate())


# --- readers and scanners
def test_a_card_on_the_reader_of_a_kiosk_is_told_once_with_its_kiosk(hall):
    one = hall("reader-K1")
    one.run(2)
    assert one.health("reader-K1") == [("ok", "")]
    one.bench.act("reader-K1", "lay", {"card": "elder"})
    one.run(8)
    (facts,) = one.events("card")
    assert (facts["device"], facts["kiosk"], facts["window"]) == ("reader-K1", "K1", None)
    assert (facts["kind"], facts["name"], facts["birth"]) == ("mainland", "张**", "1949-02-03")
    assert facts.keys() == {"device", "kiosk", "window", "kind", "number", "name", "birth", "sex"}
    came = [passed for passed in one.host.record("reader-K1").since(0) if passed.way == "<"]
    assert came
    assert not any(passed.data for passed in came)


def test_a_failed_card_is_told_too(hall):
    one = hall("reader-K1")
    one.fault("reader-K1", "wrong_type")
    one.bench.act("reader-K1", "lay", {"card": "elder"})
    one.run(15)
    assert [facts["failed"] for facts in one.events("card")] == ["unknown_type"]


def test_a_reader_that_waits_to_be_asked(hall):
    one = hall("reader-K2")
    one.bench.act("reader-K2", "lay", {"card": "adult"})
    one.run(6)
    assert one.events("card") == []
    one.host.submit({"kind": "read_card", "id": "ask-1", "kiosk": "K2", "for_s": 30.0})
    one.run(4)
    assert one.results("ask-1") == [("confirmed", "")]
    assert len(one.events("card")) == 1
    one.host.submit({"kind": "stop_reading", "id": "ask-2", "kiosk": "K2"})
    one.run(1)
    one.bench.act("reader-K2", "lift", {})
    one.bench.act("reader-K2", "lay", {"card": "elder"})
    one.run(6)
    assert len(one.events("card")) == 1


def test_a_kiosk_without_a_reader_is_told(hall):
    one = hall("reader-K1")
    one.host.submit({"kind": "read_card", "id": "ask-1", "kiosk": "K9"})
    assert one.results("ask-1") == [("failed", "no_device")]


def test_a_silent_reader_is_down_within_ten_seconds_and_comes_back(hall):
    one = hall("reader-K1")
    one.run(2)
    one.fault("reader-K1", "silent")
    one.run(15)
    assert one.health("reader-K1")[-1] == ("down", "silent")
    one.bench.act("reader-K1", "clear", {})
    one.bench.act("reader-K1", "lay", {"card": "elder"})
    one.run(15)
    assert one.health("reader-K1")[-1] == ("ok", "")
    assert len(one.events("card")) == 1


def test_pulled_out_while_it_reads_ends_in_fault_and_then_ready(hall):
    one = hall("reader-K1")
    one.fault("reader-K1", "unplug_in_read", value=1)
    one.bench.act("reader-K1", "lay", {"card": "elder"})
    one.run(6)
    assert one.health("reader-K1")[-1] == ("down", "line_lost")
    one.bench.act("reader-K1", "replug", {})
    one.bench.act("reader-K1", "lay", {"card": "elder"})
    one.run(40)
    assert one.health("reader-K1")[-1] == ("ok", "")
    assert [facts.get("number") for facts in one.events("card")] == ["990123194902030012"]


def test_a_code_before_the_scanner_of_a_kiosk(hall):
    one = hall("scanner-K1")
    one.bench.act("scanner-K1", "scan", {"code": "12345678"})
    one.run(2)
    (facts,) = one.events("code")
    assert facts == {"device": "scanner-K1", "kiosk": "K1", "window": None, "text": "12345678"}
    one.fault("scanner-K1", "too_long", value=1)
    one.bench.act("scanner-K1", "scan", {"code": "12345678"})
    one.run(5)
    assert [facts.get("failed") for facts in one.events("code")] == [None, "too_long"]
