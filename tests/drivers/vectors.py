"""The golden bytes: recorded from vendors' programs and printed in vendors' papers, not made by our
encoders.
"""

from __future__ import annotations

import json
from pathlib import Path

VECTORS = {
    row["name"]: row
    for row in json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["vectors"]
}


def golden(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["hex"])


def names(protocol: str, direction: str | None = None) -> list[str]:
    return [
        name
        for name, row in VECTORS.items()
        if row["protocol"] == protocol and direction in (None, row["direction"])
    ]


def flips(frame: bytes) -> list[bytes]:
    """Every frame that differs in one bit."""
    return [
        frame[:at] + bytes((frame[at] ^ 1 << bit,)) + frame[at + 1 :]
        for at in range(len(frame))
        for bit in range(8)
    ]


def drain(decode, buffer: bytes) -> list:
    """Everything `decode` finds in `buffer`."""
    found = []
    while True:
        message, buffer = decode(buffer)
        if message is None:
            return found
        found.append(message)


def piecewise(decode, pieces) -> list:
    """Everything found when the bytes come in pieces."""
    found, buffer = [], b""
    for piece in pieces:
        buffer += piece
        while True:
            message, buffer = decode(buffer)
            if message is None:
                break
            found.append(message)
    return found
