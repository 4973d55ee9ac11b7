"""What people were told about the wait and what came true, and the figures that judge an estimator by it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from statistics import fmean, quantiles

LOOK_S = 60.0  # how often the shown clock time is looked at
SIZES = ((0, 1), (1, 5), (5, 15), (15, 30), (30, 60), (60, 600))


@dataclass
class Told:
    """One promise. Minutes; `waited` None = never called. `shown`: the clock times that were shown, in
    minutes of the day."""

    day: date
    queue: str
    kind: str
    p50: float
    most: float
    size: int
    told_s: float
    waited: float | None = None
    shown: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """calls: promises that a call settled. mae, most: minutes. near: share within max(5 min, 20 %). kept:
    share called within "at most"; worst, low: of the worst day and of the tenth percentile of days. by_size:
    wait from..to -> mean error."""

    calls: int
    mean_wait: float
    mae: float
    rmse: float
    mape: float
    near: float
    kept: float
    worst: float
    low: float
    most: float
    by_size: dict[str, float]
    by_kind: dict[str, float]

    def lines(self) -> list[str]:
        sizes = "  ".join(f"{k}: {v:.1f}" for k, v in self.by_size.items())
        kinds = "  ".join(f"{k}: {v:.1f}" for k, v in self.by_kind.items())
        return [
            f"{self.calls} calls, mean wait {self.mean_wait:.1f} min",
            f"error {self.mae:.2f} min (RMSE {self.rmse:.1f}, {self.mape:.0%} of waits over 5 min, "
            f"{self.near:.1%} within 5 min or 20 %)",
            f'"at most" kept {self.kept:.1%}, worst day {self.worst:.1%}, tenth percentile {self.low:.1%}, '
            f"mean {self.most:.1f} min",
            f"error by wait  {sizes}",
            f"error by class  {kinds}",
        ]


def judge(told: Iterable[Told]) -> Verdict:
    """The figures of QUEUEING's table over all settled promises."""
    rows = [(t, t.waited) for t in told if t.waited is not None]
    errors = [abs(waited - t.p50) for t, waited in rows]
    kept = [waited <= t.most for t, waited in rows]
    days: dict[date, list[bool]] = defaultdict(list)
    sizes: dict[str, list[float]] = {f"{a}-{b}": [] for a, b in SIZES}
    kinds: dict[str, list[float]] = defaultdict(list)
    for (t, waited), error, ok in zip(rows, errors, kept, strict=True):
        days[t.day].append(ok)
        kinds[t.kind].append(error)
        for a, b in SIZES:
            if a <= waited < b:
                sizes[f"{a}-{b}"].append(error)
    shares = [e / waited for (_, waited), e in zip(rows, errors, strict=True) if waited > 5]
    by_day = [fmean(oks) for oks in days.values()]
    return Verdict(
        calls=len(rows),
        mean_wait=fmean(waited for _, waited in rows),
        mae=fmean(errors),
        rmse=fmean(e * e for e in errors) ** 0.5,
        mape=fmean(shares) if shares else 0.0,
        near=fmean(e <= max(5.0, 0.2 * waited) for (_, waited), e in zip(rows, errors, strict=True)),
        kept=fmean(kept),
        worst=min(by_day),
        low=quantiles(by_day, n=10)[0] if len(by_day) > 1 else by_day[0],
        most=fmean(t.most for t, _ in rows),
        by_size={k: fmean(v) for k, v in sizes.items() if v},
        by_kind={k: fmean(v) for k, v in kinds.items()},
    )


@dataclass(frozen=True)
class Jumps:
    """How the shown clock time behaves: changes per ten minutes of waiting, mean and 95th percentile of their
    size in minutes."""

    per_ten: float
    mean: float
    p95: float


def jumpiness(told: Iterable[Told]) -> Jumps:
    steps: list[float] = []
    minutes = 0.0
    for t in told:
        minutes += len(t.shown) * LOOK_S / 60
        steps += [abs(b - a) for a, b in zip(t.shown, t.shown[1:], strict=False) if a != b]
    if not steps:
        return Jumps(0.0, 0.0, 0.0)
    return Jumps(len(steps) / minutes * 10, fmean(steps), sorted(steps)[int(len(steps) * 0.95)])
