"""All 64 golden ESC/POS vectors, each in the direction it goes: our encoders make them, the far end takes
every one that is for a printer, our readers understand every answer.
"""

from __future__ import annotations

import pytest

from drivers.protocol import charset, escpos
from drivers.protocol.errors import EncodeError
from drivers.protocol.escpos import AutoStatus, Marked, Presenter, RealTime, Status
from drivers.virtual.medium import HOST
from tests.drivers.vectors import VECTORS, drain, golden, names

DOTS = [b"\x88\x88", b"\x44\x44", b"\x22\x22", b"\x11\x11"]
MADE = {
    "ep-fs-size": escpos.hanzi_style(wide=True, high=True),
    "ep-fs-underline-dh": escpos.hanzi_style(high=True, underline=True),
    "ep-beep": escpos.beep(2, 4),
    "ep-code128": escpos.align("center") + escpos.code128("A001"),
    "ep-graphics": escpos.graphics(DOTS),
    "ep-asb-on": escpos.AUTO_STATUS_ON,
    "ep-gse-eject": escpos.EJECT,
    "ep-gse-present": escpos.present(12),
    "ep-gse-retract": escpos.RETRACT,
    "ep-gse-status": escpos.PRESENTER_STATUS,
    "ep-full-status": escpos.FULL_STATUS,
    "ep-dle-ack-1": escpos.JOB_STATE,
    "ep-kp628-cn": escpos.INIT + escpos.CHINESE_ON + charset.encode("爱上自己", "gb2312") + b"\r\n",
    "ep-cn-line": b"\x1bt\x00" + escpos.CHINESE_ON + charset.encode("无差别综合受理", "gb2312") + b"\n",
    "ep-realtime-in-raster": escpos.raster([b"\x10\x04\x04"]),
}
TO_PRINTER = names("escpos", "host->printer")
ANSWERS = {
    "ep-st1-12": Status(printer=0x12),
    "ep-st1-16": Status(printer=0x16),
    "ep-st1-1a": Status(printer=0x1A),
    "ep-st1-1e": Status(printer=0x1E),
    "ep-st2-12": Status(offline=0x12),
    "ep-st2-16": Status(offline=0x16),
    "ep-st2-32": Status(offline=0x32),
    "ep-st2-1a": Status(offline=0x1A),
    "ep-st3-12": Status(error=0x12),
    "ep-st3-1a": Status(error=0x1A),
    "ep-st4-12": Status(paper=0x12),
    "ep-st4-1e": Status(paper=0x1E),
    "ep-st4-72": Status(paper=0x72),
    "ep-p801-st2-near-end": Status(offline=0x32, paper=0x1E),
}
MEANS = {
    "ep-st1-1a": "offline",
    "ep-st1-1e": "offline",
    "ep-st2-16": "cover_open",
    "ep-st2-32": "paper_out",
    "ep-st3-1a": "cutter",
    "ep-st4-72": "paper_out",
}
AUTO = {"ep-asb-ok": "", "ep-asb-paper-out": "paper_out", "ep-asb-cutter": "cutter", "ep-asb-near-end": ""}
ENDS = {
    "ep-gsr-00": (False, False),
    "ep-gsr-03": (True, False),
    "ep-gsr-0c": (False, True),
    "ep-gsr-0f": (True, True),
}
OTHER_ANSWERS = {"ep-gse-st-08", "ep-full-status-ok", "ep-dle-ack-1-08"}


def test_no_answer_is_left_out():
    assert {*ANSWERS, *AUTO, *ENDS, *OTHER_ANSWERS} == set(names("escpos", "printer->host"))
    assert len(TO_PRINTER) + len(names("escpos", "printer->host")) == 64


@pytest.mark.parametrize("name", MADE)
def test_encode_equals_the_golden_bytes(name):
    assert MADE[name].hex(" ") == golden(name).hex(" ")


@pytest.mark.parametrize("name", TO_PRINTER)
def test_the_far_end_takes_every_golden_command(plug, name, clock):
    """Whole, and byte by byte from behind something else; nothing is rejected, nothing but text is
    printed."""
    _, (far,) = plug("virtual://escpos/v?baud=0&presenter=yes")
    for data in (golden(name), b"A\n" + golden(name)):
        far._cable.say(HOST, data, clock.now())
        clock.sleep(2)
        far._cable.advance(clock.now())
    assert far.rejects == 0
    assert not far._buffer
    asked = VECTORS[name]
    if name.startswith(
        ("ep-dle-eot", "ep-gs-r", "ep-gse-status", "ep-full-status", "ep-dle-ack", "ep-asb-on")
    ):
        assert far._cable.to_host, asked["meaning"]


@pytest.mark.parametrize("name", ANSWERS)
def test_real_time_answers(name):
    assert drain(escpos.decode, golden(name)) == [RealTime(golden(name)[0])]
    assert ANSWERS[name].trouble == MEANS.get(name, "")


@pytest.mark.parametrize("name", AUTO)
def test_automatic_status_says_what_the_questions_would(name):
    (heard,) = drain(escpos.decode, golden(name))
    assert isinstance(heard, AutoStatus)
    assert heard.status.trouble == AUTO[name]
    assert heard.status.whole
    assert heard.status.near_end == (name == "ep-asb-near-end")


@pytest.mark.parametrize("name", ENDS)
def test_end_marks(name):
    assert drain(escpos.decode, golden(name)) == [Marked(*ENDS[name])]


def test_the_presenters_byte():
    assert escpos.decode_presenter(golden("ep-gse-st-08")) == (Presenter(0x08), b"")
    assert Presenter(0x08).waiting
    assert not Presenter(0x08).jam
    assert Presenter(0x80).jam
    assert escpos.decode_presenter(b"\x11\x13") == (None, b"")


def test_the_state_of_the_job():
    assert escpos.decode_job_state(golden("ep-dle-ack-1-08")) == (escpos.JOB_CUT, b"")
    assert escpos.decode_job_state(b"\x12\x00") == (None, b"")


def test_the_full_status():
    status, rest = escpos.decode_full_status(b"\x00" + golden("ep-full-status-ok") + b"\x12")
    assert status is not None
    assert (status.trouble, status.near_end, rest) == ("", False, b"\x12")
    for at, byte, trouble in (
        (2, 0x01, "paper_out"),
        (3, 0x01, "cover_open"),
        (4, 0x40, "jam"),
        (5, 0x01, "cutter"),
    ):
        answer = bytearray(golden("ep-full-status-ok"))
        answer[at] = byte
        found, _ = escpos.decode_full_status(bytes(answer))
        assert found is not None
        assert found.trouble == trouble
    assert escpos.decode_full_status(golden("ep-full-status-ok")[:5])[0] is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: escpos.beep(0, 1),
        lambda: escpos.code128("号"),
        lambda: escpos.code128("A", height=0),
        lambda: escpos.present(0),
        lambda: escpos.qr_gs_k97(b""),
        lambda: escpos.graphics([b"a", b"ab"]),
    ],
)
def test_what_no_printer_can_do_is_refused(make):
    with pytest.raises(EncodeError):
        make()
