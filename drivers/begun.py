"""Which slip is under way on which printer, on the disk before its first byte goes out.

A host that dies in mid-slip leaves a printer that holds half of it, or waits for the rest of an image. The
one that comes after it finds here what to cut off, and tells of those slips that they may be on paper: no
server has to have heard of it before. The id of a slip says which number is on it, and the last of each day
and queue is kept: a server whose database came back older hears in the hello how far its paper had got.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

from drivers.offline.journal import Journal, JournalBroken, JournalInUse

log = logging.getLogger(__name__)
FILE: Final = "begun.jsonl"
LONG: Final = 1000  # records, after which the file is begun anew
DAYS: Final = 2
OF: Final = re.compile(r"[^@]*@(\d{4}-\d\d-\d\d)\.(.+)\.([1-9]\d{0,8})")  # server/devices.py job_of_slip


class Begun:
    """Safe for several threads. Without a folder, or on a disk that takes nothing, it only remembers.

    left: device -> slip, of the host before this one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._guard, self._length = Lock(), 0
        self._now: dict[str, str] = {}
        self._last: dict[tuple[str, str], int] = {}  # (day, prefix) -> place of the last number on paper
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
        if slip and device:
            self._now[device] = slip
        else:
            self._now.pop(device, None)
        if of := OF.fullmatch(slip):
            day, prefix, seq = of.groups()
            self._last[day, prefix] = max(int(seq), self._last.get((day, prefix), 0))

    def printed(self) -> list[tuple[str, str, int]]:
        """(day, prefix, place of the last number that went to paper), of the newest days."""
        with self._guard:
            days = sorted({day for day, _ in self._last})[-DAYS:]
            self._last = {key: seq for key, seq in self._last.items() if key[0] in days}
            return [(*key, seq) for key, seq in sorted(self._last.items())]

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
                    self._length = len(self._last) + len(self._now)
            except OSError as error:
                log.error("what is being printed is not written down: %s", error)
                self._journal.close()
                self._journal = None

    def _records(self) -> Iterator[Mapping[str, Any]]:
        for (day, prefix), seq in self._last.items():
            yield {"device": "", "slip": f"@{day}.{prefix}.{seq}"}
        for device, slip in self._now.items():
            yield {"device": device, "slip": slip}

    def close(self) -> None:
        with self._guard:
            if self._journal is not None:
                self._journal.close()
                self._journal = None
