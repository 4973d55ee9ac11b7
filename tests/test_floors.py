"""Imports go down, never up, never sideways; the ground knows no I/O. The table below is the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FLASK = ("flask", "flask_socketio", "apiflask", "werkzeug")
SQL = ("sqlalchemy", "alembic", "sqlite3", "psycopg")
WIRE = ("serial", "socket", "threading", "time")
DOORS = ("server.api", "server.live", "server.web")

# a folder or file -> what nothing in it may import
NEVER: dict[str, tuple[str, ...]] = {
    "server/domain": (*FLASK, *SQL, "serial", "drivers", "os", "time", "random", "threading", "server.store",
                      "server.actions", "server.settings", *DOORS),
    "server/settings.py": (*FLASK, *SQL, "server.store", "server.actions", *DOORS),
    "server/clock.py": ("server", "drivers"),
    "server/devices.py": (*SQL, *FLASK, "serial"),
    "server/store": (*FLASK, "drivers", "server.actions", *DOORS),
    "server/actions": (*FLASK, "sqlalchemy", "drivers", *DOORS),
    "server/simulate": (*FLASK, "drivers", *DOORS),
    "server/simulate/loop.py": (*SQL, "server.store", "server.actions", "server.settings"),
    "server/simulate/pure.py": (*SQL, "server.store", "server.actions"),
    "server/demo": (*FLASK, "drivers", "server.live", "server.web"),
    "server/api": ("drivers",),
    "server/live": ("drivers",),
    "server/web": ("drivers",),
    "drivers": ("server", "kiosk", "display", "flask"),
    "drivers/protocol": (*WIRE, "drivers.line", "drivers.led", "drivers.pad", "drivers.printer",
                         "drivers.reader", "drivers.virtual"),
    "drivers/virtual": ("drivers.led", "drivers.pad", "drivers.printer", "drivers.reader"),
    "kiosk": ("server.store", "drivers"),
    "display": ("server.store", "drivers"),
}  # fmt: skip


def files(place: str) -> list[Path]:
    path = ROOT / place
    return (
        [path] if path.is_file() else sorted(p for p in path.rglob("*.py") if "node_modules" not in p.parts)
    )


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("place", sorted(NEVER))
def test_imports_go_down(place: str) -> None:
    found = files(place)
    assert found or place in ("kiosk", "display"), f"{place} is empty"
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in found
        for name in imports(path)
        for banned in NEVER[place]
        if name == banned or name.startswith(banned + ".")
    ]
    assert not wrong


def test_only_the_clock_says_now() -> None:
    # broadcast.py compares with a stamp that Engine.IO itself takes by time.time()
    allowed = {ROOT / "server" / "clock.py", ROOT / "server" / "live" / "broadcast.py"}
    asks = [
        str(path.relative_to(ROOT))
        for path in files("server")
        if path not in allowed
        and any(f"{word}(" in path.read_text("utf-8") for word in ("datetime.now", "time.time", "utcnow"))
    ]
    assert not asks


def test_only_the_line_speaks_serial() -> None:
    speakers = {
        str(p.relative_to(ROOT))
        for p in files("drivers")
        if any(n.split(".")[0] == "serial" for n in imports(p))
    }
    allowed = {
        "drivers/line/ports.py",
        "drivers/line/serial_line.py",
        "drivers/virtual/protocol_virtual.py",
    }
    assert speakers <= allowed, speakers
