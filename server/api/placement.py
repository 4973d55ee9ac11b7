"""The comprehensive-window reform as data: see, compare, publish and roll back what window takes what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import Field, TypeAdapter

from server.actions.publish_placement import compare_placement, publish_placement, roll_back
from server.api.access import current_actor, needs, recheck
from server.api.acts import act
from server.api.bodies import Act, Number, Prose
from server.domain.catalogue import Queue
from server.domain.placement import Placement
from server.house import House, house
from server.settings import HallSettings
from server.store.placements import Published, find_placement, placements
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("placement", __name__, url_prefix="/api/placement")

_BODY = TypeAdapter(Placement)


class Compare(Act):
    placement: Placement


class Publish(Act):
    placement: Placement
    base: Number = Field(ge=0, le=2**31)
    note: Prose = ""


class RollBack(Act):
    version: Number = Field(ge=0, le=2**31)
    base: Number = Field(ge=0, le=2**31)


@bp.get("")
@needs("placement.see")
def get_placement() -> ResponseReturnValue:
    """What is in force, what the files say, and who changed what: 200."""
    h = house()
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        now = find_placement(connection, h.store.hall, view.settings.placement)
        versions = placements(connection, h.store.hall)
    return {
        "version": view.settings.placement,
        "placement": _body(now.body),
        "queues": [_queue(q) for q in view.settings.catalogue.queues.values()],
        "classes": [asdict(c) for c in view.settings.catalogue.classes.values()],
        "windows": _windows(view.settings),
        "services": _services(view.settings),
        "versions": [_version(h, v) for v in versions],
    }


@bp.post("/compare")
@needs("placement.publish")
@bp.input(Compare, arg_name="body")
def post_compare(body: Compare) -> ResponseReturnValue:
    """What publishing would change, or the refusal it would meet: 200 {changes}. Nothing is written."""
    h = house()
    with h.store.unit(current_actor()) as unit:
        recheck(unit)
        changes = compare_placement(unit, h.hall, body.placement)
    return {"changes": [asdict(c) for c in changes]}


@bp.post("")
@needs("placement.publish")
@bp.input(Publish, arg_name="body")
def post_placement(body: Publish) -> ResponseReturnValue:
    """Publish a placement made from version `base`: 200 {version}; it holds for the next number."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        return {"version": publish_placement(unit, h.hall, body.placement, body.base, body.note)}

    return act(body, deed)


@bp.post("/rollback")
@needs("placement.publish")
@bp.input(RollBack, arg_name="body")
def post_rollback(body: RollBack) -> ResponseReturnValue:
    """Put an older version in force again, as a new one (0 = the files): 200 {version}."""
    h = house()
    return act(body, lambda unit: {"version": roll_back(unit, h.hall, body.version, body.base)})


def _body(placement: Placement) -> dict[str, Any]:
    """The overrides as they can be sent back."""
    return dict(_BODY.dump_python(placement, mode="json"))


def _queue(queue: Queue) -> dict[str, Any]:
    return {"id": queue.prefix, "name": queue.name, "name_en": queue.name_en, "mode": queue.mode}


def _windows(hall: HallSettings) -> list[dict[str, Any]]:
    return [
        {
            "id": w.id,
            "number": w.number,
            "name": w.name,
            "name_en": w.name_en,
            "kind": w.kind,
            "queues": list(w.queues),
            "classes": list(w.classes),
            "overflow": list(w.overflow),
        }
        for w in hall.catalogue.windows.values()
    ]


def _services(hall: HallSettings) -> list[dict[str, Any]]:
    departments = hall.catalogue.departments
    return [
        {
            "id": s.id,
            "name": s.name,
            "name_en": s.name_en,
            "department": departments[s.department].name if s.department in departments else "",
            "department_en": departments[s.department].name_en if s.department in departments else "",
            "department_id": s.department,
            "queue": s.queue,
            "file_queue": hall.files.services[s.id].queue,
        }
        for s in hall.catalogue.services.values()
    ]


def _version(h: House, version: Published) -> dict[str, Any]:
    person = h.hall.catalogue.people.get(version.person)
    return {
        "version": version.version,
        "at": version.at.isoformat() if version.at else None,
        "person": version.person,
        "name": person.name if person else "",
        "note": version.note,
        "changes": version.changes,
        "rolled_back_to": version.rolled_back_to,
    }
