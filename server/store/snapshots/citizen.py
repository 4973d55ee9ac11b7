"""What the holder of a ticket's link sees on the phone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from server.domain.complaints import Complaint, review_until
from server.domain.estimate.promise import on_the_clock
from server.domain.holding import held_until
from server.domain.postponing import postponable
from server.domain.remote import must_leave, present_by
from server.domain.routing import is_protected
from server.domain.tickets import AT_WINDOW, STANDING, Leg, State, Ticket
from server.domain.windows import WindowState
from server.store import ratings
from server.store.complaints import complaints_of
from server.store.days import find_day
from server.store.errands import open_errands
from server.store.estimates import Expected, expectation, find_promise
from server.store.remote import find_remote
from server.store.snapshots.public import badge
from server.store.snapshots.view import View, iso
from server.store.snapshots.why import why_for_citizen
from server.store.tickets import count_ahead, last_leg, legs_of, waiting_behind
from server.store.windows import find_post


def citizen_value(view: View, ticket: Ticket, now: datetime) -> dict[str, Any]:
    """The ticket's place at `now`, its window when called, and whether the visit can be rated."""
    leg = last_leg(view.connection, ticket.id)
    catalogue = view.settings.catalogue
    service, queue = catalogue.services[leg.service], catalogue.queues[leg.queue]
    ahead = None
    if leg.state in STANDING:
        ahead = count_ahead(view.connection, view.hall, ticket.day, leg)
    day = find_day(view.connection, view.hall, ticket.day)
    here = (*AT_WINDOW, State.HELD)  # whoever was set aside comes back to the same window
    window = catalogue.windows[leg.window].number if leg.window and leg.state in here else None
    estimate = _estimate(view, leg)
    remote = _remote(view, ticket, leg, ahead, estimate, now)
    near = ahead is not None and ahead < view.settings.hall.call.near_ahead
    if remote is not None and leg.state is State.AWAY:
        near = remote["leave"]
    serving = [leg.target_window] if leg.target_window else catalogue.serving[leg.queue]
    until = held_until(leg, view.settings.hall.call.max_hold_minutes)
    if leg.state is State.HELD and leg.window and not _works(view, leg.window):
        window, serving = None, [w for w in serving if _works(view, w)]
    return {
        "ticket": {
            "number": ticket.number,
            "state": leg.state,
            "service": {"id": service.id, "name": service.name, "name_en": service.name_en},
            "queue_name": queue.name,
            "queue_name_en": queue.name_en,
            "ahead": ahead,
            "estimate": estimate,
            "window": window,
            "clerk": _clerk(view, leg),
            "until": iso(until),
            "calls": leg.calls,
            "postpone": _postpone(view, leg),
            "postponed": leg.postpones > 0,
            "returned": leg.returns > 0,
            "from_window": catalogue.windows[leg.from_window].number if leg.from_window else None,
            "near": near,
            "remote": remote,
            "why": why_for_citizen(view, leg) if leg.rule and leg.state in here else None,
            "called_at": iso(leg.called_at),
            "windows": [catalogue.windows[w].number for w in serving],
            "taken_at": iso(ticket.taken_at),
        },
        "legs": _legs(view, ticket),
        "rating": _rating(view, leg, now),
        "complaints": _complaints(view, complaints_of(view.connection, view.hall, ticket.id), now),
        "day_state": day.state if day else "closed",
    }


def _clerk(view: View, leg: Leg) -> dict[str, Any] | None:
    """Who calls or serves, as on the badge at the window."""
    if not leg.window or leg.state not in AT_WINDOW:
        return None
    post = find_post(view.connection, view.hall, leg.window)
    person = view.settings.catalogue.people.get(post.clerk or "")
    return badge(view, person) if person else None


def _works(view: View, window: str) -> bool:
    return find_post(view.connection, view.hall, window).state is not WindowState.CLOSED


def _estimate(view: View, leg: Leg) -> dict[str, Any] | None:
    """While waiting: the expected clock time in steps of two minutes, and what was promised with the number,
    or anew when the ticket moved on. None as well where the hall shows no estimates."""
    if leg.state not in STANDING or not view.settings.hall.ticket.show_estimated_wait:
        return None
    now, promise = expectation(view.connection, leg.id), find_promise(view.connection, leg.id)
    if leg.returns or leg.postpones:
        promise = None  # it was about the first call, and the first place
    moved = promise is not None and promise.occasion == "moved"
    by = promise.made_at + timedelta(seconds=promise.at_most_s) if promise else None
    if now is None and promise is not None:  # nobody has looked since the number was taken
        at = promise.made_at + timedelta(seconds=promise.p50_s)
        now = Expected(leg.id, promise.state, promise.rough, at, promise.made_at)
    if now is None or now.expected_at is None:
        return {"state": "unknown", "rough": True, "expected_at": None, "by": iso(by), "moved": moved}
    shown = iso(on_the_clock(now.expected_at))
    return {"state": now.state, "rough": now.rough, "expected_at": shown, "by": iso(by), "moved": moved}


