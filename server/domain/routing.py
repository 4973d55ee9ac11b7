"""GATE: which waiting leg a free window calls, and why.

Seniority counts in shares of a limit that grows with the expected service time; protected classes
(appointments, priority) go first from `origin + gate`; `hard` restores strict first-come order for the very
old; a comprehensive window leaves for `hand` minutes what an open specialised window can take alone; after
`run` protected calls in a row an ordinary leg older than `guard` is next. The key is a tuple compared left to
right with the id last, so the order is total. Minutes throughout. The theory and the comparison with other
rules are told in ARCHITECTURE.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import ClassVar

from server.domain.catalogue import STRICT
from server.domain.tickets import Leg

ORDINARY, APPOINTMENT, SUPPLEMENT = "ordinary", "appointment", "supplement"


@dataclass(frozen=True)
class Rules:
    """config/rules.toml [gate]; all in minutes unless said otherwise."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    gate: float = 0.0  # a protected leg goes first from origin + gate
    lead: float = 3.0  # an appointment's origin = its time - lead
    late: float = 10.0  # checked in later than this after its time: ordinary
    gamma: float = 0.5  # 0 = strict first come first served among ordinary legs
    clip_low: float = 0.5
    clip_high: float = 1.5
    hand: float = 10.0
    hard: float = 90.0
    run: int = 4  # protected calls in a row, counted over the hall
    guard: float = 45.0
    miss: float = 0.5  # share of the limit that someone who missed a call keeps as seniority
    limit: Mapping[str, float] = field(
        default_factory=lambda: {"ordinary": 30.0, "appointment": 10.0, "priority": 10.0}
    )
    # class -> (ordinary, of the class): among so many calls of the two together at most so many of the class,
    # while somebody else waits; where a ratio is given, `run` does not count
    ratio: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The leg to call and why: config/text `why.<rule>` makes the sentence from the number and `waited`."""

    leg: Leg
    rule: str  # protected | hard | share | guard | ratio | max_share | back | choice
    waited: int  # whole minutes since its seniority began


@dataclass(frozen=True)
class Situation:
    """What the rule must know beside the waiting legs."""

    comprehensive: bool  # is the calling window comprehensive
    mean_minutes: Mapping[str, float]  # service -> expected minutes
    mean_all: float
    special_open: frozenset[str] = frozenset()  # services that an open specialised window can take
    protected_run: int = 0  # protected calls in a row so far, hall-wide
    window: str = ""  # the calling window
    capped: Mapping[str, str] = field(default_factory=dict)  # class that must let others go first -> the rule


def minutes(span: timedelta) -> float:
    return span.total_seconds() / 60


def is_protected(leg: Leg, window: str = "") -> bool:
    """Does `leg` go before ordinary ones? A supplement (补正) does so at its first handler's window only."""
    if leg.priority == SUPPLEMENT:
        return leg.first_window is not None and leg.first_window == window
    return leg.priority != ORDINARY


def kind_of(leg: Leg) -> str:
    """The class whose limit holds: ordinary, appointment or priority."""
    return kind_of_class(leg.priority)


def kind_of_class(priority: str) -> str:
    """The same for a class by its name."""
    return priority if priority in (ORDINARY, APPOINTMENT) else "priority"


def seniority_from(leg: Leg) -> datetime:
    """Since when `leg` has waited. An appointment's origin may lie ahead: who came early has waited since."""
    return min(leg.origin_at, leg.joined_at) if leg.priority == APPOINTMENT else leg.origin_at


def key(leg: Leg, now: datetime, rules: Rules, at: Situation) -> tuple[float, ...]:
    """The place of `leg` before the calling window: the smallest tuple is called."""
    origin, joined = leg.origin_at.timestamp(), leg.joined_at.timestamp()
    gate = 0.0 if leg.priority == SUPPLEMENT else rules.gate
    if is_protected(leg, at.window) and minutes(now - leg.origin_at) >= gate:
        return (0, origin + gate * 60, joined, leg.id)
    senior = seniority_from(leg).timestamp()
    age = (now.timestamp() - senior) / 60
    if age >= rules.hard:
        return (1, senior, joined, leg.id)
    share = (at.mean_minutes.get(leg.service, at.mean_all) / at.mean_all) ** rules.gamma
    share = min(max(share, rules.clip_low), rules.clip_high)
    hand = rules.hand if at.comprehensive and leg.service in at.special_open else 0.0
    return (2, -(age - hand) / share, joined, leg.id)


def choose(waiting: Iterable[Leg], now: datetime, rules: Rules, at: Situation) -> Choice | None:
    """The leg to call at `now`, or None when nobody waits. `waiting` holds only legs this window may call.

    The heads of each (queue, service, priority) line are enough, since legs of one line are served by origin.
    """
    legs = list(waiting)
    if not legs:
        return None
    back = [leg for leg in legs if leg.came_back]
    if back:  # sent by this window to another, and done there
        return _explain(min(back, key=lambda leg: (leg.origin_at, leg.id)), "back", now)
    best = min(legs, key=lambda leg: key(leg, now, rules, at))
    cap = at.capped.get(kind_of(best)) if is_protected(best, at.window) else None
    if cap is not None:
        others = [x for x in legs if kind_of(x) not in at.capped or not is_protected(x, at.window)]
        if others:
            return _explain(min(others, key=lambda leg: key(leg, now, rules, at)), cap, now)
    if not rules.ratio and is_protected(best, at.window) and at.protected_run >= rules.run:
        old = [x for x in legs if not is_protected(x, at.window) and minutes(now - x.origin_at) > rules.guard]
        if old:
            return _explain(min(old, key=lambda leg: key(leg, now, rules, at)), "guard", now)
    rule = ("protected", "hard", "share")[int(key(best, now, rules, at)[0])]
    return _explain(best, rule, now)


def _explain(leg: Leg, rule: str, now: datetime) -> Choice:
    return Choice(leg, rule, max(0, round(minutes(now - seniority_from(leg)))))


def over_ratio(recent: Sequence[str], kind: str, ordinary: int, of_kind: int) -> bool:
    """Would one more call of `kind` break `ordinary` : `of_kind`? `recent`: classes of the last calls, newest
    first."""
    pair = [k for k in recent if k in (ORDINARY, kind)][: ordinary + of_kind - 1]
    return pair.count(kind) >= of_kind


def over_share(recent: Sequence[str], kind: str, share: float) -> bool:
    """Would one more call of `kind` be more than `share` of a window's calls? 0.5 = never two in a row."""
    part = Fraction(share).limit_denominator(10)
    return list(recent[: part.denominator - 1]).count(kind) >= part.numerator


def caps(here: Sequence[str], everywhere: Sequence[str], rules: Rules, share: float) -> dict[str, str]:
    """class -> the rule that makes it let others go first: "ratio" or "max_share".

    here, everywhere: classes of the last calls of the window and of the hall, newest first; share: at most so
    much of a window's calls goes to priority classes.
    """
    capped: dict[str, str] = {}
    if share < 1 and over_share(here, "priority", share):
        capped["priority"] = "max_share"
    for kind, (ordinary, of_kind) in rules.ratio.items():
        if over_ratio(everywhere, kind, ordinary, of_kind):
            capped[kind] = "ratio"
    return capped


def returned_origin(leg: Leg, now: datetime, rules: Rules) -> datetime:
    """Where the seniority of a leg starts that missed its call and came back."""
    keeps = timedelta(minutes=rules.limit[kind_of(leg)] * rules.miss)
    return max(leg.origin_at, now - keeps)
