"""Who has an appointment on the day that is played: whether they come, and how early, by the hall's past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from server.domain.estimate.coming import Showing
from server.domain.routing import APPOINTMENT
from server.simulate.arrivals import Citizen, People


@dataclass(frozen=True)
class Booked:
    """Somebody who has an appointment on that day and has not checked in; `slot_s` seconds of the day."""

    service: str
    slot_s: float


def holder(
    people: People,
    booked: Booked,
    id: int,
    showing: Showing,
    minutes: Callable[[str], float],
    rng: Random,
    now_s: float = 0.0,
) -> Citizen:
    """The one who holds it, not here yet at `now_s`. minutes: of a service at the window."""
    drawn, ahead = people.draw(id, booked.slot_s), (booked.slot_s - now_s) / 60
    likely, over = showing.still_comes(ahead)
    return replace(
        drawn,
        service=booked.service,
        priority=APPOINTMENT,
        slot_s=booked.slot_s,
        at_s=now_s + showing.joins(ahead, over, rng.random()) * 60,
        work_s=drawn.work_s * minutes(booked.service) / minutes(drawn.service),
        comes=rng.random() < likely,
    )
