"""The hall as it is configured: its files, and over them what was published in the manager's face.

`items_of` turns settings into the items of every area (JSON values), `configured` turns files and published
bodies into settings again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from server.domain.boards import Board, BoardBook, Medium, Notice
from server.domain.calendar import Hours, LocalDay, Year, calendar_of
from server.domain.catalogue import Catalogue, Department, Person, Queue, Service, Window
from server.domain.configuration import AREAS, Area, Body, Known, merged
from server.domain.floorplan import Floor, laid_out
from server.domain.nearby import Neighbour
from server.domain.rosters import LEADER, Roster
from server.settings import HallSettings

log = logging.getLogger(__name__)

Bodies = Mapping[str, Body]
ONE = "hall"  # the item of an area that has only one
NAMELESS = "-"  # the floor of windows that name none


@dataclass(frozen=True)
class Post:
    """AB角 of one window: the main person and the stand-ins."""

    window: str
    a: str = ""
    b: tuple[str, ...] = ()


KINDS: dict[str, TypeAdapter[Any]] = {
    "services": TypeAdapter(Service),
    "queues": TypeAdapter(Queue),
    "windows": TypeAdapter(Window),
    "people": TypeAdapter(Person),
    "posts": TypeAdapter(Post),
    "hours": TypeAdapter(Hours),
    "years": TypeAdapter(Year),
    "days": TypeAdapter(LocalDay),
    "rosters": TypeAdapter(Roster),
    "departments": TypeAdapter(Department),
    "plan": TypeAdapter(Floor),
    "boards": TypeAdapter(Board),
    "notices": TypeAdapter(Notice),
    "media": TypeAdapter(Medium),
    "nearby": TypeAdapter(Neighbour),
}
FRESH = {"windows": {"queues": []}, "people": {"a_window": ""}}


def items_of(hall: HallSettings, boards: BoardBook | None = None) -> dict[str, dict[str, dict[str, Any]]]:
    """area -> item -> field -> value, as `hall` has them. boards: instead of the hall's own."""
    book, catalogue = boards or hall.boards, hall.files
    people = catalogue.people.values()
    posts = [
        Post(
            w,
            next((p.id for p in people if p.a_window == w), ""),
            tuple(p.id for p in people if w in p.b_windows),
        )
        for w in catalogue.windows
    ]
    found: dict[str, Iterable[tuple[str, Any]]] = {
        "services": catalogue.services.items(),
        "queues": catalogue.queues.items(),
        "windows": catalogue.windows.items(),
        "people": catalogue.people.items(),
        "posts": ((p.window, p) for p in posts),
        "rosters": ((w, hall.rosters.get(w) or Roster(w)) for w in (*catalogue.windows, LEADER)),
        "departments": catalogue.departments.items(),
        "hours": ((ONE, hall.hall.hours),),
        "years": ((str(y.year), y) for y in hall.years),
        "days": ((d.date.isoformat(), d) for d in hall.calendar.local.values()),
        "plan": ((f.id or NAMELESS, f) for f in hall.plan),
        "boards": ((b.id, b) for b in book.board),
        "notices": ((f"N{n}", one) for n, one in enumerate(book.notice, 1)),
        "media": ((m.id, m) for m in book.medium),
        "nearby": ((h.id, h) for h in hall.nearby),
    }
    return {area: {i: _dumped(area, one) for i, one in own} for area, own in found.items()}


@lru_cache(maxsize=2)
def file_items(files: HallSettings) -> dict[str, dict[str, dict[str, Any]]]:
    """The items of the hall's own files: those of `Current.files`, read once."""
    return items_of(files)


