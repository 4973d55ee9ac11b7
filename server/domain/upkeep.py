"""设备维护: the PIN with which staff reach what is behind a kiosk's face, and how long the way stays open."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from server.domain import refusals

LEAST, MOST = 6, 12
GOOD_FOR = timedelta(minutes=5)
TRIES = 5  # in a row, at one kiosk; then it is locked as an account is


def check_pin(pin: str) -> None:
    """Six to twelve digits that are not one digit and no run like 123456 or 97531. Raises PinWeak."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)} if pin.isascii() and pin.isdigit() else set()
    if not LEAST <= len(pin) <= MOST or len(steps) < 2:
        raise refusals.PinWeak(least=LEAST, most=MOST)
