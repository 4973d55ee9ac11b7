"""Configuration in the manager's face: services, queues, hours and calendar, people, posts, windows, boards.
Each area is read, drafted, compared, published, rolled back."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import AfterValidator, Field, StringConstraints

from server.actions.publish_config import (
    Desk,
    Looked,
    as_published,
    begin_of,
    compare,
    department_of,
    drop_draft,
    keep_draft,
    publish_draft,
    roll_config_back,
    slot_of,
    troubles,
    withdraw,
)
from server.api.access import current_actor, door, needs, recheck
from server.api.acts import act
from server.api.bodies import Act, Number, Prose
from server.configured import file_items, known_of
from server.domain import refusals
from server.domain.access import ADMIN, CHIEF
from server.domain.configuration import AREAS, Area, Body, is_delegate, may_edit, merged
from server.house import House, house
from server.store.config import (
    Draft,
    Version,
    bodies_in_force,
    drafts_of,
    newest_of,
    versions_of,
    waiting,
)
from server.store.snapshots.overbooked import Over, over_rows, overbooked_after
from server.store.snapshots.view import View
from server.store.unit import Unit
from server.uploads import find

STAFFING = ("rosters", "people", "posts", "windows")  # who is where: what places follow from

bp = APIBlueprint("config", __name__, url_prefix="/api/config")

Count = Annotated[Number, Field(ge=0, le=2**31)]
ItemId = Annotated[str, StringConstraints(pattern=r"^[\w:*-]{1,20}$")]
FieldId = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


def _storable(value: Any) -> Any:
    """Raises ValueError: what is no JSON for a database, however it got through."""
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("must be a finite number")
    if isinstance(value, str):
        value.encode()  # a lone surrogate is no text; UnicodeEncodeError is a ValueError
    if isinstance(value, list | dict):
        for one in [*value, *value.values()] if isinstance(value, dict) else value:
            _storable(one)
    return value


Typed = Annotated[Any, AfterValidator(_storable)]


class Save(Act):
    """items: what is to change, whole items or fields of them; null takes one away. base: the version it was
    made from; rev: the draft it was made from."""

    items: dict[ItemId, dict[FieldId, Typed] | None] = Field(max_length=500)
    base: Count
    rev: Count


class Compare(Act):
    """version: the one to go back to; none = the saved draft. when: as it is to be published."""

    version: Count | None = None
    when: Literal["now", "next_day"] = "now"


class Drop(Act):
    rev: Count


class Publish(Act):
    base: Count
    rev: Count
    when: Literal["now", "next_day"] = "now"
    note: Prose = ""


class RollBack(Act):
    version: Count
    base: Count
    when: Literal["now", "next_day"] = "now"
    note: Prose = ""


class Withdraw(Act):
    version: Count


@bp.get("")
@needs("config.see")
def get_config() -> ResponseReturnValue:
    """Every area with how it stands: 200 {areas: [{id, edit, items, version, draft, waiting}]}."""
    h, role = house(), current_actor().role
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        drafts = drafts_of(connection, h.store.hall)
        later = {v.area: v for v in waiting(connection, h.store.hall)}
        newest = {name: newest_of(connection, h.store.hall, name) for name in AREAS}
        bodies = bodies_in_force(connection, h.store.hall, view.settings.config)
    base, theirs = file_items(h.current.files), department_of(h.hall, current_actor())
    return {
        "areas": [
            {
                "id": name,
                "edit": may_edit(area, role),
                "items": sum(
                    not is_delegate(area, role) or x.get("department") == theirs
                    for x in merged(area, base[name], bodies.get(name, {})).values()
                ),
                "version": newest[name].version,
                "draft": bool(
                    (slot := slot_of(h.hall, name, current_actor())) in drafts and drafts[slot].body
                ),
                "since": later[name].since if name in later else None,
            }
            for name, area in AREAS.items()
            if role != CHIEF or may_edit(area, role)
        ]
    }


@bp.get("/<area>")
@needs("config.see")
def get_area(area: str) -> ResponseReturnValue:
    """The items an editor starts from, the fields of their form, the draft, and who changed what: 200. over:
    its comparison counts booked places. A department sees its own items only."""
    h, own, role = house(), _area(area), current_actor().role
    if role == CHIEF and not may_edit(own, role):
        raise refusals.ConfigForeign(area=area)
    theirs = department_of(h.hall, current_actor()) if is_delegate(own, role) else None
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        newest = newest_of(connection, h.store.hall, area)
        draft = drafts_of(connection, h.store.hall).get(slot_of(h.hall, area, current_actor()))
        versions = versions_of(connection, h.store.hall, area)
    in_force = max((v.in_force or 0, v.version) for v in versions)[1] if versions else 0
    known = known_of(view.settings, view.at.astimezone(view.settings.zone).date())
    items = merged(own, file_items(h.current.files)[area], newest.body)
    return {
        "id": area,
        "edit": may_edit(own, role),
        "department": theirs,
        "gone": own.gone and theirs is None,
        "fresh": own.fresh and theirs is None,
        "single": own.single,
        "over": area in STAFFING,
        "key": own.key,
        "fields": [
            {**asdict(f), "admin": f.admin and role != ADMIN, "delegated": theirs is None or f.delegated}
            for f in own.fields
        ],
        "known": {of: [_named(view, of, i) for i in ids] for of, ids in known.ids.items()},
        "version": newest.version,
        "in_force": in_force if any(v.in_force for v in versions) else 0,
        "since": newest.since if newest.in_force is None and newest.version else None,
        "items": {i: x for i, x in items.items() if theirs is None or x.get("department") == theirs},
        "draft": _draft(h, draft),
        "versions": [_version(h, v) for v in versions],
    }


@bp.post("/<area>/draft")
@needs("config.edit")
@bp.input(Save, arg_name="body")
def post_draft(area: str, body: Save) -> ResponseReturnValue:
    """Save the draft as it is and look at it: 200 {rev, changes, troubles}; 409 when somebody was faster."""
    h, own = house(), _area(area)
    items: Body = dict(body.items)

    def deed(unit: Unit) -> dict[str, Any]:
        rev, looked = keep_draft(unit, desk_of(h), area, items, body.base, body.rev)
        return {"rev": rev, **looked_at(h, own, looked)}

    return act(body, deed)


@bp.post("/<area>/compare")
@needs("config.edit")
@bp.input(Compare, arg_name="body")
def post_compare(area: str, body: Compare) -> ResponseReturnValue:
    """What publishing the saved draft, or going back, would change, and every mistake: 200 {changes,
    troubles, over}: over are the booked places that it would take away from the day on when it would begin.
    Nothing is written."""
    h, own = house(), _area(area)
    with h.store.unit(current_actor()) as unit:
        recheck(unit)
        desk = desk_of(h)
        looked = compare(unit, desk, area, body.version)
        after = as_published(unit, desk, area, looked) if area in STAFFING else None
        since = begin_of(unit, desk, body.when)
    found: list[Over] = []
    if after is not None:  # counting takes a while, and keeps nobody waiting
        with h.store.read() as connection:
            found = overbooked_after(connection, desk.hall, after, h.clock(), since)
    return {**looked_at(h, own, looked), "over": over_rows(desk.hall, found)}


@bp.delete("/<area>/draft")
@needs("config.edit")
@bp.input(Drop, arg_name="body")
def delete_draft(area: str, body: Drop) -> ResponseReturnValue:
    """Forget the draft: 200 {rev}."""
    h = house()
    return act(body, lambda unit: {"rev": drop_draft(unit, desk_of(h), area, body.rev)})


@bp.post("/<area>")
@needs("config.edit")
@bp.input(Publish, arg_name="body")
def post_area(area: str, body: Publish) -> ResponseReturnValue:
    """Publish the saved draft: 200 {version, since}; 422 with every mistake."""
    h = house()
    said = act(
        body,
        lambda unit: publish_draft(unit, desk_of(h), area, body.base, body.rev, body.when, body.note),
    )
    _follow(h)
    return said


@bp.post("/<area>/rollback")
@needs("config.edit")
@bp.input(RollBack, arg_name="body")
def post_rollback(area: str, body: RollBack) -> ResponseReturnValue:
    """Put an older version of the area in force again, as a new one (0 = the files): 200 {version, since}."""
    h = house()
    said = act(
        body,
        lambda unit: roll_config_back(unit, desk_of(h), area, body.version, body.base, body.when, body.note),
    )
    _follow(h)
    return said


@bp.post("/<area>/withdraw")
@needs("config.edit")
@bp.input(Withdraw, arg_name="body")
def post_withdraw(area: str, body: Withdraw) -> ResponseReturnValue:
    """Take a version back that waits for its day: 200 {}."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        withdraw(unit, desk_of(h), area, body.version)
        return {}

    return act(body, deed)


