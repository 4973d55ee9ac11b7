"""Why a number was called before others, in one sentence: from what the call stored, for clerk, citizen and
supervisor alike."""

from __future__ import annotations

from datetime import timedelta

from server.domain.routing import APPOINTMENT
from server.domain.tickets import Leg
from server.store.appointments import appointment_time
from server.store.snapshots.view import View


def why(view: View, leg: Leg) -> dict[str, str]:
    """{rule, zh, en}: the rule that called `leg` and the sentence it makes. A protected leg that came by
    appointment is told by its agreed time."""
    facts: dict[str, object] = {
        "number": leg.number,
        "waited": leg.waited_min,
        "hard": round(view.settings.rules.hard),
    }
    key = leg.rule
    if leg.rule == "protected" and leg.priority == APPOINTMENT:
        lead = timedelta(minutes=view.settings.rules.lead)
        at = appointment_time(view.connection, leg.ticket) or leg.origin_at + lead
        key, facts["time"] = "due", f"{at.astimezone(view.settings.zone):%H:%M}"
    return {"rule": leg.rule, **view.texts.both(f"why.{key}", **facts)}
