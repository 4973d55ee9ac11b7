"""好差评: who may rate what, until when. A rating is given once and never edited; silence is never praise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain import refusals

CLOCKS_DIFFER = timedelta(seconds=2)  # a pad follows our clock to half a second, and a beat of the network


@dataclass(frozen=True)
class Round:
    """One question to one citizen about one finished visit. level None = not rated yet."""

    leg: int
    window: str
    state: str  # asked | given | timed_out | withdrawn
    asked_at: datetime
    level: int | None = None


@dataclass(frozen=True)
class RatingRule:
    """level -> reason codes that belong to it; levels up to `reason_max_level` need a reason or words."""

    reasons: Mapping[int, frozenset[str]]
    reason_max_level: int
    pad_timeout: timedelta
    link_timeout: timedelta  # how long the citizen's own link may still rate


def check_rating(
    asked: Round | None,
    rule: RatingRule,
    level: int,
    reasons: Sequence[str],
    text: str,
    now: datetime,
    *,
    pad: bool,
    keys_only: bool = False,
    pressed_at: datetime | None = None,
) -> Round:
    """The question this rating answers. Raises why it may not be taken.

    pad: from the window's pad, which asks for a shorter time. keys_only: it has no way to name a reason.
    pressed_at: the pad's word for when it was given, where the line was cut meanwhile: a press in time is
    handed over for as long as the citizen's own link may rate.
    """
    if asked is None or asked.state == "withdrawn":
        raise refusals.RatingNotAsked()
    if asked.state == "given":
        raise refusals.RatingGivenAlready(leg=asked.leg)
    moment = now if pressed_at is None else min(pressed_at, now)
    if moment < asked.asked_at - CLOCKS_DIFFER:
        raise refusals.RatingNotAsked()
    in_time = rule.pad_timeout if pad else rule.link_timeout
    if moment - asked.asked_at > in_time or now - asked.asked_at > rule.link_timeout:
        raise refusals.RatingTooLate(leg=asked.leg)
    if level not in rule.reasons:
        fields = [{"field": "level", "zh": "没有这个评价等级", "en": "no such level"}]
        raise refusals.InputInvalid(fields=fields)
    foreign = [code for code in reasons if code not in rule.reasons[level]]
    if foreign:
        raise refusals.ReasonForeign(level=level, codes=foreign)
    if level <= rule.reason_max_level and not keys_only and not reasons and not text.strip():
        raise refusals.ReasonNeeded(level=level)
    return asked
