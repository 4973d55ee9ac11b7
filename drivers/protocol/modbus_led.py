"""Number displays on Modbus RTU ("LED-485", three to eight seven-segment digits): what they are told and what
they answer. 9600 8N1, half duplex, unit 1..247, at least 3.5 characters of silence between two frames.

    06  0000  signed integer to show            06  0004  position of the decimal point
    06  0002  unit address                      06  0003  baud code 1 = 1200 … 8 = 115200
    10  0070  ASCII text, two characters per register, the high byte first

A write is answered by its own head, a refusal by the function with bit 7 and one exception code. Nothing in
an answer says which of two equal writes it belongs to: Modbus RTU has no sequence number.

Frames and CRC are pymodbus' (PDU classes and RTU framer); its client would open the port itself, and ours
belongs to the line's thread. Its framer gives a whole buffer up after one bad byte, so looking for a frame
among noise is done here.

Source: register map github sman-dk/LED-485_setuptool and a public armfly Lua script (two sources agree);
frames compared with bytes produced by pymodbus 3.16.1. Which letters a display can draw, and whether the
registers can be read back, is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
)

from drivers.protocol.errors import EncodeError

VALUE, UNIT, BAUD, POINT, TEXT = 0x00, 0x02, 0x03, 0x04, 0x70
WRITE_ONE, WRITE_MANY, REFUSED = 0x06, 0x10, 0x80
EVERYBODY: Final = 0
BAUDS: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
#: length of an answer by its function; every other function is nobody's answer to us
LENGTHS: Final = {WRITE_ONE: 8, WRITE_MANY: 8, REFUSED | WRITE_ONE: 5, REFUSED | WRITE_MANY: 5}
SHORTEST: Final = 5
#: exception code -> word; 5 and 6 mean "not now"
EXCEPTIONS: Final = {
    1: "wrong function",
    2: "wrong register",
    3: "wrong value",
    4: "device failure",
    5: "accepted, still at work",
    6: "busy",
}
_ANSWERS: Final = FramerRTU(DecodePDU(is_server=False))


@dataclass(frozen=True)
class Answer:
    """What a display said. function 6 or 16; register and told repeat the request (16: told is the count).

    error: exception code, 0 when it was done; then register and told are 0.
    """

    unit: int
    function: int
    register: int = 0
    told: int = 0
    error: int = 0

    @property
    def word(self) -> str:
        return EXCEPTIONS.get(self.error, f"exception {self.error}") if self.error else "ok"


def write(unit: int, register: int, value: int) -> bytes:
    """Set one register. value: -32768..65535; a negative one goes as two's complement. Raises EncodeError."""
    if not -0x8000 <= value <= 0xFFFF:
        raise EncodeError(f"value {value} does not fit a register")
    _check(unit, register)
    request = WriteSingleRegisterRequest(dev_id=unit, address=register, registers=[value & 0xFFFF])
    return _frame(request)


def text(unit: int, words: str) -> bytes:
    """Show up to eight ASCII characters; an odd one is followed by a blank. Raises EncodeError."""
    if not words.isascii() or not words.isprintable() or not 1 <= len(words) <= 8:
        raise EncodeError(f"{words!r} is not 1..8 printable ASCII characters")
    _check(unit, TEXT)
    raw = words.encode("ascii") + b" " * (len(words) % 2)
    registers = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
    return _frame(WriteMultipleRegistersRequest(dev_id=unit, address=TEXT, registers=registers))


def number(unit: int, value: int) -> bytes:
    """Show a signed integer, -32768..32767. Raises EncodeError."""
    if not -0x8000 <= value <= 0x7FFF:
        raise EncodeError(f"{value} is not in -32768..32767")
    return write(unit, VALUE, value)


def point(unit: int, position: int) -> bytes:
    """Where the decimal point stands, 0 for none."""
    return write(unit, POINT, position)


def move(unit: int | None, to: int) -> bytes:
    """Give the display another address. None: whoever hears it, for unit 0 is everybody, obeys and does not
    answer (rule of Modbus; of these displays unverified). Raises EncodeError.
    """
    _check(to, UNIT)
    if unit is None:
        return _frame(WriteSingleRegisterRequest(dev_id=EVERYBODY, address=UNIT, registers=[to]))
    return write(unit, UNIT, to)


def read(unit: int, count: int = 1) -> bytes:
    """Ask for `count` registers from 0 on (function 03). Whether a display can be read is not known, but an
    exception is a sign of life too. Raises EncodeError."""
    _check(unit, VALUE)
    return _frame(ReadHoldingRegistersRequest(dev_id=unit, address=VALUE, count=count))


def set_baud(unit: int, baud: int) -> bytes:
    """Raises EncodeError for a rate the display does not know."""
    if baud not in BAUDS:
        raise EncodeError(f"{baud} is not one of {', '.join(map(str, BAUDS))}")
    return write(unit, BAUD, BAUDS.index(baud) + 1)


def expected(frame: bytes) -> Answer:
    """The good answer to a request made here: its unit, function, register and value or count."""
    return Answer(frame[0], frame[1], int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big"))


def decode(buffer: bytes) -> tuple[Answer | None, bytes]:
    """Take one answer off the front of `buffer`: (answer, what is left).

    (None, rest) means "read more". Noise and frames with a wrong CRC are dropped byte by byte.
    """
    for start in range(len(buffer)):
        size = LENGTHS.get(buffer[start + 1], 0) if start + 1 < len(buffer) else SHORTEST
        if not size or not buffer[start]:
            continue
        piece = buffer[start : start + size]
        if len(piece) < size:
            if any(whole(buffer[at:]) for at in range(start + 1, len(buffer))):
                continue  # a frame that is there already counts more than one that may still become one
            return None, buffer[start:]
        answer = whole(piece)
        if answer:
            return answer, buffer[start + size :]
    return None, b""


def whole(buffer: bytes) -> Answer | None:
    """The answer `buffer` begins with, if it is there to its last byte and its CRC is right."""
    size = LENGTHS.get(buffer[1], 0) if len(buffer) >= SHORTEST else 0
    if not size or len(buffer) < size or not buffer[0]:
        return None
    used, unit, _, body = _ANSWERS.decode(buffer[:size])
    pdu = _ANSWERS.decoder.decode(body) if used == size and body else None
    if isinstance(pdu, ExceptionResponse):
        code = pdu.exception_code
        return Answer(unit, pdu.function_code & ~REFUSED, error=code) if code else None
    if isinstance(pdu, WriteMultipleRegistersResponse):
        return Answer(unit, WRITE_MANY, pdu.address, pdu.count)
    return Answer(unit, WRITE_ONE, pdu.address, pdu.registers[0]) if pdu else None


def _frame(request: ModbusPDU) -> bytes:
    return _ANSWERS.buildFrame(request)


def _check(unit: int, register: int) -> None:
    if not 1 <= unit <= 247:
        raise EncodeError(f"unit {unit} is not in 1..247")
    if not 0 <= register <= 0xFFFF:
        raise EncodeError(f"register {register} is not in 0..65535")
