"""What slips say and how they come out: see, try, publish and roll back templates; pictures; paper rolls; the
one-time notice."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints, TypeAdapter

from server import devices
from server.actions.print_slip import change_roll, print_guide, print_notice, slip_seen
from server.actions.publish_slips import preview_parts, publish_slips, roll_slips_back
from server.api.access import needs
from server.api.acts import act
from server.api.bodies import Act, Number, Prose, Word
from server.api.guide import guide_facts
from server.api.tickets import slip_json
from server.api.told import teller
from server.domain import refusals
from server.domain.papers import PAPERS
from server.domain.slips import NAME, SlipTemplate
from server.house import House, house
from server.store.health import health_of
from server.store.slip_books import PublishedSlips, find_slips_version, slip_versions
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("slips", __name__, url_prefix="/api/slips")

_BODY = TypeAdapter(dict[str, SlipTemplate])
MOST_PICTURES = 50
Name = Annotated[str, StringConstraints(pattern=f"^{NAME.pattern}$")]
BAUDS = (9600, 19200, 38400, 57600, 115200)


class Preview(Act):
    """`choices`: which of the facts that are true or not are true."""

    template: SlipTemplate
    model: Word
    service: Word
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 9600
    choices: tuple[Word, ...] = Field(default=(), max_length=20)


class Publish(Act):
    templates: dict[Name, SlipTemplate] = Field(max_length=100)
    base: Number = Field(ge=0, le=2**31)
    note: Prose = ""


class RollBack(Act):
    version: Number = Field(ge=0, le=2**31)
    base: Number = Field(ge=0, le=2**31)


class Picture(Act):
    """png: the file in base64, at most 40 kB of it."""

    name: Name
    png: Annotated[str, StringConstraints(max_length=56_000)]


class NewRoll(Act):
    kiosk: Word


class Seen(Act):
    printed: bool


class Notice(Act):
    """missing: places in the service's list of materials; none = all of them. kiosk: where to print it."""

    kiosk: Word | None = None
    missing: tuple[Annotated[Number, Field(ge=0, le=200)], ...] = Field(default=(), max_length=60)
    note: Prose = ""


class Guide(Act):
    service: Word
    lang: Literal["zh", "en"] = "zh"


@bp.get("")
@needs("slips.see")
def get_slips() -> ResponseReturnValue:
    """Templates in force, the files' own, what they may name, printers, pictures, and who changed what:
    200."""
    h = house()
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        now = find_slips_version(connection, h.store.hall, view.settings.slips_version)
        versions = slip_versions(connection, h.store.hall)
        machines = health_of(connection, h.store.hall)
    hall = view.settings
    bauds = devices.printer_bauds(h.settings.common / "profiles")
    models = hall.slips.models
    return {
        "version": hall.slips_version,
        "own": _BODY.dump_python(now.body, mode="json"),
        "files": _BODY.dump_python(dict(hall.file_slips.templates), mode="json"),
        "papers": {name: {"code": k.code, "facts": k.facts, "lists": k.lists} for name, k in PAPERS.items()},
        "order": list(PAPERS),
        "models": [{"id": m, "mm": models[m].mm, "baud": bauds.get(m, 9600)} for m in sorted(models)],
        "bauds": BAUDS,
        "printers": [
            {"name": m["device"], "kiosk": m["kiosk"], "model": m["model"]}
            for m in machines
            if m["kind"] == "printer"
        ],
        "services": [
            {"id": s.id, "name": s.name, "name_en": s.name_en, "queue": s.queue}
            for s in hall.catalogue.services.values()
        ],
        "queues": [{"id": q.prefix, "name": q.name} for q in hall.catalogue.queues.values()],
        "pictures": sorted(_pictures(h)),
        "versions": [_version(h, v) for v in versions],
    }


@bp.post("/preview")
@needs("slips.see")
@bp.input(Preview, arg_name="body")
def post_preview(body: Preview) -> ResponseReturnValue:
    """The paper dot by dot, as a printer of that model makes it of the driver's bytes: 200 {png, width,
    height, mm, bytes, seconds, picture_seconds, missing}; 422 with every mistake. Nothing is written."""
    h = house()
    slogan = h.brand().brand.said("en" if "service_en" in body.choices else "zh")
    parts = preview_parts(
        h.hall, body.template, _pictures(h), body.service, body.choices, h.texts.say, slogan
    )
    profiles = h.settings.common / "profiles"
    try:
        return dict(devices.preview_slip(parts, body.model, body.baud, profiles, h.settings.pictures))
    except KeyError:
        raise refusals.SlipsUnknown(what=body.model) from None
    except ValueError as error:
        trouble = {"key": "line", "zh": "这张小票打不出来", "en": str(error)[:200]}
        raise refusals.SlipsInvalid(troubles=[trouble], first=trouble["zh"], where="line") from None


@bp.post("")
@needs("slips.publish")
@bp.input(Publish, arg_name="body")
def post_slips(body: Publish) -> ResponseReturnValue:
    """Publish all templates that differ from the files, made from version `base`: 200 {version}."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        templates, base = body.templates, body.base
        return {"version": publish_slips(unit, h.hall, templates, _pictures(h), base, body.note)}

    return act(body, deed)


@bp.post("/rollback")
@needs("slips.publish")
@bp.input(RollBack, arg_name="body")
def post_rollback(body: RollBack) -> ResponseReturnValue:
    """Put an older version in force again, as a new one (0 = the files): 200 {version}."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        return {"version": roll_slips_back(unit, h.hall, body.version, _pictures(h), body.base)}

    return act(body, deed)


