"""投诉: taken in by the ticket's own link, taken up and answered by those who supervise."""

from __future__ import annotations

from datetime import timedelta

from server.domain.complaints import Complaint, ComplaintState, check_new, check_step
from server.domain.events import ComplaintChanged
from server.settings import HallSettings
from server.store.complaints import (
    add_complaint,
    complaints_of,
    erase_words,
    find_complaint,
    save_complaint,
)
from server.store.tickets import last_leg
from server.store.unit import Unit


def complain(unit: Unit, ticket: int, number: str, sealed: bytes) -> Complaint:
    """Raises ComplaintOpen while one waits for its answer, ComplaintsSpent."""
    check_new(complaints_of(unit.connection, unit.hall, ticket))
    window = last_leg(unit.connection, ticket).window
    made = add_complaint(unit, ticket=ticket, number=number, window=window, sealed=sealed)
    return _told(unit, made, "complaint.make")


def take_up(unit: Unit, complaint: int) -> Complaint:
    """Somebody works on it, and its giver sees that. Raises ComplaintUnknown, ComplaintStateWrong."""
    return _step(unit, complaint, ComplaintState.WORKING, "")


def answer(unit: Unit, complaint: int, words: str, declined: bool) -> Complaint:
    """The answer its giver reads; declined: it is not taken up, for the reason in `words`. Raises
    ComplaintUnknown, ComplaintStateWrong."""
    return _step(
        unit, complaint, ComplaintState.DECLINED if declined else ComplaintState.ANSWERED, words.strip()
    )


def forget_complaints(unit: Unit, hall: HallSettings) -> None:
    """What a citizen wrote is kept no longer than who took a number; the answer and the count stay."""
    erase_words(unit, unit.now - timedelta(days=hall.hall.privacy.ticket_identity_days))


def _step(unit: Unit, complaint: int, step: ComplaintState, words: str) -> Complaint:
    found = find_complaint(unit.connection, unit.hall, complaint)
    check_step(found, step)
    ended = None if step is ComplaintState.WORKING else unit.now
    moved = save_complaint(unit, found, state=step, answer=words, answered_by=unit.actor.id, ended_at=ended)
    return _told(unit, moved, "complaint.step")


def _told(unit: Unit, complaint: Complaint, act: str) -> Complaint:
    unit.add(ComplaintChanged(complaint.id, complaint.state.value))
    unit.note(act, f"complaint:{complaint.id}", state=complaint.state.value)
    return complaint
