"""Somebody takes an alarm on: everybody who leads the hall sees who, and the chain keeps it."""

from __future__ import annotations

from datetime import datetime

from server.domain.events import AlarmAnswered
from server.store.alarm_answers import put_answer
from server.store.unit import Unit


def answer_alarm(unit: Unit, alarm: str, level: str, since: datetime | None) -> None:
    """alarm: kind:what:detail, as the manager's face names it; since: when it began, None = not known."""
    put_answer(unit, alarm, level, since)
    unit.add(AlarmAnswered(alarm, unit.actor.id))
    unit.note("alarm.answer", f"alarm:{alarm}", level=level)
