"""咨询: what people ask at the door, registered with one tap and counted; never who asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain import refusals


@dataclass(frozen=True)
class Enquiry:
    """`kind`: a word of choices.toml. `person`: who was asked first (首问). `withdrawn_at`: it was a slip of
    the finger."""

    id: int
    day: str | None
    kind: str
    service: str | None
    person: str
    at: datetime
    withdrawn_at: datetime | None = None


def check_withdraw(enquiry: Enquiry, person: str, now: datetime, seconds: int) -> None:
    """May `person` take it back? Raises UndoNothing, UndoTooLate."""
    if enquiry.person != person or enquiry.withdrawn_at is not None:
        raise refusals.UndoNothing()
    if now - enquiry.at > timedelta(seconds=seconds):
        raise refusals.UndoTooLate(seconds=seconds)
