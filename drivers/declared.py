"""The declaration as it stands on disk, read again when it changes; a wrong one changes nothing.

Looked at, not listened to: a stat of some dozen files every `LOOK_S` seconds works on every file system.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.errors import SpecError
from drivers.spec import HallSpec, load

LOOK_S: Final = 2.0
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Read:
    """What a look found: the new hall, or all mistakes of a declaration that does not count."""

    hall: HallSpec | None = None
    troubles: tuple[str, ...] = ()


class Declared:
    """config/devices.toml and its profiles, as last read."""

    def __init__(self, path: Path, profiles: Path | None = None) -> None:
        self.path = path
        self.profiles = profiles or path.resolve().parent / "profiles"
        self._known = self._seen = self._stamp()

    def look(self) -> Read | None:
        """None while nothing changed, or while somebody may still be writing (two looks must agree)."""
        stamp = self._stamp()
        settled, self._seen = stamp == self._seen, stamp
        if stamp == self._known or not settled:
            return None
        self._known = stamp
        return self.read()

    def read(self) -> Read:
        try:
            return Read(load(self.path, self.profiles))
        except SpecError as error:
            return Read(troubles=tuple(error.errors))

    def _stamp(self) -> Stamp:
        found = []
        for path in (self.path, *sorted(self.profiles.glob("*.toml"))):
            try:
                stat = path.stat()
            except OSError:
                continue  # between two writes; `read` says it when it stays away
            found.append((path.name, stat.st_mtime_ns, stat.st_size))
        return tuple(found)
