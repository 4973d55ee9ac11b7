"""Records on disk, one JSON line each, there for good when `append` returns. One process at a time.

A line that was torn off at the end was never acknowledged to anybody and is cut away. Anything else that
cannot be read is no torn line: `JournalBroken`, and a person looks."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


class JournalBroken(Exception):
    """The file is damaged."""


class JournalInUse(Exception):
    """Another process has it."""


class Journal:
    """Opens `path`, made when it is not there. Raises JournalBroken, JournalInUse, OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise JournalInUse(f"{path} is in use") from error
        self._file = -1
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        _sync_folder(self.path.parent)
        data = self.path.read_bytes()
        whole, _, torn = data.rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, len(data) - len(torn))
            os.fsync(self._file)
        try:
            self.records: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise JournalBroken(f"{self.path} cannot be read: {error}") from error

    def append(self, record: Mapping[str, Any]) -> None:
        """Returns once it is on the disk. Raises OSError, after which this journal is not used any more."""
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        while line:
            line = line[os.write(self._file, line) :]
        os.fsync(self._file)

    def rewrite(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Begin anew with these; the old file stands until the new one does. Raises OSError."""
        fresh = self.path.with_suffix(".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        old, self._file = self._file, file
        try:
            for record in records:
                line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                while line:
                    line = line[os.write(file, line) :]
            os.fsync(file)
            fresh.replace(self.path)
            _sync_folder(self.path.parent)
        finally:
            os.close(old)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        os.close(self._lock)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
