"""How many windows a load needs: Erlang C, as METRICS 6 writes it. For plans, never for what a citizen
is told."""

from __future__ import annotations

from math import exp

MOST = 60  # windows; beyond that the answer is "more"


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
