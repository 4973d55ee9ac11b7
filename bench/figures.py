"""Samples to figures, figures to a table and JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field


def percentile(samples: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; nan for no samples."""
    if not samples:
        return float("nan")
    ranked = sorted(samples)
    return ranked[min(len(ranked) - 1, max(0, round(share * len(ranked) + 0.5) - 1))]


@dataclass
class Row:
    """One measured thing. Times in milliseconds; `ratio` is ours / theirs, `must` the most it may be."""

    part: str
    what: str
    ours: float | None = None
    theirs: float | None = None
    unit: str = "ms"
    p50: float | None = None
    p99: float | None = None
    must: float | None = None
    note: str = ""
    more: dict[str, object] = field(default_factory=dict)
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        if not self.ours or not self.theirs:
            return None
        return self.theirs / self.ours if self.more_is_better else self.ours / self.theirs

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached: the ratio where there is a rival, else our own figure."""
        value = self.ratio if self.theirs else self.ours
        return None if self.must is None or value is None else value <= self.must


def _show(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def table(rows: Iterable[Row]) -> str:
    head = ("part", "what", "unit", "ours", "bare", "ratio", "must", "", "p50", "p99", "note")
    lines = [head]
    for row in rows:
        must = "" if row.must is None else f"<= {_show(row.must)}{'x' if row.theirs else ''}"
        verdict = "" if row.met is None else "ok" if row.met else "MISSED"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
        lines.append((row.part, row.what, row.unit, _show(row.ours), _show(row.theirs), ratio, must, verdict,
                      _show(row.p50), _show(row.p99), row.note))
    wide = [max(len(line[at]) for line in lines) for at in range(len(head))]
    left = {0, 1, 2, 6, 7, 10}
    shown = ["  ".join(line[at].ljust(w) if at in left else line[at].rjust(w)
                       for at, w in enumerate(wide)).rstrip() for line in lines]
    return "\n".join([shown[0], "-" * len(shown[0]), *shown[1:]])


def machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "load": [round(x, 2) for x in os.getloadavg()],
            "python": platform.python_version(), "system": platform.platform()}


def as_json(rows: Iterable[Row]) -> str:
    listed = [{**asdict(row), "ratio": row.ratio, "met": row.met} for row in rows]
    return json.dumps({"machine": machine(), "rows": listed}, ensure_ascii=False, indent=1)
