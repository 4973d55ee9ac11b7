"""Why a number was called before others, in one sentence, from what the call stored: in the rule's own terms
for clerk and supervisor, in plain words for the citizen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.domain.routing import APPOINTMENT
from server.domain.tickets import Leg
from server.store.appointments import appointment_time
from server.store.snapshots.view import View


def why(view: View, leg: Leg) -> dict[str, str]:
    """{rule, zh, en}: the rule that called `leg` and the sentence it makes."""
    key, facts = _reason(view, leg)
    return {"rule": leg.rule, **view.texts.both(f"why.{key}", **facts)}


def why_for_citizen(view: View, leg: Leg) -> dict[str, Any]:
    """{rule, say, facts, zh, en}: the same for whoever was called; `say` and `facts` make the sentence in any
    language (ticket.because.<say>)."""
    key, facts = _reason(view, leg)
    if key == "share" and not leg.waited_min:
        key = "at_once"
    return {"rule": leg.rule, "say": key, "facts": facts, **view.texts.both(f"ticket.because.{key}", **facts)}


def _reason(view: View, leg: Leg) -> tuple[str, dict[str, object]]:
    """The sentence's key and facts. A protected leg that came by appointment is told by its agreed time."""
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
    return key, facts
