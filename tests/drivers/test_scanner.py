"""Scanners that speak first: one code held before one is one event."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.jobs import ShowCounts
from drivers.line.record import Record
from drivers.protocol import scan_line
from drivers.protocol.scan_line import Code, Unreadable
from drivers.reader.scanner import CodeFailed, CodeScanned, Profile, Scanner
from drivers.virtual.scanner import FAULTS
from tests.drivers.vectors import drain, piecewise

CODE = "http://hall:8600/b/abcDEF_-0123456789abcd"


# --- lines
@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n"])
def test_every_end_is_one_end(end):
    assert drain(scan_line.decode, b"12345678" + end + CODE.encode() + end) == [Code("12345678"), Code(CODE)]


def test_split_at_every_byte():
    whole = b"12345678\r\n" + CODE.encode() + b"\r\n"
    for at in range(1, len(whole)):
        assert piecewise(scan_line.decode, [whole[:at], whole[at:]]) == [Code("12345678"), Code(CODE)]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("预约码".encode("gb18030"), Code("预约码")),
        ("预约码".encode(), Code("预约码")),
        (b" 12345678 ", Code("12345678")),
        (b"12\x0034", Unreadable("not_text")),
        (b"\xff\xff\xff", Unreadable("not_text")),
        (b"   ", Unreadable("not_text")),
        (b"1" * 400, Code("1" * 400)),
        (b"1" * 401, Unreadable("too_long")),
    ],
)
def test_what_a_line_says(line, read):
    assert drain(scan_line.decode, line + b"\r") == [read]


def test_a_very_long_line_takes_no_room_and_the_next_one_is_read():
    found, buffer = [], b""
    for _ in range(1000):
        message, buffer = scan_line.decode(buffer + b"x" * 100)
        assert message is None
        assert len(buffer) <= 401
    assert drain(scan_line.decode, buffer + b"\r\n12345678\r\n") == [Unreadable("too_long"), Code("12345678")]
    assert found == []


@given(st.binary(max_size=1000), st.integers(1, 64))
def test_random_bytes_never_crash_and_codes_are_printable(noise, step):
    pieces = [noise[at : at + step] for at in range(0, len(noise), step)]
    for found in piecewise(scan_line.decode, pieces):
        assert isinstance(found, Unreadable) or (found.text.isprintable() and found.text)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300))
def test_every_ascii_code_is_read_as_it_is(text):
    assert drain(scan_line.decode, text.encode() + b"\r\n") == [Code(text)]


def test_a_repr_tells_no_link():
    assert repr(Code(CODE)) == "Code()"
    assert repr(CodeScanned("scanner-K1", CODE)) == "CodeScanned(device='scanner-K1')"


# --- the scanner
class Desk:
    def __init__(self, plug, bench, clock, url="virtual://scanner/s", profile=None):
        self.bench, self.clock = bench, clock
        self.line, (self.far,) = plug(url)
        self.line.record = Record(discreet=True)
        self.scanner = Scanner("scanner-K1", self.line, 1, profile)

    def act(self, act, **facts):
        self.bench.act(self.far.name, act, facts)

    def scan(self, code=CODE):
        self.act("scan", code=code)

    def see(self, seconds=1.0):
        events, until = [], self.clock.now() + seconds
        while self.clock.now() < until:
            events += self.scanner.listen(0.05)
        return events


@pytest.fixture
def desk(plug, bench, clock):
    return Desk(plug, bench, clock)


SCANNED = [CodeScanned("scanner-K1", CODE)]


def test_a_scan_is_one_event(desk):
    assert desk.scanner.check().state == "unknown"
    desk.scan()
    assert desk.see() == SCANNED
    assert desk.scanner.check().state == "ok"
    assert desk.scanner.perform(ShowCounts("1", "W01", 1)).state == "failed"


@pytest.mark.parametrize("suffix", ["cr", "lf", "crlf", "none"])
def test_suffixes(plug, bench, clock, suffix):
    desk = Desk(plug, bench, clock, f"virtual://scanner/{suffix}?suffix={suffix}")
    desk.scan()
    assert desk.see() == SCANNED


def test_the_same_code_within_two_seconds_counts_once(desk):
    desk.scan()
    first = desk.see(0.8)
    desk.scan()
    assert first + desk.see() == SCANNED
    desk.see(2)
    desk.scan()
    assert desk.see() == SCANNED
    desk.scan("12345678")
    assert desk.see() == [CodeScanned("scanner-K1", "12345678")]


def test_fault_duplicate(desk):
    desk.act("fault", fault="duplicate")
    desk.scan()
    assert desk.see(2) == SCANNED


def test_fault_other_suffix(desk):
    desk.act("fault", fault="other_suffix")
    desk.scan()
    assert desk.see() == SCANNED


def test_fault_partial_is_half_a_code_or_none_and_never_joins_the_next(desk, plug, bench, clock):
    desk.act("fault", fault="partial", value=1)
    desk.scan()
    assert desk.see() == [CodeScanned("scanner-K1", CODE[: len(CODE) // 2])]
    desk.scan()
    assert desk.see() == SCANNED
    strict = Desk(plug, bench, clock, "virtual://scanner/strict", Profile(silence_ends=False))
    strict.act("fault", fault="partial", value=1)
    strict.scan()
    assert strict.see() == []
    strict.scan()
    assert strict.see() == SCANNED


def test_half_a_code_whose_rest_nobody_had_the_time_to_read_is_no_code(plug, bench, clock):
    desk = Desk(plug, bench, clock, "virtual://scanner/busy?suffix=none")
    cable = bench.peers()[0][0]
    desk.scan()
    assert desk.line.receive(scan_line.decode, 10.5 * cable.byte_time) is None
    clock.sleep(1.0)
    assert desk.line.left_over(scan_line.QUIET_S) == b""
    assert desk.see() == SCANNED


def test_fault_chinese(desk):
    desk.act("fault", fault="chinese")
    desk.scan()
    assert desk.see() == [CodeScanned("scanner-K1", "预约码" + CODE)]


def test_fault_too_long(desk):
    desk.act("fault", fault="too_long", value=1)
    desk.scan()
    assert desk.see(4) == [CodeFailed("scanner-K1", "too_long")]
    desk.scan()
    assert desk.see() == SCANNED


def test_fault_silent(desk):
    desk.act("fault", fault="silent")
    desk.scan()
    assert desk.see() == []


def test_pulled_out_in_the_middle(desk):
    desk.scan()
    desk.scanner.listen(0.01)
    desk.act("unplug")
    with pytest.raises(Exception, match="pulled"):
        desk.see()
    desk.act("replug")
    desk.line.open()
    desk.scan()
    assert desk.see() == SCANNED


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_fault_can_be_switched_on_and_off(desk, fault):
    desk.act("fault", fault=fault)
    assert desk.far.look()["faults"] == [fault]
    desk.act("clear", fault=fault)
    assert desk.far.look()["faults"] == []


def test_a_url_switches_faults_on(plug, bench, clock):
    desk = Desk(plug, bench, clock, "virtual://scanner/f?fault=chinese")
    desk.scan("1")
    assert desk.see() == [CodeScanned("scanner-K1", "预约码1")]


def test_the_record_holds_no_code(desk):
    desk.scan()
    assert desk.see() == SCANNED
    record = "\n".join(desk.line.record.lines())
    assert sum(p.size for p in desk.line.record.since(0) if p.way == "<") == len(CODE) + 2
    assert CODE.encode().hex(" ")[:23] not in record