def _remote(
    view: View, ticket: Ticket, leg: Leg, ahead: int | None, estimate: dict[str, Any] | None, now: datetime
) -> dict[str, Any] | None:
    """Of a number taken by phone: its code, whether its holder has been there, and until when they must be.

    leave: it is time to set out. present_by: the turn has come. back_until: it was missed and may come back.
    """
    found, rules = find_remote(view.connection, ticket.id), view.settings.hall
    if found is None:
        return None
    expected = estimate and estimate["expected_at"]
    leave = leg.state is State.AWAY and (
        found.due_at is not None
        or must_leave(rules.remote, ahead or 0, datetime.fromisoformat(expected) if expected else None, now)
    )
    by = present_by(rules.remote, ticket.taken_at, found.due_at) if found.due_at else None
    back = None
    if leg.state is State.NO_SHOW and leg.ended_at and found.arrived_at is None:
        back = leg.ended_at + timedelta(minutes=rules.call.no_show_return_minutes)
    return {
        "code": found.code,
        "arrived_at": iso(found.arrived_at),
        "leave": leave,
        "present_by": iso(by),
        "back_until": iso(back) if back is not None and back >= now else None,
        "absent": found.arrived_at is None and (leg.state is State.AWAY or back is not None),
        "early_min": rules.remote.present_minutes,
    }


def _postpone(view: View, leg: Leg) -> dict[str, Any] | None:
    """What the holder may give up: behind so many `people` (None for a protected number), or `minutes`. None
    when it may not, or when nobody is behind."""
    rules = view.settings.hall.call
    behind = (
        len(waiting_behind(view.connection, view.hall, leg)) if postponable(leg, rules.postpone_times) else 0
    )
    if not behind:
        return None
    people = None if is_protected(leg) else min(rules.postpone_people, behind)
    return {"people": people, "minutes": rules.postpone_minutes}


def _complaints(view: View, every: list[Complaint], now: datetime) -> list[dict[str, Any]]:
    """Oldest first, a second look right behind the one it looks at. nth: how the ticket counts it; review:
    until when a second look may be asked for, None when it may not."""
    again = {one.review_of for one in every}
    rows = []
    for nth, one in enumerate(every, 1):
        limits, calendar, zone = view.settings.limits_of(one), view.settings.calendar, view.settings.zone
        until = review_until(one, limits, calendar, zone)
        may = until is not None and now <= until and one.source != "review" and one.id not in again
        told = {**complaint_value(view, one), "nth": nth, "review": iso(until) if may else None}
        rows.append((one.review_of or one.id, one.id, told))
    return [told for *_, told in sorted(rows, key=lambda row: row[:2])]


def complaint_value(view: View, one: Complaint) -> dict[str, Any]:
    """How far it is, who answers it, until when, and the answer."""
    owner = view.settings.catalogue.people.get(one.owner or "")
    return {
        "source": one.source,
        "state": one.state.value,
        "made_at": iso(one.made_at),
        "owner": {"name": owner.name, "name_en": owner.name_en} if owner else None,
        "due": iso(one.due),
        "extended": one.extended,
        "answer": one.answer,
        "ended_at": iso(one.ended_at),
    }


def _legs(view: View, ticket: Ticket) -> list[dict[str, Any]]:
    """Every leg of a ticket that has several, and the services still to come; empty for a plain one."""
    windows, services = view.settings.catalogue.windows, view.settings.catalogue.services
    steps = [
        (leg.service, leg.state.value, leg.window or leg.target_window)
        for leg in legs_of(view.connection, ticket.id)
        if not (leg.superseded and leg.state is State.CANCELLED)  # taken back
    ]
    steps += [(errand.service, "planned", None) for errand in open_errands(view.connection, ticket.id)]
    if len(steps) < 2:
        return []
    return [
        {
            "service": {"name": services[service].name, "name_en": services[service].name_en},
            "state": state,
            "window": windows[window].number if window else None,
        }
        for service, state, window in steps
    ]


def _rating(view: View, leg: Leg, now: datetime) -> dict[str, Any]:
    asked = ratings.find_round(view.connection, view.hall, leg.id) if leg.state is State.DONE else None
    if asked is None:
        return {"can": False, "leg": None, "given": None}
    in_time = now - asked.asked_at <= view.settings.rating_rule.link_timeout
    return {"can": asked.state != "given" and in_time, "leg": leg.id, "given": asked.level}
