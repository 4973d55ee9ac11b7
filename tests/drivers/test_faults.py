"""Fault by fault: what HARDWARE.md section 8 names exists on its far end, is switched on and off by hand and
by a line's URL, and stands on the bench page with a name and an explanation. What a host must notice by
itself is noticed in time (N8) and gone after the repair.
"""

from __future__ import annotations

import base64
import re
import tomllib
import zlib
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from drivers.errors import LineLost
from drivers.line.serial_line import SerialLine, Settings
from drivers.spec import CONFIG, MODELS, load_profiles
from drivers.virtual.bench import PEERS
from tests.conftest import ROOT
from tests.drivers.far import tell
from tests.drivers.rig import Rig
from tests.drivers.test_replug import ROWS as MACHINES
from tests.drivers.vectors import golden

#: (driver, far end of a described card, words of section 8, fault, value)
TABLE = [
    *(
        ("escpos", "", words, fault, value)
        for words, fault, value in [
            ("near end", "near_end", None),
            ("paper out in mid-ticket", "run_out", 20),
            ("paper out", "paper_out", None),
            ("after the reload: reprints", "reprints", None),
            ("after the reload: continues", "continues", None),
            ("after the reload: drops", "drops", None),
            ("cover open", "cover_open", None),
            ("cutter error (recoverable by DLE ENQ 2)", "cutter", None),
            ("head overheated (auto-recover after N s)", "head", 30),
            ("silent (accepts data, answers nothing)", "silent", None),
            ("offline", "offline", None),
            ("half-duplex status loss", "half_duplex", None),
            ("garbage byte", "garbage", None),
            ("duplicate status byte", "duplicate_status", None),
            ("power cycle in mid-raster", "power_in_raster", 1),
            ("Chinese mode off at power-up", "chinese_off", None),
            ("GB2312-only font", "gb2312_font", None),
            ("GS V ignored unless at line start", "cut_needs_line_start", None),
            ("near end => offline quirk", "near_end_offline", None),
            ("TCP idle disconnect after 65 s", "idle_disconnect", 65),
            ("second client refused", "second_client", None),
            ("late answers (section 1.5)", "late", 0.4),
            ("paper jam (section 1.5)", "jam", None),
            ("presenter jam (section 1.8)", "presenter_jam", None),
        ]
    ),
    *(
        ("onbon_bxk", "", words, fault, value)
        for words, fault, value in [
            ("no ACK", "no_ack", None),
            ("late ACK", "late_ack", 0.9),
            ("NACK busy 3", "nack_busy", 2),
            ("NACK CRC 5", "nack_crc", None),
            ("wrong source address", "wrong_source", None),
            ("half frame", "half_frame", None),
            ("noise between frames", "noise_before", None),
            ("lost leading a5s", "lost_lead", 5),
            ("byte-unit card (5th generation)", "byte_unit", None),
            ("baud mismatch (garbage)", "baud_mismatch", None),
        ]
    ),
    *(
        ("pingan_lihe", "", words, fault, None)
        for words, fault in [
            ("no receipt (V1.1 card)", "no_ack"),
            ("receipt with other address", "wrong_source"),
            ("checksum 00 edge (sum 100)", "sum_100"),
            ("frame containing ff/a0 in data", "ff_inside"),
            ("card that ignores 50 on strips", "ignores_50"),
        ]
    ),
    *(
        ("led_frame", "nibble", words, fault, None)
        for words, fault in [
            ("no answer", "no_ack"),
            ("answers while the host still talks", "talks_over"),
            ("odd nibble count", "odd_nibble"),
            ("GBK trail < 80h", "gbk_trail"),
        ]
    ),
    *(
        ("led_frame", "a090", words, fault, None)
        for words, fault in [
            ("55", "says_failed"),
            ("no reply", "no_ack"),
            ("length mismatch", "len_mismatch"),
        ]
    ),
    *(
        ("modbus_led", "", words, fault, value)
        for words, fault, value in [
            ("exception 02", "exception_02", None),
            ("exception 03", "exception_03", None),
            ("CRC error", "bad_crc", None),
            ("slow reply", "slow_reply", 0.8),
            ("two units with the same address (collision garbage)", "twin", None),
        ]
    ),
    *(
        ("keypad_ff68", "", words, fault, value)
        for words, fault, value in [
            ("double key press", "double_press", None),
            ("repeat after lost echo", "lost_echo", 1),
            ("wrong CHK", "bad_checksum", 1),
            ("two keypads talking at once", "two_at_once", 1),
            ("LEN mismatch", "len_mismatch", None),
            ("unknown key", "unknown_key", None),
            ("power-up burst", "power_burst", None),
        ]
    ),
    *(
        ("keypad_polled", "", words, fault, value)
        for words, fault, value in [
            ("no answer", "silent", None),
            ("stale state", "stale_state", None),
            ("unacknowledged P/Y repeats", "lost_ack", 2),
        ]
    ),
    ("apertum_box", "", "5-byte collision frames", "collision", 1),
    ("apertum_box", "", "address change lost", "move_lost", None),
    ("apertum_board", "", "silent", "silent", None),
    ("alpha", "", "silent", "silent", None),
    *(
        ("idcard_sam", "", words, fault, None)
        for words, fault in [
            ("80 no card", "no_card"),
            ("81", "not_selected"),
            ("41 read fail in mid-way (card moved)", "read_failed"),
            ("60 self test", "self_test"),
            ("stray 00 in header", "stray_zeros"),
            ("truncated 1295 frame", "truncated"),
            ("XOR error", "bad_xor"),
            ("slow (2 s)", "slow"),
            ("unplug during read", "unplug_in_read"),
            ("wrong record type character", "wrong_type"),
        ]
    ),
    *(
        ("scanner", "", words, fault, None)
        for words, fault in [
            ("partial line", "partial"),
            ("duplicate", "duplicate"),
            ("other suffix", "other_suffix"),
            ("Chinese bytes", "chinese"),
            ("very long code", "too_long"),
        ]
    ),
]
BUS = [
    ("collision (bytes mangled when two talk)", "collide", 0.3),
    ("echo of own bytes", "echo", None),
    ("break", "break", 5),
    ("disconnected segment", "dead_segment", None),
    ("USB re-enumeration", "renumber", 5),
    ("noise", "noise", 0.02),
    ("lost bytes", "drop", 0.02),
    ("stray bytes", "stray", 0.02),
    ("baud mismatch of the whole pair", "wrong_baud", None),
]
ROWS = [*TABLE, *((driver, "", *row) for driver in PEERS for row in BUS)]
BRIEF = {"break", "renumber"}  # over by themselves, nobody clears them


