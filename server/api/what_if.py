"""POST /api/what-if: what a change now would do to those who wait and to who comes within two hours."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from threading import Lock
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, Field

from server.api.access import needs
from server.api.bodies import Body, RequestId, Word
from server.api.today import learned_past
from server.domain import refusals
from server.domain.appointments import Booking
from server.house import House, house
from server.settings import HallSettings
from server.simulate.arrivals import second, usual_arrivals
from server.simulate.holders import Booked
from server.simulate.past import everybody_of_past, minutes_of_past, walk_ins_of_past
from server.simulate.what_if import SOON_S, Change, Effect, Habits, Present, what_if
from server.store.appointments import of_day
from server.store.leaves import granted
from server.store.present import present_legs, walk_ins_today
from server.store.snapshots.view import View
from server.store.windows import posts

bp = APIBlueprint("what_if", __name__)

LONGEST = timedelta(hours=12)
_one_at_a_time = Lock()  # an answer takes a second of a core; the hall's own work goes before a queue of them


class Until(Body):
    """`until`: when the change ends again; without it, it stays."""

    until: AwareDatetime | None = None
    request_id: RequestId | None = None


class WindowChange(Until):
    kind: Literal["open", "close"]
    window: Word


class Move(Body):
    """New tickets of `service` go to `queue`."""

    kind: Literal["move"]
    service: Word
    queue: Word
    request_id: RequestId | None = None


class Share(Body):
    """Of who joins from now on, this share comes by appointment."""

    kind: Literal["share"]
    share: Annotated[float, Field(ge=0, le=1)]
    request_id: RequestId | None = None


class Question(Body):
    change: Annotated[WindowChange | Move | Share, Field(discriminator="kind")]
    request_id: RequestId | None = None


@bp.post("/api/what-if")
@needs("what-if.ask")
@bp.input(Question, arg_name="body")
def post_what_if(body: Question) -> ResponseReturnValue:
    """Open or close a window, move a service, or change the share of appointments: 200 with each figure
    before, after, and the range of the difference, from who has booked today and what the hall's own past
    days say of who walks in, answers and how long they take (`basis`: learned), else its file; 404 for what
    the hall does not have, 409 when the change is no change. usual_share: of who comes on an ordinary day, by
    appointment; booked_share: of who is expected within two hours, has booked.
    """
    h = house()
    now = h.clock()
    with h.store.read() as connection:
        hall = View.of(connection, h.store.hall, h.hall, h.texts).settings
        legs, open_now, run, day = present_legs(connection, h.store.hall)
        taken, last_hour = walk_ins_today(connection, h.store.hall, day, now)
        rows = of_day(connection, h.store.hall, day, (Booking.BOOKED,))
        sitting = {w: p.clerk for w, p in posts(connection, h.store.hall).items() if p.clerk}
        away = tuple(granted(connection, hall))
        past = learned_past(h, connection, now)
    change = _change(hall, body.change, open_now, now)
    booked = tuple(
        Booked(row["service"], float(second(row["at"].astimezone(hall.zone).time())))
        for row in rows
        if row["service"] in hall.catalogue.services
    )
    present = Present(now, tuple(legs), frozenset(open_now), run, taken, last_hour, sitting, away, booked)
    with _one_at_a_time:
        told = usual_arrivals(h.settings.config, h.settings.hall.catalogue, hall.catalogue)
        own = walk_ins_of_past(past, told, hall.catalogue)
        every, habits = everybody_of_past(past, told, hall.catalogue) or told, Habits(showing=past.showing)
        if own is not None:
            minutes = minutes_of_past(past, told, hall.catalogue)
            habits = Habits(minutes, past.showing, past.leaving)
        answer = what_if(present, change, hall, own or told, habits=habits)
    return {
        "at": now.isoformat(),
        "basis": _basis(h, own is not None),
        "usual_share": round(every.appointment_share, 3),
        "booked_share": round(answer.booked_share, 3),
        "paths": answer.paths,
        "people": answer.people,
        "within_s": SOON_S,
        "waiting": _shown(answer.waiting, 1),
        "joining": _shown(answer.joining, 1),
        "over": _shown(answer.over, 3),
    }


def _basis(h: House, learned: bool) -> str:
    """Where it is known from who comes."""
    if learned:
        return "learned"
    return "file" if (h.settings.config / "arrivals.toml").exists() else "none"


def _change(
    hall: HallSettings, asked: WindowChange | Move | Share, open_now: set[str], now: datetime
) -> Change:
    """Raises WindowUnknown, WindowOpen, WindowClosed, ServiceUnknown, TargetWrong, InputInvalid."""
    catalogue = hall.catalogue
    if isinstance(asked, Share):
        return Change("share", share=asked.share)
    if isinstance(asked, Move):
        service = catalogue.services.get(asked.service)
        if service is None:
            raise refusals.ServiceUnknown(service=asked.service)
        if asked.queue not in catalogue.queues or asked.queue == service.queue:
            raise refusals.TargetWrong(queue=asked.queue)
        return Change("move", service=asked.service, queue=asked.queue)
    if asked.window not in catalogue.windows:
        raise refusals.WindowUnknown(window=asked.window)
    if asked.kind == "open" and asked.window in open_now:
        raise refusals.WindowOpen(window=asked.window)
    if asked.kind == "close" and asked.window not in open_now:
        raise refusals.WindowClosed(window=asked.window)
    if asked.until is not None and not now < asked.until <= now + LONGEST:
        raise refusals.InputInvalid(
            fields=[{"field": "until", "zh": "应在 12 小时之内", "en": "must be within 12 hours"}]
        )
    return Change(asked.kind, window=asked.window, until=asked.until)


def _shown(effect: Effect | None, digits: int) -> dict[str, Any] | None:
    """Rounded as far as it means anything."""
    if effect is None:
        return None

    def short(value: Any) -> Any:
        return {k: short(v) for k, v in value.items()} if isinstance(value, dict) else round(value, digits)

    return {key: short(value) for key, value in asdict(effect).items()}
