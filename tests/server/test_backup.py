"""Backups are opened and verified before they count; a restore keeps what it replaces."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.actions.day import close_day
from server.cli import main
from server.domain.actors import SYSTEM
from server.lock import DataInUse, hold
from server.settings import HallSettings
from server.store.backup import BackupBroken, back_up, restore
from server.store.days import save_day, sealed_sums
from server.store.trail import Wanted, lines
from tests.conftest import fresh_sqlite
from tests.server.hall_day import HallDay

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Backups are for SQLite; PostgreSQL has its own tools."""
    return fresh_sqlite(tmp_path)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def command(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["--data", str(tmp_path), *map(str, words)])
        return result.exit_code, result.output

    return command


def numbers(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM ticket ORDER BY id")]


def test_back_up_while_the_hall_works_and_restore(day: HallDay, tmp_path: Path, run: Run) -> None:
    day.open("W01")
    day.take()
    copy = tmp_path / "monday.db"
    assert run("backup", copy)[0] == 0
    day.take()
    assert (numbers(copy), numbers(tmp_path / "wucha.db")) == (["A001"], ["A001", "A002"])
    day.store.engine.dispose()
    assert run("restore", copy) == (0, "已恢复 / restored\n")
    assert numbers(tmp_path / "wucha.db") == ["A001"]
    assert numbers(tmp_path / "wucha.db.before-restore") == ["A001", "A002"]
    assert run("verify")[0] == 0


def test_an_edited_backup_is_refused(day: HallDay, hall: HallSettings, tmp_path: Path, run: Run) -> None:
    day.open("W01").take()
    copy = tmp_path / "copy.db"
    back_up(tmp_path / "wucha.db", copy, hall.id)
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE audit SET line = replace(line, 'A001', 'A009')")
    code, said = run("restore", copy)
    assert code == 1
    assert "审计链" in said
    assert numbers(tmp_path / "wucha.db") == ["A001"], "nothing was changed"


def test_a_damaged_or_foreign_file_is_refused(day: HallDay, hall: HallSettings, tmp_path: Path) -> None:
    day.open()
    noise = tmp_path / "noise.db"
    noise.write_bytes(b"not a database at all" * 100)
    with pytest.raises(BackupBroken):
        restore(noise, tmp_path / "wucha.db", hall.id)
    copy = tmp_path / "copy.db"
    back_up(tmp_path / "wucha.db", copy, hall.id)
    with pytest.raises(BackupBroken, match="another-hall"):
        restore(copy, tmp_path / "wucha.db", "another-hall")


def test_a_missing_database_and_a_full_target(day: HallDay, tmp_path: Path, run: Run) -> None:
    code, said = run("restore", tmp_path / "nowhere.db")
    assert (code, "没有找到备份" in said) == (1, True)
    shutil.rmtree(tmp_path / "gone", ignore_errors=True)
    code, said = run("backup", tmp_path / "gone" / "copy.db")
    assert code == 1
    assert "Traceback" not in said


def test_two_servers_never_share_a_folder(tmp_path: Path, run: Run) -> None:
    with hold(tmp_path):
        with pytest.raises(DataInUse):
            hold(tmp_path)
        code, said = run("restore", tmp_path / "any.db")
        assert (code, "正在运行" in said) == (1, True)
    hold(tmp_path).close()


def test_a_forgotten_password_is_reset_at_the_console(tmp_path: Path, run: Run) -> None:
    code, said = run("user", "reset", "ZW028")
    assert code == 0
    assert said.startswith("魏国 ZW028: ")
    assert run("user", "reset", "ZW999")[0] == 1


def test_sealed_sums_are_counted_again_with_a_reason_and_the_old_ones_stay_in_the_trail(
    day: HallDay, run: Run
) -> None:
    """A day that was sealed wrongly: looked at, left alone without a reason, amended with one."""
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
