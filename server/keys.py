"""The hall's own key: 32 random bytes in the data folder, for its owner's eyes only; and what is sealed
with it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NAME = "hall.key"


def hall_key(data: Path) -> bytes:
    """The key of this hall, made at the first call. Without it persons of earlier days are strangers."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / NAME
    fresh = path.with_suffix(f".{os.getpid()}")
    if not path.exists():
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()


def offline_key(key: bytes, kiosk: str) -> str:
    """What the page of a kiosk shows the device host beside it, which gives numbers while we are away."""
    return hmac.new(key, b"offline:" + kiosk.encode(), sha256).hexdigest()


class Seal:
    """Closes a few bytes so that their carrier can neither read nor change them (AES-256-GCM).

    purpose: what is closed for one cannot be opened for another. Every process of the hall has the same key.
    """

    NONCE = 12

    def __init__(self, key: bytes, purpose: str) -> None:
        self._cipher = AESGCM(hmac.new(key, b"seal:" + purpose.encode(), sha256).digest())

    def close(self, plain: bytes) -> str:
        nonce = secrets.token_bytes(self.NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, None)).decode()

    def open(self, closed: str) -> bytes | None:
        """None for what was not closed here."""
        try:
            raw = base64.urlsafe_b64decode(closed.encode())
            return self._cipher.decrypt(raw[: self.NONCE], raw[self.NONCE :], None)
        except (binascii.Error, InvalidTag, ValueError):
            return None
