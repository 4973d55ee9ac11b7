"""Every decoder of drivers/protocol, and what must hold for any bytes at all. Hypothesis, the million bytes
and the fuzzer all ask `TARGETS`; a decoder that stands in no target fails tests/drivers/test_any_bytes.py.

sound: a message was really there. Said here from the receiver's side, byte by byte, without our encoders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from operator import xor
from typing import Any, Final

from drivers.protocol import (
    apertum,
    escpos,
    ff68,
    frame_template,
    id_record,
    modbus_led,
    onbon_bxk,
    pingan_lihe,
    polled,
    sam,
    scan_line,
)
from drivers.protocol.explain import READERS, Explainer
from drivers.protocol.probes import PROBES
from drivers.virtual import bxk as card
from drivers.virtual import modbus as display
from tests.drivers.vectors import drain, golden, names, piecewise

WRITTEN: Final = (b"A001\r\n", "号A2\r".encode(), "预约7\n".encode("gb18030"))
POLLED: Final = polled.form("02 53 {address} {state} {value} {sum} 03")
ACK, REFUSAL = (0xA0, 0x90, 1, 0xA5, 0xAA), (0xA0, 0x90, 1, 0xA5, 0x55)
PROTOCOLS: Final = {"escpos": "escpos", "onbon_bxk": "onbon-bxk", "keypad_ff68": "ff68-keypad"}
PATTERNS: Final = (ACK, REFUSAL, (6, None, 3))


@dataclass(frozen=True)
class Target:
    """check(data) raises AssertionError. functions: the decoders it asks. corpus: what a fuzzer begins with.

    checked: a checksum stands between noise and a message.
    """

    functions: tuple[Callable[..., Any], ...]
    check: Callable[[bytes], None]
    corpus: tuple[bytes, ...]
    decode: Callable[[bytes], tuple[Any, bytes]] | None = None
    checked: bool = False


def reader(
    function: Callable[..., Any],
    sound: Callable[[Any, bytes], bool],
    corpus: tuple[bytes, ...],
    *first: Any,
    checked: bool = False,
    eager: bool = False,
    after: Callable[[Any], Any] = repr,
) -> Target:
    """A decoder `(buffer) -> (message, rest)`. first: arguments before the buffer. after: what is asked of a
    message next, which must not fail either. eager: a whole frame inside one that is not whole yet is taken
    at once, so that noise which looks like a beginning delays nothing; where such bytes are cut then matters.
    """
    decode = partial(function, *first)

    def check(data: bytes) -> None:
        message, rest = decode(data)
        assert data.endswith(rest), rest
        assert message is None or len(rest) < len(data), "a message that took no byte comes again for ever"
        found = drain(decode, data)
        for one in found:
            assert sound(one, data), one
            after(one)
        if not eager:
            half = len(data) // 2
            assert piecewise(decode, (data[:half], data[half:])) == found
            if len(data) <= 400:
                assert piecewise(decode, (data[at : at + 1] for at in range(len(data)))) == found

    return Target((function,), check, corpus, decode, checked)


def _bxk_frames(data: bytes) -> list[bytes]:
    """The plain bytes of every frame in `data` whose escapes, length and CRC are right."""
    found = []
    for piece in data.split(b"\xa5")[1:]:
        if 0x5A not in piece:
            continue
        wire, plain = iter(piece[: piece.index(0x5A)]), bytearray()
        for byte in wire:
            plain.append(card.PAIRS.get((byte, next(wire, -1)), 0) if byte in (0xA6, 0x5B) else byte)
        if len(plain) >= 16 and card.crc(bytes(plain[:-2])) == plain[-2] + 256 * plain[-1]:
            found.append(bytes(plain))
    return found


def _bxk(packet: onbon_bxk.Packet, data: bytes) -> bool:
    return any(packet.data == plain[14:-2] for plain in _bxk_frames(data))


def _bxk_answer(answer: onbon_bxk.Answer, data: bytes) -> bool:
    said = bytes((answer.group, answer.command, answer.error))
    return any(
        plain[2:4] == answer.address.to_bytes(2, "little") and plain[14:17] == said
        for plain in _bxk_frames(data)
    )


def _pingan(frame: pingan_lihe.Frame, data: bytes) -> bool:
    body = bytes((len(frame.data) + 2, frame.command, frame.address)) + frame.data
    return b"\xa0" + body + bytes((sum(body) % 100, 0xFF)) in data


def _pingan_answer(answer: pingan_lihe.Receipt | pingan_lihe.Version, data: bytes) -> bool:
    return bytes((0x14 if isinstance(answer, pingan_lihe.Receipt) else 0x98, answer.address, 0x50)) in data


def _ff68(frame: ff68.Frame, data: bytes) -> bool:
    body = bytes((frame.address, frame.func)) + frame.data
    head = bytes((0xFF, 0x68, len(body), len(body), 0x68))
    return head + body + bytes((sum(body) % 256, 0x16)) in data


def _modbus(answer: modbus_led.Answer, data: bytes) -> bool:
    body = bytes((answer.unit, answer.function | (0x80 if answer.error else 0)))
    body += (
        bytes((answer.error,))
        if answer.error
        else answer.register.to_bytes(2, "big") + answer.told.to_bytes(2, "big")
    )
    return body + display.crc(body).to_bytes(2, "little") in data


def _polled(state: polled.State, data: bytes) -> bool:
    body = b"\x02\x53" + bytes((state.address,)) + state.state.encode("ascii") + b"%02d" % state.value
    return body + bytes((sum(body) % 256, 3)) in data


def _sam(answer: sam.Answer, data: bytes) -> bool:
    said, at = bytes((answer.status,)) + answer.data, -1
    while (at := data.find(said, at + 1)) >= 0:
        end = at + len(said)
        if at >= 4 and end < len(data) and reduce(xor, data[at - 4 : end]) == data[end]:
            return True
    return False


def _sam_after(answer: sam.Answer) -> None:
    record = sam.text_of(answer)
    repr((answer.word, sam.address_of(answer), sam.module_number(answer), record and id_record.parse(record)))


def _apertum(heard: apertum.Pressed | apertum.Clash, data: bytes) -> bool:
    if isinstance(heard, apertum.Pressed):
        return bytes((1, heard.address, 0x30 + heard.button, 7)) in data
    return True


def _scanned(heard: scan_line.Code | scan_line.Unreadable, data: bytes) -> bool:
    return isinstance(heard, scan_line.Unreadable) or any(
        heard.text.encode(charset, "replace") in data for charset in ("utf-8", "gb18030")
    )


def _escpos(heard: escpos.Heard, data: bytes) -> bool:
    if isinstance(heard, escpos.AutoStatus):
        return heard.raw in data
    if isinstance(heard, escpos.RealTime):
        return heard.value in data
    return (0x03 * heard.near_end | 0x0C * heard.end) in data


def _matched(index: int, data: bytes) -> bool:
    pattern = PATTERNS[index]
    return any(
        all(want in (None, have) for want, have in zip(pattern, data[at:], strict=False))
        for at in range(len(data) - len(pattern) + 1)
    )


def _explain(driver: str, data: bytes) -> None:
    for way in READERS[driver]:
        one = Explainer(driver)
        for at in range(0, len(data), 7):
            one.feed(way, data[at : at + 7])
        assert len(one._rest[way]) <= len(data)


def _judge(data: bytes) -> None:
    for probe in PROBES:
        probe.judge(data[1:], data[0] if data else 0)


def _record(data: bytes) -> None:
    found = id_record.parse((data[:256] + b" \0" * 128)[:256])
    assert found is None or found.kind, found


def said(protocol: str) -> tuple[bytes, ...]:
    return tuple(golden(name) for name in names(protocol))


TARGETS: Final[dict[str, Target]] = {
    "onbon_bxk": reader(onbon_bxk.decode, _bxk, said("onbon-bxk"), checked=True),
    "onbon_bxk answers": reader(
        onbon_bxk.decode_answer,
        _bxk_answer,
        said("onbon-bxk"),
        checked=True,
        after=lambda one: (one.ok, one.word),
    ),
    "pingan_lihe": reader(pingan_lihe.decode, _pingan, said("pingan-lihe"), checked=True, eager=True),
    "pingan_lihe answers": reader(
        pingan_lihe.decode_answer, _pingan_answer, said("pingan-lihe"), checked=True, eager=True
    ),
    "ff68": reader(ff68.decode, _ff68, said("ff68-keypad"), checked=True, after=ff68.meaning),
    "modbus_led": reader(
        modbus_led.decode,
        _modbus,
        said("modbus-led485"),
        checked=True,
        eager=True,
        after=lambda one: one.word,
    ),
    "polled": reader(
        polled.decode, _polled, (polled.encode(POLLED, 2, state="M", value=12),), POLLED, checked=True
    ),
    "sam": reader(sam.decode, _sam, said("sam-idcard"), checked=True, after=_sam_after),
    "apertum": reader(apertum.decode, _apertum, said("apertum-rs485")),
    "scan_line": reader(
        scan_line.decode, _scanned, (b"A001\r\n", "号A2\r".encode(), "预约7\n".encode("gb18030"))
    ),
    "escpos": reader(escpos.decode, _escpos, said("escpos"), after=lambda one: getattr(one, "status", one)),
    "escpos presenter": reader(
        escpos.decode_presenter, lambda one, data: one.raw in data, (golden("ep-gse-st-08"),)
    ),
    "escpos job": reader(
        escpos.decode_job_state, lambda one, data: one in data, (golden("ep-dle-ack-1-08"),)
    ),
    "escpos full status": reader(
        escpos.decode_full_status,
        lambda _, data: b"\x10\x0f" in data,
        (golden("ep-full-status-ok"),),
        after=lambda one: (one.trouble, one.near_end),
    ),
    "led_frame answers": reader(
        lambda buffer: frame_template.find(buffer, PATTERNS), _matched, (golden("a090-ack"), b"\x06\x05\x03")
    ),
    **{
        f"explain {driver}": Target((), partial(_explain, driver), said(protocol))
        for driver, protocol in (
            ("escpos", "escpos"),
            ("onbon_bxk", "onbon-bxk"),
            ("keypad_ff68", "ff68-keypad"),
        )
    },
    "probes": Target((), _judge, (b"\x01" + golden("bxk-ack"), b"\x01" + golden("mb-value-123"))),
    "id_record": Target((id_record.parse,), _record, (golden("sam-read-mainland")[14 : 14 + 256],)),
}
