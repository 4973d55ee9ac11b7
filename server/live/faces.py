"""Which part of the truth each face gets: a table. A snapshot is every part whole; a change is the parts
touched.

A room is the audience of one picture: all boards together, or the listeners of one window, pad or kiosk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from server.domain import events as e
from server.store.snapshots import aside, booking, desk, guiding, helping, manager, orders, pad, public
from server.store.snapshots.view import ALL, Ids, Rows, View


@dataclass(frozen=True)
class RowsPart:
    """A keyed collection. `noun`: what must be touched; `field`: the event field that holds the row's key."""

    name: str
    noun: str
    field: str
    rows: Callable[[View, Ids], Rows]


@dataclass(frozen=True)
class ValuePart:
    """A single value of a room, sent whole when one of `nouns` is touched. `own`: only by events of its own
    window."""

    name: str
    nouns: frozenset[str]
    value: Callable[[View, str], Any]
    own: str = ""  # event field that must equal the room's key; empty: any event


@dataclass(frozen=True)
class Face:
    """`key`: what a room is named by ("" = one room for all)."""

    name: str
    key: str
    rows: tuple[RowsPart, ...]
    values: tuple[ValuePart, ...]


def _whole(value: Callable[[View], Any]) -> Callable[[View, str], Any]:
    return lambda view, _room: value(view)


_WINDOWS = RowsPart("windows", e.WINDOW, "window", public.window_rows)
_QUEUES = RowsPart("queues", e.QUEUE, "queue", public.queue_rows)
_NEXT = RowsPart("next", e.QUEUE, "queue", public.next_rows)
_DAY = ValuePart("day", frozenset({e.DAY}), _whole(public.day_value))
_APPOINTMENTS = frozenset({e.APPOINTMENTS})
_GUIDING = ValuePart("guiding", frozenset({e.AIDS, e.ENQUIRIES}), _whole(guiding.guiding_value))
# Which version of what is told once (`/api/hall`, `/api/services`) belongs to this picture.
_FACTS = ValuePart("facts", frozenset({e.FACTS}), lambda view, _room: view.settings.version)
_CALLS = ValuePart("calls", frozenset({e.CALLS}), _whole(public.calls_value))

