"""投诉 by the ticket's own link, and 差评: taken in, taken up, assigned, extended and answered."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from server.actions.raise_alarm import keep_alarms
from server.domain.access import may
from server.domain.complaints import (
    Complaint,
    ComplaintState,
    Source,
    check_extension,
    check_new,
    check_owner,
    check_reader,
    check_review,
    check_step,
    review_until,
)
from server.domain.deadlines import Limits, due_at
from server.domain.events import ComplaintChanged
from server.domain.refusals import ComplaintUnknown
from server.settings import HallSettings
from server.store.complaints import (
    add_complaint,
    complaints_of,
    erase_words,
    find_complaint,
    open_complaints,
    save_complaint,
)
from server.store.tickets import find_leg, find_ticket, last_leg
from server.store.unit import Unit

ANSWERS = "complaint.answer"


def complain(unit: Unit, hall: HallSettings, ticket: int, number: str, sealed: bytes) -> Complaint:
    """Raises ComplaintOpen while one waits for its answer, ComplaintsSpent."""
    check_new(complaints_of(unit.connection, unit.hall, ticket))
    leg = last_leg(unit.connection, ticket)
    facts = {"ticket": ticket, "number": number, "window": leg.window, "about": leg.clerk, "sealed": sealed}
    return _take_in(unit, hall, "words", hall.complaint, facts)


def leave_message(unit: Unit, hall: HallSettings, sealed: bytes) -> Complaint:
    """留言 of anybody at any hour; its link carries the answer."""
    facts = {"ticket": None, "number": "", "window": None, "about": None, "sealed": sealed}
    made = _take_in(unit, hall, "message", hall.complaint, {**facts, "link": secrets.token_urlsafe(16)})
    return save_complaint(unit, made, number=f"#{made.id}")


def follow_up(unit: Unit, hall: HallSettings, leg: int, level: int) -> None:
    """A bad rating opens an order, where the hall has it so (DOMAIN 4.11.8)."""
    if level not in hall.bad.levels or not hall.bad.open_work_order:
        return
    visit = find_leg(unit.connection, unit.hall, leg)
    number = find_ticket(unit.connection, unit.hall, visit.ticket).number
    facts = {"ticket": visit.ticket, "number": number, "window": visit.window, "about": visit.clerk}
    _take_in(unit, hall, "rating", hall.bad.limits, {**facts, "leg": leg, "sealed": None})


def ask_again(unit: Unit, hall: HallSettings, ticket: int, number: str, nth: int, sealed: bytes) -> Complaint:
    """复核: a second look at the `nth` complaint of the ticket, counted from 1, by somebody else. Raises
    ComplaintUnknown, ComplaintStateWrong, ReviewSpent, ReviewLate."""
    before = complaints_of(unit.connection, unit.hall, ticket)
    if not 1 <= nth <= len(before):
        raise ComplaintUnknown()
    first = before[nth - 1]
    limits = hall.limits_of(first)
    until = review_until(first, limits, hall.calendar, hall.zone)
    check_review(before, first, until, unit.now)
    facts = {"ticket": ticket, "number": number, "window": first.window, "about": first.about}
    again = {"leg": first.leg, "sealed": sealed, "review_of": first.id, "first_by": first.answered_by}
    return _take_in(unit, hall, "review", limits, {**facts, **again})


def read_contact(unit: Unit, complaint: int) -> Complaint:
    """Who works on it looks how to reach its giver; each look is written down. Raises ComplaintUnknown,
    ComplaintStateWrong, ComplaintOwnerWrong."""
    found = find_complaint(unit.connection, unit.hall, complaint)
    check_reader(found, unit.actor.id)
    unit.note("complaint.contact", f"complaint:{found.id}")
    return found


def take_up(unit: Unit, hall: HallSettings, complaint: int) -> Complaint:
    """Whoever does this owns it, and its giver sees that. Raises ComplaintUnknown, ComplaintStateWrong,
    ComplaintOwnerWrong."""
    found = _mine_to_do(unit, hall, complaint)
    check_step(found, ComplaintState.WORKING)
    moved = save_complaint(
        unit, found, state=ComplaintState.WORKING, owner=unit.actor.id, contacted_at=unit.now
    )
    return _told(unit, moved, "complaint.step")


def assign(unit: Unit, hall: HallSettings, complaint: int, owner: str) -> Complaint:
    """交办: somebody else is to answer it; the limits stay. Raises ComplaintUnknown, ComplaintStateWrong,
    ComplaintOwnerWrong."""
    found = find_complaint(unit.connection, unit.hall, complaint)
    check_step(found, ComplaintState.ANSWERED)
    check_owner(found, owner, able(hall))
    return _told(unit, save_complaint(unit, found, owner=owner), "complaint.assign", owner=owner)


def extend(unit: Unit, hall: HallSettings, complaint: int, why: str) -> Complaint:
    """延期, told to its giver with the reason. Raises ComplaintUnknown, ComplaintStateWrong,
    ComplaintExtended, ComplaintOwnerWrong."""
    found = _mine_to_do(unit, hall, complaint)
    check_extension(found, unit.now)
    due = extended_due(hall, found)
    moved = save_complaint(unit, found, answer_due=due, extended=why.strip())
    return _told(unit, moved, "complaint.extend", until=due.isoformat())


def answer(unit: Unit, hall: HallSettings, complaint: int, words: str, declined: bool) -> Complaint:
    """The answer its giver reads; declined: it is not taken up, for the reason in `words`. Raises
    ComplaintUnknown, ComplaintStateWrong, ComplaintOwnerWrong."""
    found = _mine_to_do(unit, hall, complaint)
    step = ComplaintState.DECLINED if declined else ComplaintState.ANSWERED
    check_step(found, step)
    done = {"answer": words.strip(), "answered_by": unit.actor.id, "ended_at": unit.now}
    owned = {"owner": found.owner or unit.actor.id, "contacted_at": found.contacted_at or unit.now}
    return _told(unit, save_complaint(unit, found, state=step, **done, **owned), "complaint.step")


def extended_due(hall: HallSettings, complaint: Complaint) -> datetime:
    """Until when it must be answered where its limit is extended."""
    days = hall.limits_of(complaint).extended_workdays
    return due_at(hall.calendar, hall.zone, complaint.made_at, days)


def able(hall: HallSettings) -> list[str]:
    """Who may answer complaints."""
    return [person.id for person in hall.catalogue.people.values() if may(person.role, ANSWERS)]


def watch_complaints(unit: Unit, hall: HallSettings) -> None:
    """The manager hears of what nobody has taken up, and in red of what is late."""
    still = open_complaints(unit.connection, unit.hall)
    fresh = [one for one in still if one.state is ComplaintState.RECEIVED and not one.is_late(unit.now)]
    late = sorted(
        (one for one in still if one.is_late(unit.now)), key=lambda one: (one.due or unit.now, one.id)
    )
    first = late[0].number if late else ""
    keep_alarms(unit, "complaint", "yellow", {"": {"count": len(fresh)}} if fresh else {})
    keep_alarms(unit, "complaint-late", "red", {"": {"count": len(late), "number": first}} if late else {})


def forget_complaints(unit: Unit, hall: HallSettings) -> None:
    """What a citizen wrote is kept no longer than who took a number; the answer and the count stay."""
    erase_words(unit, unit.now - timedelta(days=hall.hall.privacy.ticket_identity_days))


def _take_in(
    unit: Unit, hall: HallSettings, source: Source, limits: Limits, facts: dict[str, object]
) -> Complaint:
    dues = {
        "contact_due": due_at(hall.calendar, hall.zone, unit.now, limits.contact_workdays),
        "answer_due": due_at(hall.calendar, hall.zone, unit.now, limits.answer_workdays),
    }
    return _told(unit, add_complaint(unit, source=source, **facts, **dues), "complaint.make")


def _mine_to_do(unit: Unit, hall: HallSettings, complaint: int) -> Complaint:
    found = find_complaint(unit.connection, unit.hall, complaint)
    check_owner(found, unit.actor.id, able(hall))
    return found


def _told(unit: Unit, complaint: Complaint, act: str, **facts: object) -> Complaint:
    unit.add(ComplaintChanged(complaint.id, complaint.state.value))
    unit.note(act, f"complaint:{complaint.id}", state=complaint.state.value, source=complaint.source, **facts)
    return complaint
