"""`wucha export`: every row of the days asked for, no personal word, and a line in the audit trail."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.app import App
from server.cli import main
from server.exporting import BadDate, columns_table, export_to
from server.store.export import COLUMNS, SOURCES
from tests.conftest import Clock
from tests.server.callers import audit
from tests.server.hall_day import HallDay


@pytest.fixture
def day(app: App, clock: Clock) -> HallDay:
    h = app.house
    made = HallDay(h.store, h.hall, h.slip, clock).open("W01", "W02")
    for _ in range(3):
        made.take()
    made.call("W01")
    made.serve("W01", minutes=2)
    return made


def exported(app: App, path: Path, what: str, form: str = "csv", **days: str) -> list[dict[str, str]]:
    settings = app.house.settings
    export_to(settings, what, days.get("first"), days.get("last"), form, path)
    if form == "json":
        return json.loads(path.read_text("utf-8"))  # type: ignore[no-any-return]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_tickets_are_all_there_with_their_times(app: App, day: HallDay, tmp_path: Path):
    found = exported(app, tmp_path / "t.csv", "tickets")
    assert list(found[0]) == [c.name for c in COLUMNS["tickets"]]
    assert [(r["number"], r["state"], r["window"]) for r in found] == [
        ("A001", "done", "W01"),
        ("A002", "waiting", ""),
        ("A003", "waiting", ""),
    ]
    assert found[0]["taken_at"] <= found[0]["called_at"] < found[0]["ended_at"]
    assert found[0]["taken_at"].endswith("+00:00")
    assert (found[0]["superseded"], found[0]["served_s"]) == ("false", "120")


def test_json_says_the_same_as_csv(app: App, day: HallDay, tmp_path: Path):
    for what in COLUMNS:
        by_csv = exported(app, tmp_path / "x.csv", what)
        by_json = exported(app, tmp_path / "x.json", what, "json")
        assert [r.keys() for r in by_json[: len(by_csv)]] == [r.keys() for r in by_csv]
        assert [str(r.get("number", r.get("seq"))) for r in by_json[: len(by_csv)]] == [
            r.get("number", r.get("seq")) for r in by_csv
        ]


def test_ratings_carry_no_word_of_a_citizen(app: App, day: HallDay, tmp_path: Path):
    (found,) = exported(app, tmp_path / "r.csv", "ratings")
    assert (found["number"], found["state"], found["level"], found["window"]) == ("A001", "asked", "", "W01")
    for columns in COLUMNS.values():
        assert not {c.name for c in columns} & {"text", "note", "person", "link", "phone", "name"}


def test_the_audit_trail_is_whole_and_names_the_export(app: App, day: HallDay, tmp_path: Path):
    found = exported(app, tmp_path / "a.csv", "audit", first="2000-01-01", last="2100-01-01")
    assert [int(r["seq"]) for r in found] == list(range(1, len(found) + 1))
    (noted,) = audit(app, "data.export")
    assert (noted["about"], noted["facts"]["rows"]) == ("export:audit", len(found))


def test_days_are_cut_at_both_ends(app: App, day: HallDay, clock: Clock, tmp_path: Path):
    today = exported(app, tmp_path / "t.csv", "tickets")[0]["day"]
    assert exported(app, tmp_path / "t.csv", "tickets", first="2000-01-01", last="2000-12-31") == []
    assert len(exported(app, tmp_path / "t.csv", "tickets", first=today, last=today)) == 3
    for wrong in ({"first": "2026-02-30"}, {"first": "x"}, {"first": "2027-01-01", "last": "2026-01-01"}):
        with pytest.raises(BadDate):
            exported(app, tmp_path / "t.csv", "tickets", **wrong)


def test_a_file_is_for_its_owner_and_never_half(app: App, day: HallDay, tmp_path: Path, monkeypatch):
    path = tmp_path / "t.csv"
    exported(app, path, "tickets")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    before = path.read_bytes()

    def broken(*_args):
        yield ["x"] * len(COLUMNS["tickets"])
        raise OSError(28, "No space left")

    monkeypatch.setitem(SOURCES, "tickets", broken)
    with pytest.raises(OSError, match="No space"):
        exported(app, path, "tickets")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.glob("*t.csv*")] == ["t.csv"]


def test_no_cell_is_a_formula(app: App, day: HallDay, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(SOURCES, "ratings", lambda *_: iter([["=1+1", *["x"] * 12]]))
    assert exported(app, tmp_path / "r.csv", "ratings")[0]["day"] == "'=1+1"


def test_the_command(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("WUCHA_DATA", str(tmp_path / "none"))
    told = CliRunner().invoke(main, ["export", "columns"])
    assert told.exit_code == 0
    assert told.output.strip() == columns_table()
    assert "served_s" in told.output
    assert CliRunner().invoke(main, ["export", "tickets"]).exit_code == 1
