"""One line: a serial port, a TCP socket or a virtual cable, all behind a pyserial URL.

    /dev/serial/by-id/usb-…   socket://10.0.0.8:9100   rfc2217://…   virtual://…

Every read and write has a deadline. Trouble of any kind becomes LineLost, after which the line is closed:
an unplugged adapter raises SerialException, OSError or, from tcdrain, termios.error, which is no OSError.
`flush()` is never called: it can block for ever. Opening again, with back-off, is the host's business.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import termios
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NoReturn, TypeVar

import serial

from drivers.errors import LineForbidden, LineLost, LineTaken
from drivers.line.clock import Clock
from drivers.line.record import Record

log = logging.getLogger(__name__)
T = TypeVar("T")
TROUBLE: Final = (serial.SerialException, OSError, termios.error, ValueError)
CHUNK: Final = 256
LONGEST_INPUT: Final = 8192
TALKING_S: Final = 0.05
ECHO_S: Final = 0.3  # our own bytes are back so soon after the last one left, or lost

if "drivers.virtual" not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append("drivers.virtual")


@dataclass(frozen=True)
class Settings:
    """baud: bits per second. parity: N, E or O. flow: none, hardware (RTS/CTS, DTR/DSR) or xonxoff.

    bits: 7 or 8 of a character; stop: 1 or 2 bits behind it.

    echo: the converter gives back our own bytes, so take them out again. A real port's setting: a hall finds
    out once, by the record of its line, whether its converter does so.
    """

    baud: int = 9600
    parity: str = "N"
    flow: str = "none"
    echo: bool = False
    bits: int = 8
    stop: int = 1

    @property
    def frame_bits(self) -> int:
        """Bits on the wire per character, the start bit among them."""
        return 1 + self.bits + (self.parity != "N") + self.stop


#: errno of an open that failed -> what it means
WHY: Final[dict[int | None, type[LineLost]]] = {
    errno.EACCES: LineForbidden,
    errno.EPERM: LineForbidden,
    errno.EBUSY: LineTaken,
    errno.EWOULDBLOCK: LineTaken,
}


class SerialLine:
    """Not for several threads at once: one thread owns a line."""

    def __init__(
        self,
        url: str,
        settings: Settings | None = None,
        clock: Clock | None = None,
        record: Record | None = None,
    ) -> None:
        self.url = url
        self.settings = settings or Settings()
        self.clock = clock or Clock()
        self.record = record or Record()
        self.opens = 0  # how often it was opened
        self._port: serial.SerialBase | None = None
        self._input = b""
        self._echoes: deque[bytes] = deque()  # what was sent and has not come back yet, send by send
        self._echoed = 0  # bytes of the first of them that have come back
        self._overheard: bytearray | None = None
        self._sent_until = 0.0
        self._heard_at = 0.0
        self.resting = False  # nobody is asked, one only listens
        self._woken = False

    @property
    def is_open(self) -> bool:
        return self._port is not None

    @property
    def there(self) -> bool:
        """Could it be opened? False only for a device node that is not there: an adapter that is pulled."""
        return not self.url.startswith("/") or os.path.exists(self.url)

    @property
    def wakes(self) -> bool:
        """Does `wake` end a `read` that waits?"""
        return hasattr(self._port, "cancel_read")

    def wake(self) -> None:
        """From another thread: end the `receive` of who is `resting`, at once where `wakes`."""
        self._woken = True
        cancel = getattr(self._port, "cancel_read", None)
        if cancel is not None:
            with contextlib.suppress(*TROUBLE, TypeError):  # it may be closed at this very moment
                cancel()

    def wire_time(self, count: int) -> float:
        """Seconds that `count` bytes take on the wire; none to speak of on a socket."""
        return (
            0.0 if self.url.startswith("socket:") else self.settings.frame_bits * count / self.settings.baud
        )

    def open(self) -> None:
        """Raises LineLost. Does nothing when it is open."""
        if self._port is not None:
            return
        self._input = b""
        self._echoes.clear()
        self._echoed = 0
        flow, wanted = self.settings.flow, {}
        if "://" not in self.url:
            wanted["exclusive"] = True
        try:
            self._port = serial.serial_for_url(
                self.url,
                baudrate=self.settings.baud,
                parity=self.settings.parity,
                bytesize=self.settings.bits,
                stopbits=self.settings.stop,
                timeout=0,
                write_timeout=2.0,
                xonxoff=flow == "xonxoff",
                rtscts=flow == "hardware",
                **wanted,
            )
        except TROUBLE as error:
            why = WHY.get(getattr(error, "errno", None), LineLost)
            raise why(f"{self.url}: {error}") from error
        if hasattr(self._port, "use_clock"):
            self._port.use_clock(self.clock)
        self.opens += 1
        self.record.note(self.clock.now(), f"open {self.url} {self.settings.baud}")

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(*TROUBLE):
                port.close()

    def send(self, data: bytes) -> None:
        """Hand `data` to the wire. Raises LineLost; then part of it may have gone out."""
        port = self._opened()
        began = max(self.clock.now(), self._sent_until)
        self._sent_until = began + self.wire_time(len(data))
        self.record.add(self.clock.now(), ">", data)
        try:
            for at in range(0, len(data), CHUNK):
                chunk = data[at : at + CHUNK]
                port.write_timeout = 2.0 + self.wire_time(len(chunk))
                port.write(chunk)
            if self.settings.echo and data:
                self._echoes.append(data)
        except TROUBLE as error:
            self._lost(error)

    def quiet_at(self) -> float:
        """When the last byte sent has left the wire, in clock seconds."""
        return self._sent_until

    def read(self, timeout: float) -> bytes:
        """Whatever comes first within `timeout` seconds, or b"". Raises LineLost."""
        port = self._opened()
        try:
            port.timeout = max(0.0, timeout)
            data: bytes = port.read(max(1, min(port.in_waiting, LONGEST_INPUT)))
            more = port.in_waiting if data else 0
            if more:
                data += port.read(min(more, LONGEST_INPUT))
        except TROUBLE as error:
            self._lost(error)
        if data:
            self._heard_at = self.clock.now()
        self.record.add(self._heard_at, "<", data)
        if self._echoes:
            data = self._without_echo(data)
        if self._overheard is not None:
            self._overheard += data
        return data

    def receive(self, decode: Callable[[bytes], tuple[T | None, bytes]], patience: float) -> T | None:
        """The next whole message within `patience` seconds after our last byte left, or None.

        Raises LineLost.
        """
        until = max(self.clock.now(), self._sent_until) + patience
        while True:
            message, self._input = decode(self._input)
            if message is not None:
                return message
            left = until - self.clock.now()
            if self._woken and self.resting:
                left = 0.0
            data = self.read(max(0.0, left))
            if not data and (left <= 0 or (self._woken and self.resting)):
                self._woken = False
                return None
            self._input = (self._input + data)[-LONGEST_INPUT:]

    def left_over(self, quiet_s: float) -> bytes:
        """What `receive` has not understood, taken away once nothing has come for `quiet_s` seconds."""
        if not self._input or self.clock.now() - self._heard_at < quiet_s or self._unread():
            return b""
        rest, self._input = self._input, b""
        return rest

    def look(self) -> None:
        """Is the port still there? Costs nothing on the wire. Raises LineLost."""
        self._unread()

    def _unread(self) -> int:
        port = self._opened()
        try:
            return int(port.in_waiting)
        except TROUBLE as error:
            self._lost(error)

    def drain(self) -> None:
        """Forget what came in unasked. Raises LineLost."""
        self._input = b""
        for _ in range(16):  # a babbling line must not hold us here
            if not self.read(0):
                break

    def forget_unfinished(self) -> None:
        """Drop a message that began and then stopped: silence ends a frame where no checksum does."""
        if not self.mid_message:
            self.forget()

    def forget(self) -> None:
        """Drop what was read and not yet understood."""
        self._input = b""

    @contextlib.contextmanager
    def overhearing(self) -> Iterator[bytearray]:
        """Keeps every byte that comes in meanwhile: what one driver skips may be for another."""
        outer, heard = self._overheard, bytearray()
        self._overheard = heard
        try:
            yield heard
        finally:
            self._overheard = outer
            if outer is not None:
                outer += heard

    @property
    def mid_message(self) -> bool:
        """Is a message half received just now? Then somebody else is talking. Raises LineLost.

        A stray byte does not count for long, unless more has come since that nobody had the time to read.
        """
        return bool(self._input) and (self.clock.now() - self._heard_at < TALKING_S or self._unread() > 0)

    def _opened(self) -> serial.SerialBase:
        if self._port is None:
            raise LineLost(f"{self.url}: not open")
        return self._port

    def _lost(self, error: BaseException) -> NoReturn:
        self.record.note(self.clock.now(), f"lost: {error}")
        self.close()
        raise LineLost(f"{self.url}: {error}") from error

    def _without_echo(self, data: bytes) -> bytes:
        """`data` without what we sent ourselves. Bytes before the echo pass; once it has begun as many bytes
        go as were sent, whatever they are, for while we talk nobody else can be understood.
        """
        if not data and self.clock.now() > self._sent_until + ECHO_S:
            self._echoes.clear()  # what is not here by now was lost
            self._echoed = 0
        other = bytearray()
        for byte in data:
            if not self._echoes:
                other.append(byte)
                continue
            mine = self._echoes[0]
            if self._echoed or byte == mine[0]:
                self._echoed += 1
            elif other and bytes((other[-1], byte)) == mine[1:3]:
                self._echoed = 3  # its first byte was spoilt
                other.append(byte)
            else:
                other.append(byte)
            if self._echoed >= len(mine):
                self._echoes.popleft()
                self._echoed = 0
        return bytes(other)
