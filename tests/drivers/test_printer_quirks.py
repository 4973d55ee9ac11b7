"""Printers that are asked in another way, hold the slip in a mouth, or fail as section 8 of the hardware
paper lists it."""

from __future__ import annotations

import pytest

from drivers.errors import LineLost
from drivers.jobs import Outcome, PrintSlip, Text
from drivers.line.serial_line import Settings
from drivers.printer.escpos import EscposPrinter
from drivers.printer.profile import Profile
from drivers.spec import load
from drivers.virtual.medium import HOST

SLIP = PrintSlip("slip-1", "K1", (Text("A001", 4), Text("前面等候 3 人")))


@pytest.fixture
def make(plug, bench):
    def printer(profile=None, query="", baud=9600):
        profile = profile or Profile()
        line, (far,) = plug(
            f"virtual://escpos/p?baud={baud}&presenter={profile.presenter}{query}", Settings(baud=baud)
        )
        return (
            EscposPrinter("printer-K1", line, profile),
            far,
            lambda act, **facts: bench.act(far.name, act, facts),
        )

    return printer


@pytest.mark.parametrize("status", ["auto", "full"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("paper_out", "paper_out"), ("cover_open", "cover_open"), ("jam", "jam"), ("head", "head")],
)
def test_other_ways_to_ask_find_the_same_trouble(make, status, fault, reason):
    printer, _, act = make(Profile(status=status))
    assert printer.check().state == "ok"
    assert printer.perform(SLIP) == Outcome("confirmed")
    act("fault", fault=fault)
    assert (printer.check().state, printer.check().reason) == ("down", reason)
    assert printer.perform(SLIP) == Outcome("failed", reason)
    act("clear")
    printer.check()
    assert printer.perform(SLIP) == Outcome("confirmed")


@pytest.mark.parametrize("status", ["auto", "full"])
def test_other_ways_to_ask_see_the_end_of_the_paper_coming(make, status):
    printer, _, act = make(Profile(status=status))
    act("fault", fault="near_end")
    assert (printer.check().state, printer.check().reason) == ("warn", "near_end")
    act("fault", fault="run_out", value=9)
    assert printer.perform(SLIP) == Outcome("unsure", "paper_out")


def test_firmware_that_says_printed_and_cut(make):
    printer, far, act = make(Profile(proof="job_state"))
    assert printer.perform(SLIP) == Outcome("confirmed")
    act("fault", fault="cut_needs_line_start")
    far._cut = lambda: None  # the knife is never reached: the end mark alone would call this printed
    assert printer.perform(SLIP) == Outcome("unsure", "cutter")


def test_one_question_before_a_slip_when_all_was_well(make, clock):
    """The paper moves within 100 ms at 9600 baud."""
    printer, far, _ = make()
    printer.check()
    clock.sleep(1)
    before, began = list(far.asked), clock.now()
    first = []
    receive = far.receive
    far.receive = lambda byte, at: (
        first.append(at) if byte == 0x1B and not first else None,
        receive(byte, at),
    )
    assert printer.perform(SLIP) == Outcome("confirmed")
    assert far.asked[len(before)] == 1
    assert first[0] - began < 0.1


def test_one_question_finds_what_went_wrong_since(make, clock):
    printer, far, act = make()
    printer.check()
    act("fault", fault="cover_open")
    received = far.received
    assert printer.perform(SLIP) == Outcome("failed", "cover_open")
    assert far.received - received <= 3 * 9


# --- the presenter
def mouth(**more):
    return Profile(presenter=True, cut="full", take_s=20, **more)


def test_a_slip_waits_to_be_taken(make, clock):
    printer, far, act = make(mouth())
    assert printer.perform(SLIP) == Outcome("confirmed")
    assert far.slips[-1].end == "presented"
    assert (printer.check().state, printer.check().reason) == ("warn", "not_taken")
    act("take")
    assert far.slips[-1].end == "taken"
    printer.check()
    assert printer.check().state == "ok"
    clock.sleep(30)
    printer.check()
    assert far.slips[-1].end == "taken"


@pytest.mark.parametrize(
    ("untaken", "end"), [("retract", "retracted"), ("eject", "ejected"), ("leave", "presented")]
)
def test_a_slip_that_nobody_takes(make, clock, untaken, end):
    printer, far, _ = make(mouth(untaken=untaken))
    assert printer.perform(SLIP) == Outcome("confirmed")
    for _ in range(4):
        clock.sleep(8)
        printer.check()
    clock.sleep(1)
    far._cable.advance(clock.now())
    assert far.slips[-1].end == end