def ids(row: tuple) -> str:
    return "-".join(str(word) for word in (row[0], row[1], row[3]) if word)


def on(bench, name: str) -> set[str]:
    seen = bench.look()[name]
    return {*seen["faults"], *seen["cable"]}


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_a_hand_switches_it_on_and_off(bench, clock, row):
    driver, far, _, fault, value = row
    options = {"far": far} if far else {}
    bench.attach(f"virtual://{driver}/x", "it", driver, 33, options, baud=9600, clock=clock)
    before = on(bench, "it")
    bench.act("it", "fault", {"fault": fault} | ({"value": value} if value is not None else {}))
    assert fault in on(bench, "it") - before or fault == "continues"  # which this printer does anyway
    if fault in BRIEF:
        clock.sleep(value + 0.1)
    else:
        bench.act("it", "clear", {"fault": fault})
    assert on(bench, "it") == before


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_a_url_switches_it_on(bench, clock, row):
    driver, far, _, fault, value = row
    more = (f":{value}" if value is not None else "") + (f"&far={far}" if far else "")
    line = SerialLine(f"virtual://{driver}/x?address=33&fault={fault}{more}", Settings(9600), clock)
    with suppress(LineLost) if fault in ("second_client", "renumber") else nullcontext():
        line.open()
    bench.look()
    (cable, peer) = bench.peers()[0]
    assert fault in {*peer.look()["faults"], *cable.faults()} or fault == "continues"


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_it_stands_on_the_bench_page(row):
    driver, far, _, fault, _ = row
    peer = PEERS[driver]("it", 33, {"far": far} if far else {})
    assert fault in {*peer.look()["offers"], *on_page()}


