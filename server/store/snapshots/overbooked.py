"""Where more people have booked than there are places left, since somebody is on leave, rostered elsewhere or
no longer able: slot by slot, with the bookings that were made last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from server.domain.appointments import Booking
from server.domain.leave import Leave
from server.domain.rosters import Away, Plan
from server.settings import HallSettings
from server.store.appointments import booked_ahead, of_day
from server.store.leaves import granted
from server.store.snapshots.slots import bears_of, mean_minutes, places_of
from server.store.snapshots.view import View


@dataclass(frozen=True)
class Over:
    """A slot of a queue: so many have booked it, and so many places are left."""

    queue: str
    at: datetime
    booked: int
    places: int

    @property
    def over(self) -> int:
        return self.booked - self.places


def overbooked(
    connection: Connection, hall: HallSettings, now: datetime, more: Iterable[Away] = ()
) -> list[Over]:
    """The slots to come, by time. more: who would be away too.

    Only where fewer windows of the queue are staffed than there are: places that are fewer because services
    take longer than they did are nobody's absence.
    """
    ahead = booked_ahead(connection, hall.id, now.astimezone(hall.zone).date().isoformat())
    days: defaultdict[tuple[str, date], list[tuple[datetime, int]]] = defaultdict(list)
    for queue, at, people in ahead:
        if at > now and queue in hall.catalogue.queues:
            days[queue, at.astimezone(hall.zone).date()].append((at, people))
    away, full, found = [*granted(connection, hall), *more], _everybody(hall.duties), []
    for (queue, day), booked in days.items():
        mean = mean_minutes(connection, hall, queue, day)
        there = bears_of(hall, hall.duties, away, queue, day, mean)
        usual = bears_of(hall, full, (), queue, day, mean)
        left = places_of(there)
        found += [
            Over(queue, at, people, left[at])
            for at, people in booked
            if at in left and people > left[at] and there[at] < usual[at] - 1e-9
        ]
    return sorted(found, key=lambda over: (over.at, over.queue))


def _everybody(plan: Plan) -> Plan:
    """As if every window were in use, with somebody there who is able."""
    windows = {w.id: replace(w, out="") for w in plan.catalogue.windows.values()}
    return replace(plan, catalogue=replace(plan.catalogue, windows=windows, people={}), rosters={})


def overbooked_by(
    connection: Connection, hall: HallSettings, now: datetime, leaves: Sequence[Leave]
) -> dict[int, list[Over]]:
    """Leave's id -> what granting it alone would add: `booked` less `places` more than without it."""
    before = {(x.queue, x.at): x.over for x in overbooked(connection, hall, now)} if leaves else {}
    found = {}
    for leave in leaves:
        span = (at.astimezone(hall.zone).replace(tzinfo=None) for at in (leave.since, leave.until))
        after = overbooked(connection, hall, now, [Away(leave.person, *span)])
        found[leave.id] = [x for x in after if x.over > before.get((x.queue, x.at), 0)]
    return found


def overbooked_after(
    connection: Connection, hall: HallSettings, after: HallSettings, now: datetime, since: date | None = None
) -> list[Over]:
    """What would be added where `after` held instead of `hall`, from the day `since` on; None: from now."""
    before = {(x.queue, x.at): x.over for x in overbooked(connection, hall, now)}
    found = [x for x in overbooked(connection, after, now) if x.over > before.get((x.queue, x.at), 0)]
    return [x for x in found if since is None or x.at.astimezone(hall.zone).date() >= since]


def over_rows(hall: HallSettings, found: Sequence[Over]) -> list[dict[str, Any]]:
    queues = hall.catalogue.queues
    return [
        {
            "queue": x.queue,
            "name": queues[x.queue].name,
            "name_en": queues[x.queue].name_en,
            "at": x.at.isoformat(),
            "booked": x.booked,
            "places": x.places,
            "over": x.over,
        }
        for x in found
    ]


def overbooked_value(view: View, now: datetime) -> list[dict[str, Any]]:
    """The slots with the bookings that were made last, as many as are over: who booked first keeps the place.
    No code, no person, no link."""
    services, hall = view.settings.catalogue.services, view.settings
    rows = []
    for slot, row in zip(
        found := overbooked(view.connection, hall, now), over_rows(hall, found), strict=True
    ):
        day = slot.at.astimezone(hall.zone).date().isoformat()
        here = [
            r
            for r in of_day(view.connection, view.hall, day, (Booking.BOOKED,))
            if r["at"] == slot.at and r["queue"] == slot.queue
        ]
        here.sort(key=lambda r: (r["made_at"], r["id"]))
        rows.append(
            row
            | {
                "bookings": [
                    {
                        "id": r["id"],
                        "service": {
                            "id": r["service"],
                            "name": services[r["service"]].name,
                            "name_en": services[r["service"]].name_en,
                        },
                        "made_at": r["made_at"].isoformat(),
                    }
                    for r in here[slot.places :]
                    if r["service"] in services
                ]
            }
        )
    return rows
