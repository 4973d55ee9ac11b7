"""Enrolling devices: a manager makes a one-time code, the device trades it for its key, a manager revokes
it.
"""

from __future__ import annotations

from typing import Literal

from apiflask import APIBlueprint
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from server.actions.enrol import enrol, make_code, revoke
from server.api.access import check_origin, current_actor, door, needs, recheck
from server.api.bodies import Body, RequestId, Word
from server.api.session import address, gate
from server.api.setup import CodeText
from server.domain import refusals
from server.domain.actors import Actor
from server.house import house
from server.store.devices import Code, Device, devices

bp = APIBlueprint("devices", __name__)

NEWCOMER = Actor("device", "new", "unenrolled")
FACES = {
    "kiosk": "/touch/{kiosk}",
    "pad": "/pad/{window}",
    "window_screen": "/window/{window}",
    "board": "/hall/{name}",
}


class Enrolment(Body):
    """What shall be enrolled where: a kiosk needs `kiosk`, pad and window_screen `window`, board and host
    `name`.
    """

    kind: Literal["kiosk", "pad", "board", "window_screen", "host"]
    window: Word | None = None
    kiosk: Word | None = None
    name: Word | None = None
    request_id: RequestId | None = None


class Enrol(Body):
    code: CodeText
    request_id: RequestId | None = None


@bp.post("/api/enrolments")
@needs("device.enrol")
@bp.input(Enrolment, arg_name="body")
def post_enrolment(body: Enrolment) -> ResponseReturnValue:
    """A one-time code, good for ten minutes: 201 {code, url, expires_at}; url is the face's address with
    the code.
    """
    with house().store.unit(current_actor()) as unit:
        recheck(unit)
        code, made = make_code(unit, house().hall, body.kind, body.window, body.kiosk, body.name)
    expires = made.expires_at.isoformat() if made.expires_at else None
    return jsonify({"code": code, "url": _address(made, code), "expires_at": expires}), 201


@bp.post("/api/enrol")
@bp.input(Enrol, arg_name="body")
def post_enrol(body: Enrol) -> ResponseReturnValue:
    """Trade a code for a key: 201 {key, device}; 403 code-wrong."""
    check_origin()
    h = house()
    if gate().codes.is_spent(address(), h.clock()):
        raise refusals.TooFast()
    try:
        with h.store.unit(NEWCOMER) as unit:
            key, device = enrol(unit, body.code)
    except refusals.CodeWrong:  # only wrong ones count: a whole hall is enrolled from one desk
        gate().codes.mark(address(), h.clock())
        raise
    door().forget()
    return jsonify({"key": key, "device": _place(device)}), 201


@bp.get("/api/devices")
@needs("device.list")
def get_devices() -> ResponseReturnValue:
    """All enrolled devices with when each was last seen: 200 {devices: [...]}."""
    h = house()
    with h.store.read() as connection:
        found = devices(connection, h.store.hall)
    return jsonify({"devices": [device_json(d) for d in found]})


@bp.delete("/api/devices/<device>")
@needs("device.revoke")
def delete_device(device: str) -> ResponseReturnValue:
    """The device's key works no more: 200 {device}; 404 not enrolled."""
    with house().store.unit(current_actor()) as unit:
        recheck(unit)
        gone = revoke(unit, device)
    door().forget()
    return jsonify({"device": device_json(gone)})


def device_json(device: Device) -> dict[str, object]:
    seen = device.seen_at.isoformat() if device.seen_at else None
    return {**_place(device), "enrolled_at": device.enrolled_at.isoformat(), "seen_at": seen}


def _place(device: Device) -> dict[str, object]:
    where = {"window": device.window, "kiosk": device.kiosk}
    return {"id": device.id, "kind": device.kind, "name": device.name, **where}


def _address(made: Code, code: str) -> str | None:
    """The face to open on the device, the code in its fragment (which no log sees); None for a device
    host.
    """
    path = FACES.get(made.kind)
    if path is None:
        return None
    base = house().settings.public_url or request.host_url.rstrip("/")
    return f"{base}{path.format(kiosk=made.kiosk, window=made.window, name=made.name)}#code={code}"
