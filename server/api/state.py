"""The same pictures as the sockets show, over plain HTTP, and the voice files of the calls."""

from __future__ import annotations

from urllib.parse import quote

from apiflask import APIBlueprint
from flask import request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from server.api.access import current_actor, needs
from server.domain.access import LISTENING
from server.domain.refusals import NotFound, WindowUnknown
from server.house import house
from server.keys import offline_key
from server.live.faces import FACES
from server.live.namespaces import ALL_ROOM, picture
from server.store import tables as t
from server.voice import announcement, call_for_help

bp = APIBlueprint("state", __name__, url_prefix="/api")


def _view(face: str, act: str) -> None:
    @needs(act)
    def get_state() -> ResponseReturnValue:
        """One face's whole picture: {revision, at, rows, values}."""
        actor = current_actor()
        room = ALL_ROOM
        if face == "kiosk":
            room = actor.kiosk or ""
        elif face in ("window", "pad", "clerk"):
            room = actor.window or request.args.get("window", "")
            if room not in house().hall.catalogue.windows:
                raise WindowUnknown(window=room)
        return picture(house(), face, room)

    bp.add_url_rule(f"/state/{face}", f"get_{face}", get_state)


for _face in FACES:
    _view(_face, LISTENING[f"/{_face}"])


@bp.get("/offline")
@needs("kiosk.watch")
def get_offline() -> ResponseReturnValue:
    """Where this kiosk's page gets a number while the server is away: {url, key} of the device host on its
    own machine; url null where the hall gives none offline."""
    h, kiosk = house(), current_actor().kiosk or ""
    rules = h.hall.hall.offline
    if not rules.enabled:
        return {"url": None, "key": ""}
    return {"url": f"http://127.0.0.1:{rules.port}/{quote(kiosk, safe='')}", "key": offline_key(h.key, kiosk)}


@bp.get("/voice/<int(max=9223372036854775807):call>.wav")
@needs("hall.watch")
def get_voice(call: int) -> ResponseReturnValue:
    """The announcement of a call: number and window, spoken twice after a chime."""
    h = house()
    query = select(t.call.c.number, t.call.c.window).where(t.call.c.hall == h.store.hall, t.call.c.id == call)
    with h.store.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound()
    path = announcement(row.number, row.window, h)
    if path is None:
        raise NotFound()
    return send_file(path, mimetype="audio/wav", max_age=3600)


@bp.get("/voice/help/<window>.wav")
@needs("emergency.answer")
def get_help_voice(window: str) -> ResponseReturnValue:
    """The emergency at a window, for the loudspeaker of who answers it; never for the hall."""
    h = house()
    place = h.hall.catalogue.windows.get(window)
    path = call_for_help(place.number, h) if place else None
    if path is None:
        raise NotFound()
    return send_file(path, mimetype="audio/wav", max_age=3600)
