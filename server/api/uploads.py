"""Photos for badges, pictures and films for boards: uploaded here, named by a draft, shown once published."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import request, send_file
from flask.typing import ResponseReturnValue

from server import uploads
from server.api.access import current_actor, needs, recheck
from server.domain import refusals
from server.house import house
from server.store.config import uploads_named

bp = APIBlueprint("uploads", __name__)

FOR_EVER = 365 * 86_400  # seconds; the name is the hash of what is in it


@bp.put("/api/uploads/<any(photo, medium):kind>")
@needs("upload.make")
def put_upload(kind: uploads.Kind) -> ResponseReturnValue:
    """A JPEG, PNG or WebP, for boards an MP4 or WebM too, as the body: 200 {name, src, width, height, bytes,
    seconds}; 422 upload-wrong says what is wrong. Nothing shows it before a draft that names it is
    published."""
    h = house()
    try:
        made = uploads.checked(kind, request.get_data())
        with h.store.unit(current_actor()) as unit:
            recheck(unit)
            named = uploads_named(unit.connection, unit.hall)
            uploads.keep(h.settings.uploads, made, named, unit.now)
            unit.note("upload.make", f"upload:{made.name}", kind=kind, bytes=len(made.data))
    except uploads.UploadWrong as wrong:
        raise refusals.UploadWrong(reason=wrong.reason) from None
    facts: dict[str, Any] = {"width": made.width, "height": made.height, "seconds": made.seconds}
    return {"name": made.name, "src": f"/uploads/{made.name}", "bytes": len(made.data), **facts}


@bp.get("/uploads/<name>")
def get_upload(name: str) -> ResponseReturnValue:
    """The file; parts of a film are given when asked for."""
    path = uploads.find(house().settings.uploads, name)
    if path is None:
        raise refusals.NotFound()
    reply = send_file(path, conditional=True, max_age=FOR_EVER)
    reply.cache_control.public, reply.cache_control.immutable = True, True
    return reply