def canonical(area: Area, item: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """The item with every field it has and every field of its form, each written the one way. Raises
    ValidationError."""
    whole = _dumped(area.name, _parsed(area, item, value))
    return {k: v for k, v in whole.items() if k in value or area.field(k) is not None}


def configured(files: HallSettings, bodies: Bodies) -> HallSettings:
    """`files` with the published bodies over them; its catalogue has no placement yet.

    An item that does not hold any more, since somebody changed the files below it, is left out and logged: a
    hall must start.
    """
    base = file_items(files)
    made: dict[str, dict[str, Any]] = {}
    for name, body in bodies.items():
        area = AREAS[name]
        made[name] = {}
        for i, item in merged(area, base[name], body).items():
            try:
                made[name][i] = _parsed(area, i, item)
            except ValidationError as error:
                log.warning("configuration of %s %s is not used: %s", name, i, error)
    catalogue = _catalogue(files.files, made)
    hours = made.get("hours", {}).get(ONE, files.hall.hours)
    years = tuple(made["years"].values()) if "years" in made else files.years
    local = made["days"].values() if "days" in made else files.calendar.local.values()
    return replace(
        files,
        hall=replace(files.hall, hours=hours),
        calendar=calendar_of(hours, years, local),
        years=years,
        boards=book_of(files.boards, bodies),
        rosters=_rosters(files, made),
        nearby=tuple(made.get("nearby", {h.id: h for h in files.nearby}).values()),
        files=catalogue,
        catalogue=catalogue,
        plan=laid_out(_floors(files, made), catalogue.windows.values()),
    )


def book_of(file: BoardBook, bodies: Bodies) -> BoardBook:
    """The boards and notices of the file as it stands, or what was published instead."""
    found = file
    if bodies.get("boards"):
        found = replace(found, board=tuple(_all("boards", bodies["boards"])))
    if bodies.get("notices"):
        found = replace(found, notice=tuple(_all("notices", bodies["notices"])))
    if bodies.get("media"):
        found = replace(found, medium=tuple(_all("media", bodies["media"])))
    return found


def known_of(hall: HallSettings, today: date) -> Known:
    """What references may name."""
    now = hall.files
    skills = {q.skill_needed or "" for q in now.queues.values()} - {""}
    return Known(
        {
            "departments": list(now.departments),
            "queues": list(hall.catalogue.queues),
            "windows": list(now.windows),
            "people": [p.id for p in now.people.values() if not p.left],
            "skills": sorted({*skills, *now.queues, *(s for p in now.people.values() for s in p.skills)}),
            "zones": sorted({w.zone for w in now.windows.values()}),
        },
        today,
    )


def roster_of(window: str, item: Mapping[str, Any]) -> Roster:
    """An item of the area, checked before."""
    found: Roster = _parsed(AREAS["rosters"], window, item)
    return found


def roster_item(roster: Roster) -> dict[str, Any]:
    """An item of the area, as a draft holds it."""
    return _dumped("rosters", roster)


def _rosters(files: HallSettings, made: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Roster]:
    found = made.get("rosters", files.rosters)
    return {w: r for w, r in found.items() if r.week or r.days}


def _floors(files: HallSettings, made: Mapping[str, Mapping[str, Any]]) -> Iterable[Floor]:
    """What was published somebody has looked at: it is drawn."""
    if not made.get("plan"):
        return files.drawn
    return [replace(f, id="" if f.id == NAMELESS else f.id, drawn=True) for f in made["plan"].values()]


def _all(area: str, body: Body) -> list[Any]:
    return [_parsed(AREAS[area], i, item) for i, item in body.items() if item is not None]


def _catalogue(files: Catalogue, made: Mapping[str, Mapping[str, Any]]) -> Catalogue:
    windows = dict(made.get("windows", files.windows))
    people = dict(made.get("people", files.people))
    for post in made.get("posts", {}).values():
        for p in list(people.values()):
            others = tuple(w for w in p.b_windows if w != post.window)
            stands_in = (*others, post.window) if p.id in post.b else others
            kept = stands_in if set(stands_in) != set(p.b_windows) else p.b_windows
            was = "" if p.a_window == post.window else p.a_window
            people[p.id] = replace(p, a_window=post.window if p.id == post.a else was, b_windows=kept)
    for p in [p for p in people.values() if p.left]:
        people[p.id] = replace(p, a_window="", b_windows=(), skills=())
    queues = dict(made.get("queues", files.queues))
    return replace(
        files,
        queues=queues,
        windows=windows,
        services=dict(made.get("services", files.services)),
        people=people,
        departments=dict(made.get("departments", files.departments)),
        serving={q: tuple(w.id for w in windows.values() if q in w.queues) for q in queues},
    )


def _parsed(area: Area, item: str, value: Mapping[str, Any]) -> Any:
    fields = {**FRESH.get(area.name, {}), **{k: v for k, v in value.items() if v is not None or k in NULLS}}
    return KINDS[area.name].validate_python({**fields, area.key: item} if area.key else fields)


NULLS = frozenset({"fee_yuan", "promised_limit", "legal_limit", "led_address"})


def _dumped(area: str, one: Any) -> dict[str, Any]:
    found = KINDS[area].dump_python(one, mode="json", by_alias=True)
    return {k: _short(v) for k, v in found.items() if k != AREAS[area].key}


def _short(value: Any) -> Any:
    """Times of day without seconds, as people write them."""
    if isinstance(value, list):
        return [_short(v) for v in value]
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    if isinstance(value, str) and len(value) == 8 and value[2] == value[5] == ":" and value.endswith(":00"):
        return value[:5]
    return value
