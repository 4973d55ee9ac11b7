"""What the demo says of its own day with faults, where the machine may have had no time for it."""

from __future__ import annotations

import os
import re
from subprocess import CompletedProcess

ROW = re.compile(
    r"^  \S+(?: \w+)? +(?P<seen>[\d.]+ s|–) +\d+ s +(?P<gone>[\d.]+ s|–) +\d+(?P<late>  ✗)?$", re.MULTILINE
)
BUSY = 1.5  # processes that want to run, per core


def judge(done: CompletedProcess[str]) -> str:
    """The report of a day on which all was kept.

    How soon a fault must be seen (N8) is tested on a clock that jumps (tests/drivers). Here the seconds are
    real ones: on a machine with more to do than its cores can, late is no verdict on the hall. Lost, doubled,
    unsound, never seen or never gone is one on any machine.
    """
    said, report = done.stdout + done.stderr, done.stdout.partition("故障演练")[2]
    rows = list(ROW.finditer(report))
    assert rows, said
    assert "丢失 lost 0 · 重复 doubled 0" in report, said
    assert all("–" not in (row["seen"], row["gone"]) for row in rows), said
    late = [row for row in rows if row["late"]]
    if late and os.getloadavg()[0] > BUSY * (os.cpu_count() or 1):
        # the rows are all that was not kept: no number, nor what `verify` finds, stands below them
        assert done.stdout.rstrip().endswith(f"{rows[-1][0].rstrip()}\n  有不合格项 not all kept"), said
    else:
        assert done.returncode == 0, said
        assert "全部合格 all kept" in report
    return report
