"""pyserial's `virtual://` URLs: the same SerialLine, with a far end that is not there.

    virtual://strips/A                  the cable of that name on the bench, with whatever is attached to it
    virtual://onbon_bxk/x?address=1,2   makes the cable and its far ends when nobody did before
    virtual://dev/ttyV0                 the cable whose adapter has that node name just now
    …&baud=0                            no pacing: for tests that measure nothing
    …&fault=echo,late_ack:0.9           with these faults switched on, each perhaps with a value

pyserial looks this module up by its name (`serial.protocol_handler_packages`), so it is the second and last
place that knows pyserial.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from serial.serialutil import PortNotOpenError, SerialBase, SerialException, SerialTimeoutException

from drivers.line.clock import Clock
from drivers.virtual.bench import BENCH
from drivers.virtual.medium import HOST, Medium

BUFFER = 4096  # bytes an adapter takes before write() has to wait


class Serial(SerialBase):  # type: ignore[misc]
    """One end of a virtual cable."""

    def open(self) -> None:
        if self.is_open:
            raise SerialException("already open")
        address = urlsplit(self.port)
        options = {key: values[-1] for key, values in parse_qs(address.query).items()}
        try:
            self._cable: Medium = BENCH.cable_for(address.netloc + address.path, options)
        except ValueError as error:
            raise SerialException(f"no such port: {self.port}: {error}") from error
        with self._cable.changed:
            self._cable.advance(self._cable.clock.now())
            if self._cable.unplugged:
                raise SerialException(f"no such port: {self.port}")
            self._cable.to_host.clear()
            self._plugged = self._cable.plugs
        self.is_open = True

    def use_clock(self, clock: Clock) -> None:
        """The line's clock is the cable's clock: bytes and patience must agree on the time."""
        self._cable.clock = clock

    def close(self) -> None:
        self.is_open = False

    def from_url(self, url: str) -> str:
        return url

    def _reconfigure_port(self) -> None:
        """Nothing to set on a cable that is not there; the far end's baud is its own."""

    @property
    def in_waiting(self) -> int:
        with self._present() as cable:
            return len(cable.to_host)

    def read(self, size: int = 1) -> bytes:
        cable = self._cable_or_raise()
        with cable.changed:
            until = None if self._timeout is None else cable.clock.now() + self._timeout
            while True:
                cable.advance(cable.clock.now())
                self._cable_or_raise()
                if len(cable.to_host) >= size or (until is not None and cable.clock.now() >= until):
                    data = bytes(cable.to_host[:size])
                    del cable.to_host[:size]
                    return data
                self._wait(cable, until)

    def write(self, data: bytes) -> int:
        cable = self._cable_or_raise()
        with cable.changed:
            until = None if self._write_timeout is None else cable.clock.now() + self._write_timeout
            while True:
                cable.advance(cable.clock.now())
                self._cable_or_raise()
                if cable.backlog() + len(data) <= BUFFER:
                    cable.say(HOST, bytes(data), cable.clock.now())
                    return len(data)
                if until is not None and cable.clock.now() >= until:
                    raise SerialTimeoutException("Write timeout")
                self._wait(cable, until)

    def reset_input_buffer(self) -> None:
        with self._present() as cable:
            cable.to_host.clear()

    def reset_output_buffer(self) -> None:
        with self._present() as cable:
            cable.hush(HOST)

    def _wait(self, cable: Medium, until: float | None) -> None:
        event = cable.next_event()
        times = [when for when in (event, until) if when is not None]
        cable.clock.wait(cable.changed, min(times) if times else cable.clock.now() + 1.0)

    def _present(self) -> _Held:
        return _Held(self._cable_or_raise())

    def _cable_or_raise(self) -> Medium:
        if not self.is_open:
            raise PortNotOpenError()
        if self._cable.unplugged or self._cable.plugs != self._plugged:
            raise SerialException("the cable was pulled")
        return self._cable


class _Held:
    """A cable moved on to the present, its lock held."""

    def __init__(self, cable: Medium) -> None:
        self._cable = cable

    def __enter__(self) -> Medium:
        self._cable.changed.acquire()
        self._cable.advance(self._cable.clock.now())
        return self._cable

    def __exit__(self, *_: object) -> None:
        self._cable.changed.release()
