"""Which slip is under way on which printer, on the disk before its first byte goes out.

A host that dies in mid-slip leaves a printer that holds half of it, or waits for the rest of an image. The
one that comes after it finds here what to cut off, and tells of those slips that they may be on paper: no
server has to have heard of it before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

from drivers.offline.journal import Journal, JournalBroken, JournalInUse

log = logging.getLogger(__name__)
FILE: Final = "begun.jsonl"
LONG: Final = 1000  # records, after which the file is begun anew


class Begun:
    """Safe for several threads. Without a folder, or on a disk that takes nothing, it only remembers.

    left: device -> slip, of the host before this one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._guard, self._length = Lock(), 0
        self._now: dict[str, str] = {}
        self._journal = self._opened(folder / FILE) if folder is not None else None
        self.left: Mapping[str, str] = dict(self._now)

    def _opened(self, path: Path) -> Journal | None:
        try:
            try:
                journal = Journal(path)
            except JournalBroken as error:
                log.error("what was being printed is not known: %s", error)
                path.unlink()
                journal = Journal(path)
        except (JournalInUse, OSError) as error:
            log.error("what is being printed is not written down: %s", error)
            return None
        for record in journal.records:
            self._apply(record)
        self._length = len(journal.records)
        return journal

    def _apply(self, record: Mapping[str, Any]) -> None:
        device, slip = str(record.get("device", "")), str(record.get("slip", ""))
        if slip:
            self._now[device] = slip
        else:
            self._now.pop(device, None)

    def began(self, device: str, slip: str) -> None:
        """Returns once it is on the disk."""
        self._write({"device": device, "slip": slip})

    def ended(self, device: str) -> None:
        self._write({"device": device, "slip": ""})

    def _write(self, record: Mapping[str, Any]) -> None:
        with self._guard:
            self._apply(record)
            if self._journal is None:
                return
            try:
                self._journal.append(record)
                self._length += 1
                if self._length > LONG:
                    self._journal.rewrite(self._records())
                    self._length = len(self._now)
            except OSError as error:
                log.error("what is being printed is not written down: %s", error)
                self._journal.close()
                self._journal = None

    def _records(self) -> Iterator[Mapping[str, Any]]:
        return ({"device": device, "slip": slip} for device, slip in self._now.items())

    def close(self) -> None:
        with self._guard:
            if self._journal is not None:
                self._journal.close()
                self._journal = None
