"""The whole hall as one file, and back: `wucha backup`, `wucha restore`.

The file is a ZIP: the database (SQLite, from whichever engine), the hall's key, what managers uploaded
(photos, media, pictures for slips, recordings), the hall's files and the list of machines, and
`backup.json` with the SHA-256 of each. It counts once it was opened and verified. Only its owner may read
it: it holds the key that tells persons apart and opens what is sealed, hashes of passwords and of
devices' keys, and what citizens wrote.

What belongs to this computer alone stays out: the key of its own device host, which a start makes anew,
and that host's records of its lines.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

from sqlalchemy.exc import DBAPIError

from server.actions.go_on_above import Missing, Said, go_on_above
from server.clock import Clock, now
from server.domain.actors import SYSTEM
from server.domain.marks import Memory, heard
from server.keys import NAME as HALL_KEY
from server.settings import Settings
from server.store.backup import (
    BEFORE,
    BackupBroken,
    check_empty,
    copy_out,
    examine,
    forget_before,
    put_in_place,
    rows_in,
    sqlite_file,
    with_log,
)
from server.store.current import Current
from server.store.days import latest_day
from server.store.engine import StorageUnsafe, open_engine
from server.store.marks import Marks, chain_end, chain_line, remembered_beside, remembered_in
from server.store.setup import SchemaTooNew, migrate
from server.store.unit import Store, Unit

DATABASE, ABOUT, MACHINES, HALL = "wucha.db", "backup.json", "devices.toml", "hall"
FOLDERS = ("uploads", "slips", "media", "voice/clips")  # of the data folder
FORMAT = 1
# No part begins with a dot, so none leads upward; none is another system's separator or drive.
NAME = re.compile(
    rf"(?:{DATABASE}|{HALL_KEY}|{MACHINES}|(?:{'|'.join(FOLDERS)}|{HALL})(?:/[^/\\:\x00.][^/\\:\x00]*)+)"
)
LARGEST = 64 << 30  # bytes, of all files; a manager may upload 2 GB
LARGEST_LIST = 16 << 20
CHUNK = 1 << 20


class FolderFull(RuntimeError):
    """Something is in the folder already."""


@dataclass(frozen=True)
class Kept:
    """What a backup holds. files: name -> SHA-256."""

    hall: str
    made_at: str
    files: dict[str, str]

    def count(self, folder: str) -> int:
        return sum(name.startswith(f"{folder}/") for name in self.files)


@dataclass(frozen=True)
class Restored:
    """What a restore put in place, and what that does not know. unread: the replaced database could not
    be asked."""

    kept: Kept
    missing: Missing
    unread: bool


def back_up(settings: Settings, machines: Path, target: Path, clock: Clock = now) -> Kept:
    """Write the whole hall to `target` while it works. `machines`: the list of machines.

    Raises BackupBroken, FileNotFoundError when there is no database, OSError, DBAPIError.
    """
    part, copy = (target.with_name(target.name + suffix) for suffix in (".part", ".part.db"))
    with _gone_after(part, copy):
        _private(copy).close()
        copy_out(settings.database, copy, settings.hall.id)
        with _private(part) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            wanted = _wanted(settings, machines, copy, {path.resolve() for path in (part, copy, target)})
            sums = {name: _pack(archive, name, path) for name, path in wanted}
            made_at = clock().isoformat()
            about = {"format": FORMAT, "hall": settings.hall.id, "made_at": made_at, "files": sums}
            archive.writestr(ABOUT, json.dumps(about, ensure_ascii=False, indent=1))
        kept = look_into(part)
        with zipfile.ZipFile(part) as archive:
            for name in kept.files:
                _unpack(archive, name, kept, None)
        _on_disk(part)
        os.replace(part, target)
        _on_disk(target.parent)
    return kept


def look_into(source: Path) -> Kept:
    """What the backup says it holds. Raises BackupBroken, FileNotFoundError."""
    if not source.is_file():
        raise FileNotFoundError(str(source))
    try:
        with zipfile.ZipFile(source) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if archive.getinfo(ABOUT).file_size > LARGEST_LIST:
                raise KeyError(ABOUT)
            about = json.loads(archive.read(ABOUT))
            names = sorted(set(archive.namelist()) - {ABOUT})
            sums = {str(name): str(value) for name, value in about["files"].items()}
            kept = Kept(str(about["hall"]), str(about["made_at"]), sums)
            known = about["format"] == FORMAT
    except (zipfile.BadZipFile, KeyError, TypeError, AttributeError, ValueError, RuntimeError):
        raise BackupBroken(["不是大厅的备份文件 / not a backup of a hall"]) from None
    if size > LARGEST:
        raise BackupBroken(["太大了 / too large"])
    if not known:
        raise BackupBroken(["由另一个版本制作 / made by another release"])
    wrong = [name for name in names if not NAME.fullmatch(name)]
    if wrong or names != sorted(kept.files) or DATABASE not in kept.files:
        raise BackupBroken(["备份里的文件与清单不符 / the files are not those of its list", *wrong[:5]])
    return kept


def take_files(source: Path, folder: Path) -> None:
    """Put the hall's files and the list of machines of a backup into `folder`. Raises FileExistsError
    when something is in it, BackupBroken, FileNotFoundError, OSError."""
    kept = look_into(source)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderFull(str(folder))
    with zipfile.ZipFile(source) as archive:
        for name in kept.files:
            if _of_hall(name):
                _unpack(archive, name, kept, folder / name.removeprefix(f"{HALL}/"))


def restore(settings: Settings, source: Path, said: Said, clock: Clock = now) -> Restored:
    """Put the hall of `source` in place; what it replaces stays beside it as `*.before-restore`. Nobody
    may be working on the data folder. Nothing is changed before all of it was unpacked and examined, and
    a power cut leaves the old hall or, from the next start on, the new one. Its numbers go on above those
    that were given since (actions/go_on_above.py). said: what a person knows of them.

    Raises BackupBroken, FileNotFoundError, NotEmpty, NumbersUnknown, NumberUnread, NumberOffline,
    LeavesOutMuch, SchemaTooNew, StorageFailed, OSError, DBAPIError.
    """
    kept = look_into(source)
    if sqlite_file(settings.database) is None:
        check_empty(settings.database)
    part, staged = settings.data / "restored.part", _staged(settings)
    shutil.rmtree(part, ignore_errors=True)
    staged.unlink(missing_ok=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        with zipfile.ZipFile(source) as archive:
            for name in kept.files:
                if name == DATABASE:
                    _unpack(archive, name, kept, staged)
                else:
                    _unpack(archive, name, kept, None if _of_hall(name) else part / name)
        examine(staged, settings.hall.id)
        missing, unread = _go_on(settings, staged, datetime.fromisoformat(kept.made_at), said, clock)
        if sqlite_file(settings.database) is None:
            rows_in(staged, settings.database)
            staged.unlink()
        else:
            _on_disk(staged)
            forget_before(staged.with_suffix(""))
    except BaseException:
        shutil.rmtree(part)
        staged.unlink(missing_ok=True)
        raise
    os.replace(part, settings.data / "restored")  # from here on it is decided
    _on_disk(settings.data)
    finish_restore(settings)
    return Restored(kept, missing, unread)


def _go_on(
    settings: Settings, staged: Path, made_at: datetime, said: Said, clock: Clock
) -> tuple[Missing, bool]:
    """Let the numbers of the restored hall go on above those that were given since; before it takes its
    place, so that one step decides both."""
    engine = open_engine(f"sqlite:///{staged}")
    try:
        current = Current(settings.hall)
        # The mark is written at once: what is known now may be lost again before a number is given.
        marks = Marks(settings.data, alone=not settings.redis)
        with Store(engine, settings.hall.id, clock, marks=marks).unit(SYSTEM) as unit:
            hall = current.follow(unit.connection)
            database = sqlite_file(settings.database)
            there = database is not None and database.exists()
            old = _of_replaced(settings, database, unit) if database is not None and there else None
            root = chain_line(unit.connection, unit.hall, 1)
            beside = remembered_beside(settings.data, unit.hall, root)
            words = beside.words if beside is not None and beside.sure else {}
            missing = go_on_above(unit, hall, made_at, heard(old, beside), said, words)
            marks.keep(unit, missing.words)
            return missing, there and old is None
    finally:
        engine.dispose()


def _of_replaced(settings: Settings, database: Path, unit: Unit) -> Memory | None:
    """What the database remembers that is replaced; None when it cannot be read. A copy is asked: what a
    restore replaces stays as it was."""
    seq, hash_ = chain_end(unit.connection, unit.hall)
    since = latest_day(unit.connection, unit.hall) or ""
    part = settings.data / "replaced.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(mode=0o700)
        copy = part / DATABASE
        for path, place in zip(with_log(database)[:2], with_log(copy)[:2], strict=True):
            if path.exists():
                shutil.copyfile(path, place)
        with closing(sqlite3.connect(copy)) as asked:
            sound = [str(row[0]) for row in asked.execute("PRAGMA quick_check")] == ["ok"]
        engine = open_engine(f"sqlite:///{copy}")
        try:
            migrate(engine)
            return remembered_in(engine, unit.hall, since, seq, hash_) if sound else None
        finally:
            engine.dispose()
    except (DBAPIError, sqlite3.DatabaseError, SchemaTooNew, StorageUnsafe, OSError, ValueError):
        return None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def finish_restore(settings: Settings) -> None:
    """What is left to do of a restore that was decided; nothing otherwise. A start does it too."""
    decided, database = settings.data / "restored", sqlite_file(settings.database)
    if not decided.is_dir():
        return
    if database is not None and _staged(settings).exists():
        put_in_place(_staged(settings), database)
        _on_disk(database.parent)
    for item in sorted(decided.iterdir()):
        place = settings.data / item.name
        if place.exists():
            before = place.with_name(place.name + BEFORE)
            _away(before)
            os.replace(place, before)
        os.replace(item, place)
    decided.rmdir()
    _on_disk(settings.data)


def differing(settings: Settings, machines: Path, kept: Kept) -> list[str]:
    """The hall's files that are here, or were there, and not the same: a restore leaves them as they are."""
    here = {name: _sum(path) for name, path in _files(settings, machines)}
    there = {name: value for name, value in kept.files.items() if _of_hall(name)}
    return sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))


