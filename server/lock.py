"""One server per data folder (F21): an advisory lock that dies with its process, so a crash never leaves it
behind."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO


class DataInUse(RuntimeError):
    """Another server works on this data folder."""


def hold(data: Path) -> IO[bytes]:
    """Hold the folder until the returned file is closed or the process ends. Raises DataInUse."""
    data.mkdir(parents=True, exist_ok=True)
    file = (data / "server.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise DataInUse(str(data)) from None
    return file
