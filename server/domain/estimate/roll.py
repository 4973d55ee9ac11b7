"""One future of a scene: windows become free and call by the very rule that calls in the hall, until nobody
is left whose first call is asked for.

A question "if I took a number now" is a ghost: a leg that may be called and then occupies no window, so that
it changes nothing for the others.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from math import inf

from server.domain.estimate.scene import Desk, Dice, Scene, Spell
from server.domain.estimate.times import ServiceTime, cold
from server.domain.routing import Situation, choose, is_protected
from server.domain.tickets import Leg, State

GHOSTS, NEWCOMERS = 1 << 62, 1 << 61  # ids from here on: no leg of a database has them
HORIZON = 16 * 60.0  # minutes: what is called later is not called today
NOBODY = 10.0  # minutes taken for a service the catalogue does not know

Line = tuple[str, str, str, str | None]  # queue, service, priority, the only window that may call


def _line(leg: Leg) -> Line:
    return leg.queue, leg.service, leg.priority, leg.target_window


def _order(leg: Leg) -> tuple[float, int]:
    return leg.origin_at.timestamp(), leg.id


def next_moment(spells: Sequence[Spell], t: float) -> float | None:
    """The first moment from `t` on at which a window with these spells calls; None = never again."""
    return next((max(t, start) for start, end in spells if t < end), None)


class Stage:
    """A scene made ready for many futures. `ghosts`: legs that only ask."""

    def __init__(self, scene: Scene, ghosts: Iterable[Leg] = ()) -> None:
        self._scene = scene
        ghosts = tuple(ghosts)
        self._lines: dict[Line, list[Leg]] = defaultdict(list)
        for leg in (*scene.waiting, *ghosts):
            self._lines[_line(leg)].append(leg)
        for legs in self._lines.values():
            legs.sort(key=_order)
        self._asked = len(scene.waiting) + len(ghosts)
        known = {*self._lines, *map(_line, scene.coming)}
        known |= {(n.queue, n.service, n.priority, None) for n in scene.newcomers}
        self._mine = [_lines_of(desk, known) for desk in scene.desks]
        self._bounds = sorted({edge for desk in scene.desks for spell in desk.spells for edge in spell})
        self._mean_all = sum(scene.mean_minutes.values()) / max(len(scene.mean_minutes), 1) or NOBODY
        self._situations: dict[tuple[int, int, int], Situation] = {}
        self._cold: dict[str, ServiceTime] = {}

    def play(self, dice: Dice) -> dict[int, float]:
        """leg id -> minutes until its first call, for all who are called in this future."""
        scene, desks = self._scene, self._scene.desks
        lines = defaultdict(list, {line: list(legs) for line, legs in self._lines.items()})
        cursor: dict[Line, int] = defaultdict(int)
        joins = sorted(self._joins(dice), key=lambda join: join[0], reverse=True)
        ready: list[tuple[float, int, int]] = []
        for i, desk in enumerate(desks):
            t = next_moment(desk.spells, self._free_at(desk, dice))
            if t is not None:
                ready.append((t, len(self._mine[i][-1]), i))
        heapify(ready)
        calls: dict[int, float] = {}
        idle: list[int] = []
        left, run = self._asked, scene.protected_run
        while left and (ready or (idle and joins)):
            while joins and (not ready or joins[-1][0] <= ready[0][0]):
                t, leg = joins.pop()
                insort(lines[_line(leg)], leg, lo=cursor[_line(leg)], key=_order)
                for i in idle:
                    at = next_moment(desks[i].spells, t)
                    if at is not None:
                        heappush(ready, (at, len(self._mine[i][-1]), i))
                idle.clear()
            if not ready:
                break
            t, skills, i = heappop(ready)
            if t > HORIZON:
                break
            leg_or_none = self._choose(i, t, run, lines, cursor)
            if leg_or_none is None:
                idle.append(i)
                continue
            leg = leg_or_none
            cursor[_line(leg)] += 1
            if leg.id >= GHOSTS or leg.id < NEWCOMERS:
                calls[leg.id] = t
                left -= 1 if leg.joined_at <= scene.now or leg.id >= GHOSTS else 0
            if leg.id >= GHOSTS:
                heappush(ready, (t, skills, i))
                continue
            run = run + 1 if is_protected(leg, desks[i].window) else 0
            again = next_moment(desks[i].spells, t + self._occupied(desks[i], leg, dice))
            if again is not None:
                heappush(ready, (again, skills, i))
        return calls

    def _free_at(self, desk: Desk, dice: Dice) -> float:
        paused = dice.expovariate(1 / desk.pause_left) if desk.pause_left else 0.0
        if desk.busy is None:
            return paused
        time = self._time(desk.busy.service)
        return max(paused, time.remaining(desk.busy.elapsed, dice))

    def _time(self, service: str) -> ServiceTime:
        """What was learned of a service, or its listed time: it may be new since this morning."""
        known = self._scene.times.get(service) or self._cold.get(service)
        if known is None:
            known = self._cold[service] = cold(self._scene.mean_minutes.get(service, NOBODY))
        return known

    def _occupied(self, desk: Desk, leg: Leg, dice: Dice) -> float:
        if dice.random() < self._scene.no_show:
            return self._scene.miss_minutes
        time = self._time(leg.service)
        return time.draw(dice) * self._scene.pace.get((desk.window, leg.queue), 1.0)

    def _choose(
        self, i: int, t: float, run: int, lines: dict[Line, list[Leg]], cursor: dict[Line, int]
    ) -> Leg | None:
        now = self._scene.now + timedelta(minutes=t)
        for mine in self._mine[i]:
            heads = [lines[line][cursor[line]] for line in mine if cursor[line] < len(lines[line])]
            chosen = choose(heads, now, self._scene.rules, self._situation(i, t, run))
            if chosen is not None:
                return chosen.leg
        return None

    def _situation(self, i: int, t: float, run: int) -> Situation:
        """What the calling window must know at `t`, as `call_next` would tell it."""
        span = bisect_right(self._bounds, t)
        found = self._situations.get((i, span, run))
        if found is None:
            desk, scene = self._scene.desks[i], self._scene
            special: set[str] = set()
            if desk.comprehensive:
                open_now = [
                    d
                    for d in scene.desks
                    if d is not desk
                    and not d.comprehensive
                    and not d.pause_left
                    and any(start <= t < end for start, end in d.spells)
                ]
                special = {queue for d in open_now for queue, service in d.pools[0] if service is None}
            found = Situation(
                window=desk.window,
                comprehensive=desk.comprehensive,
                mean_minutes=scene.mean_minutes,
                mean_all=self._mean_all,
                special_open=frozenset(s for s, queue in scene.queue_of.items() if queue in special),
                protected_run=run,
            )
            self._situations[i, span, run] = found
        return found

    def _joins(self, dice: Dice) -> Iterable[tuple[float, Leg]]:
        """Who takes a number later: the announced ones, and newcomers by chance."""
        scene = self._scene
        for leg in scene.coming:
            yield max(0.0, (leg.joined_at - scene.now).total_seconds() / 60), leg
        number = NEWCOMERS
        for stream in scene.newcomers:
            t = dice.expovariate(stream.per_minute) if stream.per_minute > 0 else inf
            while t < min(stream.until, HORIZON):
                at = scene.now + timedelta(minutes=t)
                yield t, asking(number, stream.queue, stream.service, stream.priority, at)
                number += 1
                t += dice.expovariate(stream.per_minute)


def _lines_of(desk: Desk, lines: Iterable[Line]) -> list[list[Line]]:
    """The lines a window may call, one list per level of its pools; those for it alone are on every level."""
    levels = []
    for pools in desk.pools:
        mine = [
            line
            for line in sorted(lines, key=str)
            if line[3] == desk.window
            or (line[3] is None and any(line[0] == q and s in (None, line[1]) for q, s in pools))
        ]
        levels.append(mine)
    return levels


def asking(id: int, queue: str, service: str, priority: str, at: datetime) -> Leg:
    """A leg that is nobody's yet: it joins `queue` at `at`."""
    return Leg(
        id=id,
        ticket=id,
        ordinal=1,
        number="",
        service=service,
        queue=queue,
        priority=priority,
        state=State.WAITING,
        joined_at=at,
        origin_at=at,
    )
