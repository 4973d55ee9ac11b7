"""A phone number as a key: the published limits must know the same person again, nobody needs the number."""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

PERSON_KEY = "person.key"  # in the data folder, never in the database that holds the hashes


def person_of(data_dir: Path, phone: str) -> str:
    """The keyed hash (HMAC-SHA-256) of the digits of `phone`."""
    digits = "".join(c for c in phone if c.isdigit())
    return hmac.new(_key(data_dir), digits.encode("ascii"), sha256).hexdigest()


def _key(data_dir: Path) -> bytes:
    """The hall's own key; made at the first use, by exactly one process (mode 0600)."""
    path = data_dir / PERSON_KEY
    if not path.exists():
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # fails when another process was first
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