def test_the_next_slip_does_not_push_into_a_full_mouth(make):
    printer, far, _ = make(mouth())
    assert printer.perform(SLIP) == Outcome("confirmed")
    assert printer.perform(SLIP) == Outcome("confirmed")
    assert [paper.end for paper in far.slips] == ["retracted", "presented"]


def test_a_jam_in_the_mouth_stops_the_kiosk(make):
    printer, _, act = make(mouth())
    act("fault", fault="presenter_jam")
    printer.check()
    assert (printer.check().state, printer.check().reason) == ("down", "jam")


def test_another_makers_commands_are_data(make):
    profile = mouth(present_cmd="1c503c{n}", retract_cmd="1c503e")
    assert profile.present() == bytes.fromhex("1c503c0c")
    assert profile.clear_mouth() == bytes.fromhex("1c503e")


# --- faults of section 8
def test_a_head_that_cools_down_by_itself(make, clock):
    printer, _, act = make()
    act("fault", fault="head", value=10)
    assert printer.perform(SLIP) == Outcome("failed", "head")
    clock.sleep(11)
    printer.check()
    printer.check()
    assert printer.perform(SLIP) == Outcome("confirmed")


def test_status_lost_while_the_host_talks(make):
    printer, far, act = make()
    act("fault", fault="half_duplex")
    assert printer.perform(SLIP) == Outcome("confirmed")
    far._cable.say(HOST, b"\x10\x04\x01" + b"A" * 20, printer._line.clock.now())
    printer._line.clock.sleep(1)
    far._cable.advance(printer._line.clock.now())
    assert not far._cable.to_host


def test_an_image_that_contains_a_question_by_chance(make):
    """print801 answers in the middle of the dots; the answer is nobody's and changes nothing."""
    printer, far, _ = make()
    assert printer.check().state == "ok"
    printer._line.send(b"\x1d\x76\x30\x00\x03\x00\x01\x00\x10\x04\x04")
    printer._line.clock.sleep(0.2)
    assert printer.perform(SLIP) == Outcome("confirmed")
    assert printer.check().state == "ok"
    assert 4 in far.asked


def test_power_lost_in_mid_image_leaves_the_next_slip_whole(make, clock):
    printer, far, act = make(baud=115200)
    far.receive = lambda byte, at, receive=far.receive: (
        act("power") if far.received == 60 else None,
        receive(byte, at),
    )
    printer.perform(SLIP)
    del far.receive
    clock.sleep(5)
    assert printer.perform(SLIP) == Outcome("confirmed")
    assert far.slips[-1].words() == ["A001", "前面等候 3 人"]


def test_a_network_printer_hangs_up_after_65_idle_seconds(make, clock):
    """A host that looks every two seconds never meets it; one that slept does, and comes back."""
    printer, _, act = make()
    act("fault", fault="idle_disconnect")
    for _ in range(40):
        clock.sleep(2)
        assert printer.check().state == "ok"
    clock.sleep(70)
    with pytest.raises(LineLost, match="hung up"):
        printer.check()
    printer._line.open()
    assert printer.perform(SLIP) == Outcome("confirmed")


def test_a_second_client_is_refused(make):
    printer, _, act = make()
    act("fault", fault="second_client")
    printer._line.close()
    with pytest.raises(LineLost, match="refused"):
        printer._line.open()
    act("clear", fault="second_client")
    printer._line.open()
    assert printer.perform(SLIP) == Outcome("confirmed")


def test_faults_in_the_address_are_on_from_the_start(make, bench):
    printer, far, act = make(query="&fault=near_end_offline,run_out:9")
    seen = bench.look()[far.name]
    assert seen["faults"] == ["near_end", "near_end_offline", "run_out"]
    assert seen["paper_mm"] == 9
    assert printer.perform(SLIP) == Outcome("unsure", "paper_out")
    act("clear")
    assert bench.look()[far.name]["faults"] == []
    with pytest.raises(ValueError, match="no fault"):
        bench.cable_for("escpos/q", {"fault": "dance"})


@pytest.mark.parametrize("fault", ["idle_disconnect", "second_client", "noise"])
def test_faults_of_the_cable_are_seen_on_the_bench(make, bench, fault):
    _, far, act = make()
    act("fault", fault=fault)
    assert bench.look()[far.name]["cable"] == [fault]
    act("clear")
    assert bench.look()[far.name]["cable"] == []


def test_every_profile_key_is_checked(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "p.toml").write_text(
        'driver = "escpos"\ndots = "wide"\nqr = "laser"\ncutter = 1\nstatus = 7\n'
    )
    (tmp_path / "devices.toml").write_text("")
    with pytest.raises(Exception, match="dots") as caught:
        load(tmp_path / "devices.toml")
    text = str(caught.value)
    assert all(key in text for key in ("dots", "qr", "cutter", "status"))
