"""How many windows a load needs: Erlang C, as METRICS 6 writes it, and the square-root rule as a first guess.
For plans, never for what a citizen is told."""

from __future__ import annotations

from math import ceil, exp, sqrt
from statistics import NormalDist

MOST = 60  # windows; beyond that the answer is "more"
BETA_MOST, STEPS = 6.0, 40  # of the search for beta; 6 leaves nobody waiting
_NORMAL = NormalDist()


def waits_at_all(load: float, windows: int) -> float:
    """The share that has to wait. `load`: erlang, arrivals x service time; 1.0 when the windows cannot
    keep up."""
    if windows <= load:
        return 1.0
    blocked = 1.0  # Erlang B by its recursion, which does not overflow
    for c in range(1, windows + 1):
        blocked = load * blocked / (c + load * blocked)
    return blocked / (1 - load / windows * (1 - blocked))


def service_level(per_hour: float, minutes: float, windows: int, target: float) -> float:
    """The share called within `target` minutes. per_hour: arrivals; minutes: mean time at the window."""
    load = per_hour * minutes / 60
    if windows <= load:
        return 0.0
    return 1 - waits_at_all(load, windows) * exp(-(windows / minutes - per_hour / 60) * target)


def windows_needed(per_hour: float, minutes: float, target: float, goal: float) -> int | None:
    """The fewest windows that call a share of `goal` within `target` minutes; None: more than MOST."""
    if per_hour <= 0 or minutes <= 0:
        return 0
    for windows in range(1, MOST + 1):
        if service_level(per_hour, minutes, windows, target) >= goal:
            return windows
    return None


def square_root_staffing(per_hour: float, minutes: float, target: float, goal: float) -> int:
    """R + beta sqrt(R) windows for a load of R erlang (Halfin and Whitt, Operations Research 29, 1981).

    beta is the least for which a share of `goal` is called within `target` minutes, by their limit of many
    windows.
    """
    load = per_hour * minutes / 60
    if load <= 0:
        return 0
    low, high = 0.0, BETA_MOST
    for _ in range(STEPS):
        beta = (low + high) / 2
        late = _waits_in_the_limit(beta) * exp(-beta * sqrt(load) * target / minutes)
        low, high = (beta, high) if late > 1 - goal else (low, beta)
    return ceil(load + high * sqrt(load) - 1e-6)


def _waits_in_the_limit(beta: float) -> float:
    """The share that has to wait with R + beta sqrt(R) windows, R large."""
    return 1 / (1 + beta * _NORMAL.cdf(beta) / _NORMAL.pdf(beta))