def looked_at(h: House, area: Area, looked: Looked) -> dict[str, Any]:
    return {
        "changes": [asdict(c) for c in looked.changes],
        "troubles": troubles(desk_of(h), area, looked),
    }


def _follow(h: House) -> None:
    """A role may have changed, or somebody left: this process knows at once, others with their next beat."""
    h.published()
    door().forget()


def _area(name: str) -> Area:
    if name not in AREAS:
        raise refusals.ConfigUnknown(what=name)
    return AREAS[name]


def desk_of(h: House) -> Desk:
    return Desk(
        h.hall, h.current.files, h.texts.both, lambda name: find(h.settings.uploads, name) is not None
    )


def _named(view: View, of: str, i: str) -> dict[str, str]:
    """What a reference is called."""
    hall = view.settings
    kinds: dict[str, Any] = {
        "departments": hall.files.departments,
        "queues": hall.catalogue.queues,
        "windows": hall.files.windows,
        "people": hall.files.people,
        "skills": hall.catalogue.queues,
    }
    found = kinds.get(of, {}).get(i)
    return {"id": i, "name": getattr(found, "name", ""), "name_en": getattr(found, "name_en", "")}


def _draft(h: House, draft: Draft | None) -> dict[str, Any]:
    if draft is None:
        return {"rev": 0, "base": 0, "items": {}, "person": "", "name": "", "at": None}
    return {
        "rev": draft.rev,
        "base": draft.base,
        "items": draft.body,
        "person": draft.person,
        "name": _name(h, draft.person),
        "at": draft.at.isoformat(),
    }


def _version(h: House, v: Version) -> dict[str, Any]:
    return {
        "version": v.version,
        "at": v.at.isoformat() if v.at else None,
        "person": v.person,
        "name": _name(h, v.person),
        "note": v.note,
        "since": v.since,
        "state": "withdrawn" if v.withdrawn else "waiting" if v.in_force is None else "published",
        "changes": v.changes,
        "rolled_back_to": v.rolled_back_to,
    }


def _name(h: House, person: str) -> str:
    known = h.hall.catalogue.people.get(person)
    return known.name if known else ""
