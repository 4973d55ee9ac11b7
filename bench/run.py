"""The command: choose parts, run them one after another, print a table, write JSON."""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
import traceback
from pathlib import Path

from bench.figures import Row, as_json, machine, table

PARTS = {
    "floor": "(c) SQLite WAL+FULL commit",
    "deeds": "(d) routing at 2,000 waiting; take and next without HTTP",
    "acts": "(a) take and next over HTTP against a bare Flask handler with one commit",
    "push": "(b) a broadcast to 100, 300, 1,000 sockets against bare Flask-SocketIO",
    "screens": "(j) a call until a real board has painted it, 300 sockets on the same hall",
    "led_bus": "(i) 20 strips on one 9600 baud pair: a full refresh, a call meanwhile, a dead address",
    "paper": "(h) commit to the first byte of a slip at 9600 baud",
    "estimates": "(f) waits foretold on simulated days: error, promises kept; a look ahead at 2,000 waiting",
    "replay": "(k) a simulated hall-day of 400 tickets; a manager's what-if",
    "wires": "(g) the device host at rest with 60 devices on real pseudo terminals",
    "storm": "(e) 200 screens reconnect, kill -9 to first success, import and start",
}


def main(argv: list[str] | None = None) -> int:
    """0 when every aim that was measured is met, 1 otherwise."""
    about = "\n".join(f"  {name:9}{what}" for name, what in PARTS.items())
    parser = argparse.ArgumentParser(
        "wucha bench", description=f"Measure Wucha against the bare libraries it stands on:\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="which parts; all when none is named")
    parser.add_argument("--quick", action="store_true", help="half the repetitions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--dir", type=Path, metavar="DIR", help="where databases lie meanwhile (a real disk)")
    wanted = parser.parse_args(argv)
    if unknown := set(wanted.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="wucha-bench-", dir=wanted.dir) as folder:
        for name in wanted.parts or PARTS:
            begun = time.monotonic()
            print(f"{name} …", end=" ", flush=True)
            try:
                rows += importlib.import_module(f"bench.{name}").run(Path(folder), wanted.quick)
            except Exception as broken:  # noqa: BLE001  one part that fails must not take the others along
                traceback.print_exc()
                said = str(broken).split("\n")[0][:100]
                rows.append(Row(name, "failed", note=f"{type(broken).__name__}: {said}"))
            print(f"{time.monotonic() - begun:.0f} s", flush=True)
    print(f"\n{machine()}\n\n{table(rows)}")
    if wanted.json:
        wanted.json.write_text(as_json(rows), encoding="utf-8")
    failed = any(row.met is False or row.what == "failed" for row in rows)
    return 1 if failed else 0
