"""Was this seen just now? Remembered as a keyed hash, so that what was read can be forgotten at once."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256


class Seen:
    """The last text and when it was last seen; the key dies with the process."""

    def __init__(self, within_s: float) -> None:
        self._within, self._key = within_s, secrets.token_bytes(32)
        self._last, self._at = b"", 0.0

    def again(self, text: str, now: float) -> bool:
        """Is `text` the last one, no longer than `within_s` after its last sight? Counts as a sight."""
        mark = hmac.new(self._key, text.encode(), sha256).digest()
        same = hmac.compare_digest(mark, self._last) and now - self._at <= self._within
        self._last, self._at = mark, now
        return same
