"""The hall's own key: 32 random bytes in the data folder, for its owner's eyes only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

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
