"""The hall's own look: what every page loads, and how a manager changes it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints

from server.actions.publish_brand import change_logo, publish_brand, roll_brand_back
from server.api.access import current_actor, needs, recheck
from server.api.acts import act
from server.api.bodies import Act, Body, Number
from server.domain.brand import AA, COLOUR, Brand, style_sheet, tokens, unreadable
from server.domain.refusals import NotFound
from server.house import house
from server.store.brands import brands_of, logo_of, newest_logo
from server.store.unit import Unit

bp = APIBlueprint("brand", __name__)

DAY_S = 24 * 3600
MOST_VERSIONS = 50
Colour = Annotated[str, StringConstraints(pattern=f"^({COLOUR.pattern})?$")]
Slogan = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class Colours(Body):
    """#rrggbb in small letters; empty: Wucha's own."""

    primary: Colour = ""
    accent: Colour = ""


class Publish(Act):
    """base: the version it was made from; 0 = the files."""

    primary: Colour = ""
    accent: Colour = ""
    slogan: Slogan = ""
    slogan_en: Slogan = ""
    base: Number = Field(ge=0, le=2**31)


class RollBack(Act):
    """version: the one to wear again, 0 = the files; base: the one it was decided at."""

    version: Number = Field(ge=0, le=2**31)
    base: Number = Field(ge=0, le=2**31)


@bp.get("/brand.css")
def get_style() -> Response:
    """The hall's colours and logo as the tokens of theme.css. Its address carries the version."""
    worn = house().brand()
    reply = make_response(style_sheet(worn.brand, worn.logo))
    reply.mimetype = "text/css"
    return _kept(reply, worn.tag)


@bp.get("/brand/logo")
def get_logo() -> Response:
    """The logo, PNG or JPEG; 404 when the hall has none. ?version=3: the one that version had."""
    asked = request.args.get("version", "")
    past = int(asked) if re.fullmatch("[1-9][0-9]{0,8}", asked) else None
    found = worn_logo() if past is None else _logo_of(past)
    if found is None:
        raise NotFound()
    reply = make_response(found[0])
    reply.mimetype = found[1]
    return _kept(reply, house().brand().tag if past is None else f"logo-{past}")


def worn_logo() -> tuple[bytes, str] | None:
    """The logo that is worn now and its media type."""
    h = house()
    with h.store.read() as connection:
        return newest_logo(connection, h.store.hall) if h.brand().version else h.hall.brand_logo


def _logo_of(version: int) -> tuple[bytes, str] | None:
    h = house()
    with h.store.read() as connection:
        return logo_of(connection, h.store.hall, version)


def _kept(reply: Response, tag: str) -> Response:
    """May be kept for a day under the address that names this version; otherwise asked for again."""
    reply.set_etag(tag)
    if request.args.get("v") == tag:
        reply.headers["Cache-Control"] = f"public, max-age={DAY_S}"
    return reply.make_conditional(request)


@bp.get("/api/brand")
@needs("brand.publish")
def get_brand() -> ResponseReturnValue:
    """{version, primary, accent, slogan, slogan_en, logo, person, at, versions, files}: what is worn now;
    logo: its address, or empty. versions: what was worn, the newest first; files: what version 0 is."""
    h = house()
    with h.store.read() as connection:
        past = brands_of(connection, h.store.hall, MOST_VERSIONS)
    worn, people = h.brand(), h.hall.catalogue.people
    versions = [
        {
            "version": one.version,
            **vars(one.brand),
            "logo": f"/brand/logo?version={one.version}" if one.logo_type else "",
            "person": people[one.person].name if one.person in people else one.person,
            "at": one.at.isoformat(),
        }
        for one in past
    ]
    return {
        "version": worn.version,
        **vars(worn.brand),
        "logo": worn.logo,
        "person": versions[0]["person"] if versions else "",
        "at": versions[0]["at"] if versions else None,
        "versions": versions,
        "files": {**vars(h.hall.brand), "logo": h.hall.brand_logo is not None},
    }


@bp.post("/api/brand/preview")
@needs("brand.publish")
@bp.input(Colours, arg_name="body")
def post_preview(body: Colours) -> ResponseReturnValue:
    """How colours would be worn: 200 {themes: {light, dark}, troubles: [{field, colour, against, ratio,
    least, better}]}; what is in trouble is shown with the better shade. Nothing is written."""
    brand = Brand(body.primary, body.accent)
    troubles = unreadable(brand)
    mended = Brand(
        **{"primary": body.primary, "accent": body.accent, **{no.field: no.better for no in troubles}}
    )
    return {
        "themes": tokens(mended),
        "troubles": [{**vars(no), "ratio": round(no.ratio, 1), "least": AA} for no in troubles],
    }


@bp.post("/api/brand")
@needs("brand.publish")
@bp.input(Publish, arg_name="body")
def post_brand(body: Publish) -> ResponseReturnValue:
    """Wear these colours and this slogan: 200 {version}; 409 brand-stale, 422 brand-wrong."""
    h = house()
    brand = Brand(body.primary, body.accent, body.slogan.strip(), body.slogan_en.strip())

    def deed(unit: Unit) -> dict[str, Any]:
        return {"version": publish_brand(unit, brand, body.base, h.hall.brand_logo)}

    return act(body, deed)


@bp.post("/api/brand/rollback")
@needs("brand.publish")
@bp.input(RollBack, arg_name="body")
def post_rollback(body: RollBack) -> ResponseReturnValue:
    """Wear an older version again, as a new one (0 = the files): 200 {version}; 409 brand-stale."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        files = h.hall.brand, h.hall.brand_logo
        return {"version": roll_brand_back(unit, body.version, body.base, files)}

    return act(body, deed)


@bp.put("/api/brand/logo")
@needs("brand.publish")
def put_logo() -> ResponseReturnValue:
    """Upload a logo, PNG or JPEG, at most 200 kB, sides of 24 to 2400 pixels: 200 {version}; 422
    logo-wrong."""
    return _logo(request.get_data())


@bp.delete("/api/brand/logo")
@needs("brand.publish")
def delete_logo() -> ResponseReturnValue:
    """Wear Wucha's mark again: 200 {version}."""
    return _logo(None)


def _logo(data: bytes | None) -> ResponseReturnValue:
    h = house()
    with h.store.unit(current_actor()) as unit:
        recheck(unit)
        version = change_logo(unit, data, h.hall.brand)
    return {"version": version}
