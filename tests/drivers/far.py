"""A far end by itself: bytes in, bytes out, no driver."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.line.clock import JumpClock
from drivers.virtual.medium import HOST, Medium, Peer


def tell(peer: Peer, *pieces: bytes, pause: float = 0.0, baud: int = 0) -> bytes:
    """What `peer` says when it hears the pieces one after another."""
    cable = Medium("alone", baud=baud, shared=True, clock=JumpClock())
    cable.join(peer)
    at = cable.clock.now()
    for piece in pieces:
        cable.say(HOST, piece, at)
        at += pause + len(piece) * cable.byte_time
    cable.advance(at + 5)
    return bytes(cable.to_host)


def bytewise(data: bytes) -> Iterable[bytes]:
    return (data[at : at + 1] for at in range(len(data)))