def on_page() -> set[str]:
    """What the page offers of every machine, whatever it says of itself."""
    source = (ROOT / "server/web/bench/flow.ts").read_text("utf-8")
    found = re.search(r"export const CABLE = \[(.*?)\]", source)
    assert found is not None
    return {*re.findall(r"'(\w+)'", found[1]), "unplug"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_on_the_page_has_a_name_and_an_explanation(lang):
    words = tomllib.loads((CONFIG / "text" / f"{lang}.toml").read_text("utf-8"))["bench"]
    offered = on_page()
    for driver, make in PEERS.items():
        for far in ("raw", "a090", "nibble", "led485", "yinda", "yongtai", "kuiwen", "ascii40"):
            seen = make("it", 33, {"far": far}).look()
            offered |= set(seen["offers"])
            assert set(seen.get("felt", ())) <= set(seen["offers"]), driver
    missing = {
        fault for fault in offered if not (words["fault"].get(fault) and words["fault_help"].get(fault))
    }
    assert not missing


def test_status_questions_are_found_inside_a_picture():
    """Section 8 "raster containing 10 04 04": no fault of the printer, every one of them does it."""
    assert tell(PEERS["escpos"]("p", 1, {}), golden("ep-realtime-in-raster")) != b""


# --- what the power does in the middle of a picture
def test_a_power_cut_in_the_middle_of_a_picture_is_no_good_slip(bench, clock, tmp_path):
    """The end of the slip falls into the dark."""
    lines = {"x": 'url = "virtual://one/p"\nbaud = 115200\n'}
    one = Rig(bench, clock, tmp_path, lines, [("it", "slip_80mm", "x", 0, "K1")])
    one.run(3)
    one.fault("it", "power_in_raster")
    dots = base64.b64encode(zlib.compress(b"\x55" * 40 * 300)).decode()
    picture = [{"text": "A001"}, {"image": dots, "width": 320}, {"text": "A001"}]
    one.host.submit({"id": "s1", "kind": "print_slip", "kiosk": "K1", "deadline_s": 60, "parts": picture})
    one.run_until(lambda: one.results("s1")[-1:] not in ([], [("sending", "")]), 60)
    assert one.results("s1")[-1][0] == "unsure"
    one.run(20)
    assert one.health("it")[-1] == ("ok", "")
    one.host.submit(
        {"id": "s2", "kind": "print_slip", "kiosk": "K1", "deadline_s": 60, "parts": [{"text": "A002"}]}
    )
    one.run(10)
    assert one.results("s2")[-1] == ("confirmed", "")
    assert one.far["it"].slips[-1].words() == ["A002"]


@pytest.mark.parametrize(
    ("baud", "width", "height", "quirk"),
    [
        (9600, 320, 120, None),
        (9600, 576, 64, "late"),
        (115200, 576, 500, None),
        (9600, 320, 120, "duplicate_status"),
        (115200, 576, 500, "duplicate_status"),
    ],
)
def test_nor_is_one_whose_end_comes_after_the_power_is_back(
    bench, clock, tmp_path, baud, width, height, quirk
):
    """The rest is printed and the end mark answered as if nothing had been."""
    lines = {"x": f'url = "virtual://one/p"\nbaud = {baud}\n'}
    one = Rig(bench, clock, tmp_path, lines, [("it", "slip_80mm", "x", 0, "K1")])
    one.run(3)
    if quirk:
        one.fault("it", quirk)
        one.run(10)
    dots = base64.b64encode(zlib.compress(b"\x55" * (width // 8) * height)).decode()
    parts = [{"text": "A001"}, {"image": dots, "width": width}, {"text": "A001"}]

    def result(slip: str) -> tuple[str, str]:
        job = {"id": slip, "kind": "print_slip", "kiosk": "K1", "deadline_s": 60, "parts": parts}
        one.host.submit(job)
        one.run_until(lambda: one.results(slip)[-1:] not in ([], [("sending", "")]), 90)
        return one.results(slip)[-1]

    assert result("whole") == ("confirmed", "")
    one.fault("it", "power_in_raster")
    assert result("cut") == ("unsure", "cut_off")
    assert "".join(one.far["it"].slips[-1].words()).endswith("A001"), "its end was printed"
    assert result("next") == ("confirmed", "")


def test_a_printer_that_never_answers_while_it_is_spoken_to_is_believed(bench, clock, tmp_path):
    one = Rig(bench, clock, tmp_path, {"x": 'url = "virtual://one/p"\n'}, [("it", "slip_80mm", "x", 0, "K1")])
    one.fault("it", "half_duplex")
    one.run(3)
    parts = [{"text": "政务服务" * 30}] * 4
    one.host.submit({"id": "s", "kind": "print_slip", "kiosk": "K1", "deadline_s": 60, "parts": parts})
    one.run_until(lambda: one.results("s")[-1:] not in ([], [("sending", "")]), 60)
    assert one.results("s")[-1] == ("confirmed", "")


# --- N8
N8_S = {"printer": 5.0}
FELT = [
    (driver, fault)
    for driver in MACHINES
    for fault in PEERS[driver]("it", 33, {"far": "nibble"}).look().get("felt", ())
]


@pytest.mark.parametrize(("driver", "fault"), FELT)
def test_staff_sees_it_in_time_and_sees_it_go(bench, clock, tmp_path, driver, fault):
    model, address, place, baud = MACHINES[driver]
    model = "frame_ruize" if driver == "led_frame" else model
    lines = {"x": f'url = "virtual://one/{driver}"\nbaud = {baud}\n'}
    one = Rig(bench, clock, tmp_path, lines, [("it", model, "x", address, place)])
    one.run(3)
    assert one.health("it")[-1] in (("ok", ""), ("unknown", ""))
    one.fault("it", fault)
    limit = N8_S.get(MODELS[driver][2], 10.0)
    assert one.run_until(lambda: one.health("it")[-1][0] in ("warn", "down")) <= limit
    one.act("it", "clear", fault=fault)
    assert one.run_until(lambda: one.health("it")[-1] == ("ok", ""), 40) <= 4 * limit


def test_the_faults_that_are_felt_are_of_every_family_that_answers():
    assert {driver for driver, _ in FELT} == {
        "escpos", "onbon_bxk", "pingan_lihe", "led_frame", "modbus_led", "keypad_polled", "idcard_sam",
    }  # fmt: skip
    assert load_profiles(Path(CONFIG / "profiles"), "led_frame")
