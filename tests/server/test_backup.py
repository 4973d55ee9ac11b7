"""A backup is the whole hall in one file that was opened and verified; a restore gives it back, keeps what it
replaces, and leaves no half state."""

from __future__ import annotations

import json
import os
import pty
import shutil
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server import backup as backups
from server.actions.day import close_day
from server.cli import main
from server.domain.actors import SYSTEM
from server.keys import hall_key
from server.lock import DataInUse, hold
from server.settings import HallSettings, Settings
from server.store import tables as t
from server.store.backup import BackupBroken
from server.store.days import save_day, sealed_sums
from server.store.engine import open_engine, reading
from server.store.setup import ensure_hall
from server.store.trail import Wanted, lines
from server.store.unit import Store
from tests.conftest import ROOT, Clock, fresh_pg, fresh_sqlite
from tests.server.hall_day import HallDay

Run = Callable[..., tuple[int, str]]
PHOTO = "0123456789abcdef0123456789abcdef.jpg"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def command(*words: object, data: Path = tmp_path, **env: str) -> tuple[int, str]:
        result = CliRunner(env=env).invoke(main, ["--data", str(data), *map(str, words)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return command


@pytest.fixture
def sqlite_day(tmp_path: Path, hall: HallSettings, clock: Clock) -> Iterator[HallDay]:
    engine = open_engine(fresh_sqlite(tmp_path))
    ensure_hall(engine, hall.id, clock())
    yield HallDay(Store(engine, hall.id, clock), hall, hall.slips, clock)
    engine.dispose()


def numbers(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM ticket ORDER BY id")]


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = open_engine(url)
    with reading(engine) as connection:
        kept = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in t.metadata.sorted_tables
        }
    engine.dispose()
    return kept


def uploads_of(data: Path) -> None:
    """What managers left in the data folder, and what belongs to this computer alone."""
    for name in (f"uploads/{PHOTO}", "slips/badge.png", "media/B1/welcome.png", "voice/clips/zh/a.wav"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(name.encode() * 1000)
    for name in ("host.key", "drivers.log", "voice/calls/x.wav", "uploads/.hidden"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"ours alone")


def remade(copy: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """The backup with other files in it, and a list that agrees with them unless `change` wrote one."""
    with zipfile.ZipFile(copy) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    listed = files[backups.ABOUT]
    change(files)
    if files[backups.ABOUT] == listed:
        about = json.loads(listed)
        about["files"] = {n: backups.sha256(b).hexdigest() for n, b in files.items() if n != backups.ABOUT}
        files[backups.ABOUT] = json.dumps(about).encode()
    with zipfile.ZipFile(copy, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)


def test_a_fresh_computer_gets_the_whole_hall_back(
    day: HallDay, database: str, tmp_path: Path, run: Run, request: pytest.FixtureRequest
) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    day.serve("W01")
    key = hall_key(tmp_path)
    uploads_of(tmp_path)
    copy = tmp_path / "monday.wucha"
    code, said = run("backup", copy, WUCHA_DATABASE=database)
    assert (code, "大厅密钥" in said, "1 个上传文件" in said) == (0, True, True), said
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.glob("monday.*")] == ["monday.wucha"], "nothing half made stays"
    before = everything(database)

    fresh = tmp_path / "fresh"
    there = f"sqlite:///{fresh / 'wucha.db'}"
    if not database.startswith("sqlite"):
        there = fresh_pg(request.getfixturevalue("pg_url"))
    code, said = run("restore", copy, data=fresh, WUCHA_DATABASE=there)
    assert (code, "--none-given" in said) == (1, True), "nothing here knows which numbers people hold"
    code, said = run("restore", copy, "--above", "A001", data=fresh, WUCHA_DATABASE=there)
    assert (code, "\n  B " in said, "\n  A " in said) == (1, True, False), said
    code, said = run("restore", copy, "--none-given", data=fresh, WUCHA_DATABASE=there)
    assert (code, "不同" in said, "按所说明的" in said) == (0, False, True), said
    after = everything(there)
    assert "hall.restore" in str(after["audit"].pop())
    assert {**after, "hall": before["hall"]} == before
    assert (fresh / "hall.key").read_bytes() == key
    assert stat.S_IMODE((fresh / "hall.key").stat().st_mode) == 0o600
    kept = {str(p.relative_to(fresh)) for p in fresh.rglob("*") if p.is_file()} - {"wucha.db", "server.lock"}
    assert kept == {
        "hall.key",
        "numbers.json",
        f"uploads/{PHOTO}",
        "slips/badge.png",
        "media/B1/welcome.png",
        "voice/clips/zh/a.wav",
    }
    assert (fresh / "uploads" / PHOTO).read_bytes() == (tmp_path / "uploads" / PHOTO).read_bytes()
    assert run("verify", data=fresh, WUCHA_DATABASE=there)[0] == 0

    engine = open_engine(there)  # the day goes on, with new rows above those that came
    try:
        again = HallDay(Store(engine, day.hall.id, day.clock), day.hall, day.template, day.clock)
        with again.store.unit(SYSTEM) as unit:  # by this computer's clock, whatever the hour
            save_day(unit, "2026-03-02", by_hand=True)
        assert again.take().ticket.number == "A002"
    finally:
        engine.dispose()
    if not database.startswith("sqlite"):
        code, said = run("restore", copy, data=fresh, WUCHA_DATABASE=there)
        assert (code, "空库" in said) == (1, True), "never over a hall"


def test_a_number_that_leaves_out_much_is_asked_about(
    sqlite_day: HallDay, tmp_path: Path, run: Run, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a terminal; elsewhere it has to be said with --yes. One below what is known is told."""
    sqlite_day.open("W01").take()
    copy, fresh = tmp_path / "copy.wucha", tmp_path / "fresh"
    assert run("backup", copy)[0] == 0
    words = [sys.executable, "-m", "server.cli", "--data", str(fresh), "restore", str(copy), "--none-given"]
    words += ["--above", "B999"]

    def at_terminal(answer: bytes) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        os.write(ours, answer)
        done = subprocess.run(words, cwd=ROOT, stdin=theirs, capture_output=True, text=True, timeout=60)
        os.close(ours)
        os.close(theirs)
        return done.returncode, done.stdout + done.stderr

    code, said = run(*words[5:], data=fresh)
    assert (code, "--yes" in said, "B999：跳过 999 个号，今天还剩 0 个" in said) == (1, True, True), said
    code, said = at_terminal(b"\x04")  # the end of what is typed: no answer
    assert (code, "跳过 999 个号" in said, "没有恢复" in said) == (1, True, True), said
    assert not (fresh / "wucha.db").exists()
    assert at_terminal(b"y\n")[0] == 0
    code, said = run("restore", copy, "--above", "B020", data=fresh)
    assert (code, "B001～B020" in said) == (0, True), said
    code, said = run("restore", copy, "--above", "A000", "--above", "b999", "--yes", data=fresh)
    assert (code, "B001～B999" in said) == (0, True), said
    sqlite_day.take()
    monkeypatch.setattr(backups, "restore", partial(backups.restore, clock=clock))
    code, said = run("restore", copy, "--above", "A001")
    assert (code, "A001 低于已知的 A002" in said) == (0, True), said


def test_a_restore_keeps_what_it_replaces(sqlite_day: HallDay, tmp_path: Path, run: Run) -> None:
    day = sqlite_day.open("W01")
    day.take()
    uploads_of(tmp_path)
    copy = tmp_path / "monday.wucha"
    assert run("backup", copy)[0] == 0
    day.take()
    (tmp_path / "uploads" / "later.jpg").write_bytes(b"later")
    day.store.engine.dispose()
    for _ in "twice":
        code, said = run("restore", copy)
        assert (code, "已恢复" in said) == (0, True), said
        assert numbers(tmp_path / "wucha.db") == ["A001"]
        assert not (tmp_path / "uploads" / "later.jpg").exists()
    assert (tmp_path / "uploads.before-restore" / PHOTO).exists()
    assert run("verify")[0] == 0


def test_a_damaged_hall_is_replaced_and_kept(sqlite_day: HallDay, tmp_path: Path, run: Run) -> None:
    sqlite_day.open("W01").take()
    copy = tmp_path / "copy.wucha"
    assert run("backup", copy)[0] == 0
    sqlite_day.store.engine.dispose()
    (tmp_path / "wucha.db").write_bytes(b"noise" * 5000)
    (tmp_path / "wucha.db-wal").write_bytes(b"log of it")
    assert run("restore", copy, "--none-given")[0] == 0
    assert numbers(tmp_path / "wucha.db") == ["A001"]
    assert (tmp_path / "wucha.db.before-restore").read_bytes()[:5] == b"noise"
    assert (tmp_path / "wucha.db.before-restore-wal").read_bytes() == b"log of it"


@pytest.mark.parametrize("dies_at", [0, 1, 2, 5])  # the mark of the numbers is written first
def test_a_power_cut_leaves_the_old_hall_or_the_new_one(
    sqlite_day: HallDay,
    tmp_path: Path,
    run: Run,
    dies_at: int,
    monkeypatch: pytest.MonkeyPatch,
    make_settings: Callable[..., Settings],
) -> None:
    day = sqlite_day.open("W01")
    day.take()
    key = hall_key(tmp_path)
    uploads_of(tmp_path)
    copy = tmp_path / "copy.wucha"
    assert run("backup", copy)[0] == 0
    day.take()
    day.store.engine.dispose()
    (tmp_path / "hall.key").write_bytes(b"k" * 32)
    steps, move = iter(range(100)), os.replace

    def cut(source: object, target: object) -> None:
        if next(steps) == dies_at:
            raise KeyboardInterrupt  # nothing in the product catches it
        move(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut)
        CliRunner().invoke(main, ["--data", str(tmp_path), "restore", str(copy)])
    backups.finish_restore(make_settings())  # the next start
    new = numbers(tmp_path / "wucha.db") == ["A001"]
    assert new == ((tmp_path / "hall.key").read_bytes() == key), "the key is the database's"
    assert new == (dies_at > 1)
    assert (tmp_path / "uploads" / PHOTO).exists()
    assert not (tmp_path / "restored").exists()
    if new:
        assert numbers(tmp_path / "wucha.db.before-restore") == ["A001", "A002"]


def test_an_edited_backup_is_refused(sqlite_day: HallDay, tmp_path: Path, run: Run) -> None:
    sqlite_day.open("W01").take()
    copy = tmp_path / "copy.wucha"
    assert run("backup", copy)[0] == 0

    def rewrite(files: dict[str, bytes]) -> None:
        edited = tmp_path / "edited.db"
        edited.write_bytes(files["wucha.db"])
        with closing(sqlite3.connect(edited)) as connection, connection:
            connection.execute("UPDATE audit SET line = replace(line, 'A001', 'A009')")
        files["wucha.db"] = edited.read_bytes()

    remade(copy, rewrite)
    code, said = run("restore", copy)
    assert (code, "审计链" in said) == (1, True), said
    assert numbers(tmp_path / "wucha.db") == ["A001"], "nothing was changed"
    assert not list(tmp_path.glob("*restored*"))


def test_a_name_that_leads_elsewhere_is_refused(sqlite_day: HallDay, tmp_path: Path, run: Run) -> None:
    sqlite_day.open()
    copy = tmp_path / "copy.wucha"
    assert run("backup", copy)[0] == 0
    whole = copy.read_bytes()
    for name in (
        "../evil",
        "uploads/../../evil",
        "/etc/evil",
        "uploads/.evil",
        "hall\\evil",
        "C:/evil",
        "evil",
    ):
        copy.write_bytes(whole)
        remade(copy, lambda files, name=name: files.update({name: b"evil"}))
        for ask in (lambda: backups.look_into(copy), lambda: backups.take_files(copy, tmp_path / "hall")):
            with pytest.raises(BackupBroken, match="与清单不符"):
                ask()
    code, said = run("restore", copy)
    assert (code, "与清单不符" in said) == (1, True), said
    assert not list(tmp_path.parent.rglob("*evil"))


def test_a_damaged_or_foreign_file_is_refused(sqlite_day: HallDay, tmp_path: Path, run: Run) -> None:
    sqlite_day.open("W01").take()
    noise = tmp_path / "noise"
    noise.write_bytes(b"not a backup at all" * 100)
    code, said = run("restore", noise)
    assert (code, "不是大厅的备份文件" in said) == (1, True), said
    copy = tmp_path / "copy.wucha"
    assert run("backup", copy)[0] == 0
    whole, refused = copy.read_bytes(), []
    for place in range(40, len(whole), len(whole) // 5):
        copy.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        code, said = run("restore", copy)
        refused.append(code == 1)
        assert numbers(tmp_path / "wucha.db") == ["A001"], f"byte {place} was turned: {said}"
    assert refused.count(False) <= 2, "a time stamp or the like, which changes nothing"
    copy.write_bytes(whole[: len(whole) // 2])
    assert run("restore", copy)[0] == 1
    assert numbers(tmp_path / "wucha.db") == ["A001"]


def test_another_halls_backup_is_refused(
    sqlite_day: HallDay, tmp_path: Path, run: Run, hall: HallSettings
) -> None:
    sqlite_day.open()
    copy = tmp_path / "copy.wucha"
    assert run("backup", copy)[0] == 0
    mine = tmp_path / "mine"
    shutil.copytree(ROOT / "config" / "demo", mine, ignore=shutil.ignore_patterns("pictures"))
    there = (mine / "hall.toml").read_text("utf-8")
    (mine / "hall.toml").write_text(there.replace(hall.id, "990000000000"), "utf-8")
    code, said = run("restore", copy, WUCHA_CONFIG=str(mine))
    assert (code, "不是这个大厅的备份" in said) == (1, True), said


def test_the_halls_own_files_come_along(sqlite_day: HallDay, tmp_path: Path, run: Run) -> None:
    """They stay as they are here unless a folder is named; which differ is told."""
    sqlite_day.open("W01").take()
    mine = tmp_path / "mine"
    shutil.copytree(ROOT / "config" / "demo", mine, ignore=shutil.ignore_patterns("pictures"))
    (mine / "note.txt").write_bytes(b"a note")
    machines = tmp_path / "machines.toml"
    machines.write_text("# ours\n")
    copy = tmp_path / "copy.wucha"
    assert run("backup", copy, "--devices", machines, WUCHA_CONFIG=str(mine))[0] == 0
    code, said = run("restore", copy, "--none-given", data=tmp_path / "fresh")
    assert (code, "hall/note.txt" in said, "devices.toml" in said, "rating.toml" in said) == (
        0,
        True,
        True,
        False,
    )
    taken = tmp_path / "taken"
    code, said = run("restore", copy, "--hall", taken, "--above", "Z001", data=tmp_path / "fresh")
    assert (code, "没有这样的号" in said) == (1, True), said
    with hold(tmp_path / "fresh"):
        code, said = run("restore", copy, "--hall", taken, data=tmp_path / "fresh")
    assert (code, "正在运行" in said, taken.exists()) == (1, True, False), said
    code, said = run("restore", copy, "--hall", taken, data=tmp_path / "fresh")
    assert (code, f"WUCHA_CONFIG={taken}" in said) == (0, True), said
    assert (taken / "note.txt").read_bytes() == b"a note"
    assert (taken / "devices.toml").read_text() == "# ours\n"
    code, said = run("restore", copy, "--hall", taken, data=tmp_path / "fresh")
    assert (code, "已有内容" in said) == (1, True), said


def test_a_backup_into_a_folder_of_the_hall_does_not_hold_itself(
    sqlite_day: HallDay, tmp_path: Path, run: Run
) -> None:
    sqlite_day.open("W01").take()
    uploads_of(tmp_path)
    target = tmp_path / "media" / "all.wucha"
    target.parent.mkdir(exist_ok=True)
    for _ in range(2):
        code, said = run("backup", target)
        assert code == 0, said
        with zipfile.ZipFile(target) as archive:
            assert not [name for name in archive.namelist() if "all.wucha" in name]
    assert [p.name for p in target.parent.iterdir() if p.name.startswith("all.wucha")] == ["all.wucha"]


def test_nothing_to_back_up_and_nowhere_to_put_it(tmp_path: Path, run: Run) -> None:
    code, said = run("restore", tmp_path / "nowhere.wucha")
    assert (code, "没有找到备份" in said) == (1, True)
    code, said = run("backup", tmp_path / "copy.wucha")
    assert (code, "没有找到数据库" in said) == (1, True), said
    assert not list(tmp_path.glob("copy*"))
    fresh_sqlite(tmp_path)
    code, said = run("backup", tmp_path / "gone" / "copy.wucha")
    assert (code, "没有这个文件夹" in said) == (1, True), said


def test_two_servers_never_share_a_folder(tmp_path: Path, run: Run) -> None:
    with hold(tmp_path):
        with pytest.raises(DataInUse):
            hold(tmp_path)
        code, said = run("restore", tmp_path / "any.wucha")
        assert (code, "正在运行" in said) == (1, True)
    hold(tmp_path).close()


def test_a_forgotten_password_is_reset_at_the_console(tmp_path: Path, run: Run) -> None:
    code, said = run("user", "reset", "ZW028")
    assert code == 0
    assert said.startswith("魏国 ZW028: ")
    assert run("user", "reset", "ZW999")[0] == 1


def test_sealed_sums_are_counted_again_with_a_reason_and_the_old_ones_stay_in_the_trail(
    sqlite_day: HallDay, run: Run
) -> None:
    """A day that was sealed wrongly: looked at, left alone without a reason, amended with one."""
    day = sqlite_day
    day.open("W01")
    for _ in range(2):
        day.take()
    day.call("W01")
    day.serve("W01")
    assert run("recount", "2026-03-02") == (1, "2026-03-02 没有日结 / no closed day: 2026-03-02\n")
    wrong = {"taken": 3, "done": 1, "expired": 2, "overtime": {"ZW001": {"minutes": 9, "served": 1}}}
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
        right = sealed_sums(unit.connection, unit.hall, "2026-03-02")
        save_day(unit, "2026-03-02", sums=wrong)

    def sums() -> object:
        with day.store.read() as connection:
            return sealed_sums(connection, day.hall.id, "2026-03-02")

    code, told = run("recount", "2026-03-02")
    assert (code, sums()) == (0, wrong)
    assert told.splitlines()[:2] == ["expired      2 -> 1", "taken        3 -> 2"]
    code, told = run("recount", "2026-03-02", "--reason", "多程号码重复计算")
    assert (code, sums()) == (0, {**(right or {}), "overtime": wrong["overtime"]})
    with day.store.read() as connection:
        (line,) = lines(connection, day.hall.id, Wanted(act="day.amend"))[0]
    assert (line["facts"]["before"], line["facts"]["sums"]) == (wrong, sums())
    assert line["facts"]["reason"].startswith("多程号码重复计算")
    assert run("recount", "2026-03-02", "--reason", "再算")[1] == "与日结一致 / as it was sealed\n"
    assert run("verify")[0] == 0