@bp.post("/pictures")
@needs("slips.publish")
@bp.input(Picture, arg_name="body")
def post_picture(body: Picture) -> ResponseReturnValue:
    """Upload a PNG for slips, or replace it: 200 {name}; 422 picture-wrong. It holds for the next paper."""
    h = house()
    try:
        data = base64.b64decode(body.png, validate=True)
    except binascii.Error:
        raise refusals.PictureWrong(reason="no_png") from None
    reason = devices.picture_trouble(data)
    if reason:
        raise refusals.PictureWrong(reason=reason)
    folder: Path = h.settings.pictures[0]
    file = folder / f"{body.name}.png"
    if not file.exists() and len(_pictures(h)) >= MOST_PICTURES:
        raise refusals.PictureWrong(reason="too_many")

    def deed(unit: Unit) -> dict[str, Any]:
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{body.name}.{body.request_id}"
        beside.write_bytes(data)
        beside.replace(file)
        unit.note("slips.picture", f"picture:{body.name}", bytes=len(data))
        return {"name": body.name}

    return act(body, deed)


@bp.post("/roll")
@needs("slips.roll")
@bp.input(NewRoll, arg_name="body")
def post_roll(body: NewRoll) -> ResponseReturnValue:
    """A kiosk's printer has a new roll: the counter starts at nothing: 200 {kiosk}; 409 no-printer."""

    def deed(unit: Unit) -> dict[str, Any]:
        change_roll(unit, body.kiosk)
        return {"kiosk": body.kiosk}

    return act(body, deed)


@bp.post("/<int(max=9223372036854775807):slip>/seen")
@needs("slips.seen")
@bp.input(Seen, arg_name="body")
def post_seen(slip: int, body: Seen) -> ResponseReturnValue:
    """Somebody has looked whether an unsure slip came out: 200 {state}; 409 slip-certain when it is no longer
    unsure."""

    def deed(unit: Unit) -> dict[str, Any]:
        slip_seen(unit, slip, body.printed)
        return {"state": "printed" if body.printed else "failed"}

    return act(body, deed)


@bp.post("/notice/<int(max=9223372036854775807):ticket>")
@needs("slips.notice")
@bp.input(Notice, arg_name="body")
def post_notice(ticket: int, body: Notice) -> ResponseReturnValue:
    """Print the one-time notice of the service a ticket is here for now (一次性告知): 201 with the slip; 409
    printer-needed names the kiosks when it was never printed at one."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        where, what = body.kiosk or "", (body.missing, body.note, h.texts.say)
        slip = print_notice(unit, h.hall, h.slip, h.settings.url, ticket, where, *what)
        return {"slip": {**slip_json(slip), "kiosk": slip.kiosk}}

    return act(body, deed, good=201)


@bp.post("/guide")
@needs("slips.guide")
@bp.input(Guide, arg_name="body")
def post_guide(body: Guide) -> ResponseReturnValue:
    """Print at the caller's own kiosk what a service needs, without a number: 201 with the slip; 429
    guide-enough, 409 paper-low, guide-off or no-printer."""
    h = house()
    item = h.hall.catalogue.services.get(body.service)
    if item is None:
        raise refusals.ServiceUnknown(service=body.service)

    def say(key: str, **words: object) -> str:
        return h.texts.say(key, body.lang, **words)

    comma = "、" if body.lang == "zh" else ", "
    guide = guide_facts(h.hall, item, say, teller(body.lang, body.lang == "en"), comma)
    told = {
        "bring": say("touch.materials") if guide["bring"] else say("touch.materials_none"),
        "fetched": say("touch.fetched") + comma.join(map(str, guide["fetched"])) if guide["fetched"] else "",
        "lines": [{"title": title, "words": " ".join(map(str, words))} for title, words in guide["lines"]],
        "scan": say("touch.guide_qr"),
        "url": f"{h.settings.url}/guide/{item.id}" + ("?lang=en" if body.lang == "en" else ""),
    }

    def deed(unit: Unit) -> dict[str, Any]:
        return {"slip": slip_json(print_guide(unit, h.hall, h.slip, item.id, body.lang == "en", told, say))}

    return act(body, deed, good=201)


@bp.get("/printers")
@needs("slips.notice")
def get_printers() -> ResponseReturnValue:
    """Where a paper for a citizen can come out: 200 {printers: [{kiosk, state, reason}]}."""
    h = house()
    with h.store.read() as connection:
        rows = health_of(connection, h.store.hall)
    here = [row for row in rows if row["kind"] == "printer" and row["kiosk"]]
    keys = ("kiosk", "state", "reason")
    return {"printers": sorted(({k: row[k] for k in keys} for row in here), key=lambda row: row["kiosk"])}


def _pictures(h: House) -> set[str]:
    return {path.stem for folder in h.settings.pictures for path in folder.glob("*.png")}


def _version(h: House, version: PublishedSlips) -> dict[str, Any]:
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