FACES: dict[str, Face] = {
    face.name: face
    for face in (
        Face("hall", "", (_WINDOWS, _QUEUES, _NEXT), (_CALLS, _DAY, _FACTS)),
        Face(
            "window",
            "window",
            (),
            (
                ValuePart(
                    "window", frozenset({e.WINDOW}), lambda v, w: public.window_rows(v, (w,))[w], own="window"
                ),
                _DAY,
                _FACTS,
            ),
        ),
        Face(
            "kiosk",
            "kiosk",
            (_QUEUES,),
            (
                _DAY,
                _FACTS,
                ValuePart("printer", frozenset({e.DEVICES}), pad.printer_value, own="kiosk"),
                ValuePart("reader", frozenset({e.DEVICES}), pad.reader_value, own="kiosk"),
                ValuePart("aid", frozenset({e.AIDS}), guiding.kiosk_aid_value, own="kiosk"),
            ),
        ),
        Face(
            "pad",
            "window",
            (),
            (ValuePart("pad", frozenset({e.WINDOW, e.RATINGS}), pad.pad_value, own="window"), _FACTS),
        ),
        Face(
            "clerk",
            "window",
            (_QUEUES,),
            (
                ValuePart(
                    "desk",
                    frozenset({e.WINDOW, e.DEVICES, e.EMERGENCIES, e.TIDAL}),
                    desk.desk_value,
                    own="window",
                ),
                ValuePart("others", frozenset({e.ASIDE}), aside.others_value),
                ValuePart("people", frozenset({e.POSTS}), _whole(desk.people_value)),
                _DAY,
                _FACTS,
                ValuePart("appointments", _APPOINTMENTS, booking.desk_value),
            ),
        ),
        Face(
            "manager",
            "",
            (
                RowsPart("windows", e.WINDOW, "window", manager.window_rows),
                RowsPart("queues", e.QUEUE, "queue", manager.queue_rows),
                RowsPart("devices", e.DEVICES, "device", manager.device_rows),
            ),
            (
                _DAY,
                _FACTS,
                ValuePart("ratings", frozenset({e.RATINGS}), _whole(manager.ratings_value)),
                ValuePart("slips", frozenset({e.SLIPS, e.QUEUE}), _whole(manager.slips_value)),
                ValuePart("rolls", frozenset({e.SLIPS, e.DEVICES}), _whole(manager.rolls_value)),
                ValuePart("alarms", frozenset({e.ALARMS}), _whole(manager.alarms_value)),
                ValuePart("answers", frozenset({e.ALARMS}), _whole(manager.answers_value)),
                ValuePart("emergencies", frozenset({e.EMERGENCIES}), _whole(helping.emergencies_value)),
                ValuePart("held", frozenset({e.ASIDE}), _whole(aside.held_value)),
                ValuePart("tidal", frozenset({e.TIDAL}), _whole(helping.tidal_value)),
                ValuePart("posts", frozenset({e.POSTS}), _whole(helping.posts_value)),
                ValuePart("leaves", frozenset({e.LEAVES}), _whole(helping.leaves_value)),
                ValuePart("orders", frozenset({e.ORDERS}), _whole(orders.orders_value)),
                ValuePart("choices", frozenset({e.CHOICES}), _whole(helping.choices_value)),
                ValuePart("appointments", _APPOINTMENTS, _whole(booking.today_value)),
                _GUIDING,
            ),
        ),
        Face(
            "guide",
            "",
            (
                RowsPart("queues", e.QUEUE, "queue", manager.queue_rows),
                RowsPart("devices", e.DEVICES, "device", guiding.kiosk_machine_rows),
            ),
            (
                _DAY,
                _FACTS,
                _GUIDING,
                ValuePart("aids", frozenset({e.AIDS}), _whole(guiding.aids_value)),
                ValuePart("kiosks", frozenset({e.DEVICES}), _whole(guiding.kiosks_value)),
                ValuePart("slips", frozenset({e.SLIPS, e.QUEUE}), _whole(manager.slips_value)),
                ValuePart("rolls", frozenset({e.SLIPS, e.DEVICES}), _whole(manager.rolls_value)),
                ValuePart("orders", frozenset({e.ORDERS}), _whole(orders.orders_value)),
                ValuePart("appointments", _APPOINTMENTS, _whole(booking.today_value)),
            ),
        ),
    )
}


@dataclass(frozen=True)
class Picture:
    """rows: collection -> id -> row (None: gone); values: name -> value."""

    rows: dict[str, Rows]
    values: dict[str, Any]

    def wire(self) -> dict[str, Any]:
        return {"rows": self.rows, "values": self.values}


def snapshot(face: Face, room: str, view: View) -> Picture:
    """All that one room of a face shows."""
    return Picture(
        {p.name: p.rows(view, ALL) for p in face.rows}, {p.name: p.value(view, room) for p in face.values}
    )


def changed_rows(face: Face, view: View, events: Iterable[e.Event]) -> dict[str, Rows]:
    """The rows of the face's collections that the events touched; the same for all its rooms."""
    out: dict[str, Rows] = {}
    for part in face.rows:
        ids = {i for event in events if part.noun in event.touches for i in event.ids(part.field)}
        if ids:
            out[part.name] = part.rows(view, ids)
    return out


def changed_values(face: Face, room: str, view: View, events: Iterable[e.Event]) -> dict[str, Any]:
    """The values of one room that the events touched."""
    out: dict[str, Any] = {}
    for part in face.values:
        if any(event.touches & part.nouns and _concerns(part, event, room) for event in events):
            out[part.name] = part.value(view, room)
    return out


def _concerns(part: ValuePart, event: e.Event, room: str) -> bool:
    return not part.own or not {room, "*"}.isdisjoint(event.ids(part.own))
