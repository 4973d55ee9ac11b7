"""评价: the citizen says how it was, once, on the window's pad or by the ticket's own link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from server.actions.complain import follow_up
from server.domain.events import RatingGiven, RatingTimedOut
from server.domain.ratings import check_rating
from server.settings import HallSettings
from server.store import ratings
from server.store.unit import Unit

PAD, QR = "4", "3"  # channel numbers of the national rating interface


def rate(
    unit: Unit,
    hall: HallSettings,
    leg: int,
    level: int,
    reasons: Sequence[str],
    text: str = "",
    keys_only: bool = False,
    pressed_at: datetime | None = None,
) -> int:
    """Store the rating of a finished visit; the level. A pad may rate only its own window's visit.

    keys_only: from five plain keys that cannot name a reason; the follow-up of a bad rating asks for it.
    pressed_at: when the citizen pressed, as the pad says that could not tell us at once.
    Raises RatingNotAsked, RatingGivenAlready, RatingTooLate, ReasonNeeded, ReasonForeign, InputInvalid.
    """
    asked = ratings.find_round(unit.connection, unit.hall, leg)
    pad = unit.actor.kind == "device"
    if asked is not None and pad and asked.window != unit.actor.window:
        asked = None  # another window's visit is none of this pad's business
    open_ = check_rating(
        asked,
        hall.rating_rule,
        level,
        reasons,
        text,
        unit.now,
        pad=pad,
        keys_only=keys_only,
        pressed_at=pressed_at,
    )
    given_at = unit.now if pressed_at is None else max(open_.asked_at, min(pressed_at, unit.now))
    ratings.give(unit, leg, level, reasons, text.strip(), PAD if pad else QR, given_at)
    unit.add(RatingGiven(open_.window, leg, level))
    unit.note("rating.give", f"leg:{leg}", level=level, reasons=list(reasons), given_at=given_at.isoformat())
    follow_up(unit, hall, leg, level)
    return level


def rate_by_key(
    unit: Unit, hall: HallSettings, window: str, level: int, leg: int | None, pressed_at: datetime
) -> int:
    """A key of a hardware pad, which counts from the moment it was pressed, however late we hear of it.

    leg: the visit that the pad was asking about then, as its host knows it; None: the newest question of its
    window at that moment is meant. Raises what `rate` raises.
    """
    if leg is None:
        since = pressed_at - hall.rating_rule.pad_timeout
        asked = ratings.open_round(unit.connection, unit.hall, window, since, pressed_at)
        leg = asked.leg if asked else 0
    return rate(unit, hall, leg, level, (), keys_only=True, pressed_at=pressed_at)


def close_overdue_questions(unit: Unit, hall: HallSettings) -> None:
    """Questions nobody answered become "timed out": asked, not rated, never praise."""
    before = unit.now - hall.rating_rule.pad_timeout
    for question in ratings.overdue_rounds(unit.connection, unit.hall, before):
        ratings.time_out(unit, question.leg)
        unit.add(RatingTimedOut(question.window, question.leg))
        unit.note("rating.time_out", f"leg:{question.leg}")
