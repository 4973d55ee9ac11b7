"""Work beside the windows: a visit at somebody's home (上门), an errand run for a client (帮办代办), a batch
of matters with an agreed window and time (集约).

    visit   requested -> planned (time, team) -> done           any open one -> cancelled
    assist  requested -> planned (mandate in hand) -> done
    batch   requested -> planned (window, time) -> checked_in (its one number)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain import refusals
from server.domain.catalogue import Service, Window

FEE_YUAN = 0  # assisted handling is free of charge, whatever the matter itself costs
MOST_ITEMS = 500


class Kind(StrEnum):
    VISIT = "visit"
    ASSIST = "assist"
    BATCH = "batch"


class OrderState(StrEnum):
    REQUESTED = "requested"
    PLANNED = "planned"
    CHECKED_IN = "checked_in"
    DONE = "done"
    CANCELLED = "cancelled"


class OrderStep(StrEnum):
    PLAN = "plan"
    CHECK_IN = "check_in"
    FINISH = "finish"
    CANCEL = "cancel"


STEPS: dict[tuple[Kind, OrderState, OrderStep], OrderState] = {
    **{(kind, OrderState.REQUESTED, OrderStep.PLAN): OrderState.PLANNED for kind in Kind},
    **{(kind, OrderState.PLANNED, OrderStep.PLAN): OrderState.PLANNED for kind in Kind},  # planned anew
    **{(kind, OrderState.REQUESTED, OrderStep.CANCEL): OrderState.CANCELLED for kind in Kind},
    **{(kind, OrderState.PLANNED, OrderStep.CANCEL): OrderState.CANCELLED for kind in Kind},
    (Kind.VISIT, OrderState.PLANNED, OrderStep.FINISH): OrderState.DONE,
    (Kind.ASSIST, OrderState.PLANNED, OrderStep.FINISH): OrderState.DONE,
    (Kind.BATCH, OrderState.PLANNED, OrderStep.CHECK_IN): OrderState.CHECKED_IN,
}
OPEN = (OrderState.REQUESTED, OrderState.PLANNED)


@dataclass(frozen=True)
class Order:
    """`sealed`: name, phone and address, encrypted; None once erased. `team`: who may read them. `items`: how
    many matters of the service. `code`: what a batch checks in with. `mandate`: number of the written
    authority. `at`, `until`: when the visit or the batch is planned."""

    id: int
    kind: Kind
    state: OrderState
    service: str
    items: int
    note: str
    sealed: bytes | None
    team: tuple[str, ...]
    made_by: str
    made_at: datetime
    at: datetime | None = None
    until: datetime | None = None
    window: str | None = None
    code: str | None = None
    mandate: str | None = None
    ended_at: datetime | None = None


def stepped(order: Order, step: OrderStep) -> OrderState:
    """The state after `step`. Raises OrderStateWrong for every arrow that is not in STEPS."""
    try:
        return STEPS[order.kind, order.state, step]
    except KeyError:
        raise refusals.OrderStateWrong(state=order.state.value, step=step.value) from None


def lasts(order: Order, service: Service) -> timedelta:
    """How long a batch keeps its window: its matters one after the other."""
    return timedelta(minutes=order.items * service.avg_minutes)


def check_window(window: Window, service: Service) -> None:
    """Raises TargetWrong when the window does not take the service's queue."""
    if service.queue not in window.queues:
        raise refusals.TargetWrong(window=window.id, queue=service.queue)


def check_free(order: int, window: str, at: datetime, until: datetime, planned: list[Order]) -> None:
    """Raises BatchOverlap when another batch is planned at the window in that time."""
    for other in planned:
        if other.id == order or other.window != window or other.at is None or other.until is None:
            continue
        if at < other.until and other.at < until:
            raise refusals.BatchOverlap(window=window, at=other.at.isoformat())


def check_team(order: Order, person: str) -> None:
    """Raises OrderForeign: only the team reads who the client is and works on the order."""
    if person not in order.team:
        raise refusals.OrderForeign()