def _of_hall(name: str) -> bool:
    return name == MACHINES or name.startswith(f"{HALL}/")


def _staged(settings: Settings) -> Path:
    """Beside the database's file, so that taking its place is one step."""
    beside = sqlite_file(settings.database) or settings.data / DATABASE
    return beside.with_name(beside.name + ".restored")


def _wanted(settings: Settings, machines: Path, copy: Path, but: set[Path]) -> Iterator[tuple[str, Path]]:
    """but: what is being written; in a folder of the hall it would be packed into itself without end."""
    yield DATABASE, copy
    if (settings.data / HALL_KEY).is_file():
        yield HALL_KEY, settings.data / HALL_KEY
    for folder in FOLDERS:
        yield from ((n, p) for n, p in _all_in(settings.data / folder, folder) if p.resolve() not in but)
    yield from ((n, p) for n, p in _files(settings, machines) if p.resolve() not in but)


def _files(settings: Settings, machines: Path) -> Iterator[tuple[str, Path]]:
    yield from _all_in(settings.config, HALL)
    if machines.is_file():
        yield MACHINES, machines


def _all_in(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Hidden files are nobody's uploads."""
    for path in sorted(folder.rglob("*")):
        full = f"{name}/{path.relative_to(folder).as_posix()}"
        if path.is_file() and NAME.fullmatch(full):
            yield full, path


def _pack(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    """The file's SHA-256."""
    entry = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
    entry.compress_type = zipfile.ZIP_DEFLATED if name == DATABASE else zipfile.ZIP_STORED
    with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as out:
        return _copied(source, out)


def _unpack(archive: zipfile.ZipFile, name: str, kept: Kept, target: Path | None) -> None:
    """Write one file, for its owner's eyes only, or only read it. Raises BackupBroken when it is not what
    was packed."""
    try:
        with archive.open(name) as source:
            if target is None:
                found = _copied(source, None)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with _private(target) as out:
                    found = _copied(source, out)
                    out.flush()
                    os.fsync(out.fileno())
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error):
        found = ""
    if found != kept.files[name]:
        raise BackupBroken([f"{name}：内容已损坏 / damaged"])


def _copied(source: IO[bytes], out: IO[bytes] | None) -> str:
    total = sha256()
    while some := source.read(CHUNK):
        total.update(some)
        if out is not None:
            out.write(some)
    return total.hexdigest()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return _copied(file, None)


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def _on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _away(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _gone_after(*paths: Path) -> Iterator[None]:
    try:
        yield
    finally:
        for path in paths:
            for suffix in ("", "-wal", "-shm", "-journal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
