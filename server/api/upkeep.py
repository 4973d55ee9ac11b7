"""设备维护: the manager sets the kiosks' PIN; at a kiosk it opens the way to a few deeds for that one alone.

The way is a closed word that the kiosk's page carries (`pass`), good for that kiosk and some minutes; every
deed shows it.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import jsonify
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints

from server.actions.print_slip import change_roll
from server.actions.upkeep import enter, set_pin
from server.api.access import current_actor, needs, recheck
from server.api.acts import act
from server.api.bodies import Act, Body, RequestId, Sealed
from server.api.session import gate
from server.api.wiring import ask, note_deed
from server.domain import refusals
from server.domain.upkeep import GOOD_FOR, check_pin
from server.house import House, house
from server.keys import Seal
from server.store.health import health_of
from server.store.snapshots.manager import rolls_value
from server.store.snapshots.view import View, iso
from server.store.unit import Unit
from server.store.upkeep import find_pin

bp = APIBlueprint("upkeep", __name__, url_prefix="/api/upkeep")

Pin = Annotated[str, StringConstraints(max_length=40)]


class PinBody(Body):
    """The PIN is compared or hashed at once and kept nowhere else, not with the answered requests either."""

    pin: Pin
    request_id: RequestId | None = None


class PassBody(Act):
    pass_: Sealed = Field(alias="pass")


class TrialBody(Body):
    pass_: Sealed = Field(alias="pass")
    request_id: RequestId | None = None


@bp.get("/pin")
@needs("kiosk.pin")
def get_pin() -> ResponseReturnValue:
    """Whether there is one, who set it and when: 200 {set, by, at}; never the PIN."""
    h = house()
    with h.store.read() as connection:
        found = find_pin(connection, h.store.hall)
    person = h.hall.catalogue.people.get(found.set_by) if found else None
    return {
        "set": found is not None,
        "by": person.name if person else None,
        "at": iso(found.set_at) if found else None,
    }


@bp.put("/pin")
@needs("kiosk.pin")
@bp.input(PinBody, arg_name="body")
def put_pin(body: PinBody) -> ResponseReturnValue:
    """Set it for all kiosks of the hall: 200 {}; 422 pin-weak."""
    check_pin(body.pin)
    hashed = gate().passwords.hash(body.pin)
    with house().store.unit(current_actor()) as unit:
        recheck(unit)
        set_pin(unit, hashed)
    return jsonify({})


@bp.post("")
@needs("kiosk.upkeep")
@bp.input(PinBody, arg_name="body")
def post_upkeep(body: PinBody) -> ResponseReturnValue:
    """Enter the PIN at this kiosk: 200 {pass, until, kiosk, device, machines, roll}; 403 pin-wrong, 429
    pin-locked, 409 pin-unset."""
    h, actor = house(), current_actor()
    kiosk = actor.kiosk or ""
    with h.store.read() as connection:
        seen = find_pin(connection, h.store.hall)
    right = gate().passwords.verify(seen.hash if seen else None, body.pin)
    with h.store.unit(actor) as unit:
        recheck(unit)
        no = enter(unit, kiosk, seen, right)
        until = unit.now + GOOD_FOR
    if no is not None:
        raise no
    word = json.dumps({"device": actor.id, "until": until.timestamp()})
    return jsonify({"pass": _seal(h).close(word.encode()), "until": iso(until), **_standing(h, kiosk)})


@bp.post("/roll")
@needs("kiosk.upkeep")
@bp.input(PassBody, arg_name="body")
def post_own_roll(body: PassBody) -> ResponseReturnValue:
    """A new roll was put into this kiosk's printer: 200 {roll}; 403 upkeep-over."""
    h, kiosk = house(), current_actor().kiosk or ""
    _check_pass(h, body.pass_)

    def deed(unit: Unit) -> dict[str, Any]:
        change_roll(unit, kiosk)
        return {}

    return act(body, deed, show=lambda view: {"roll": rolls_value(view).get(kiosk)}, instead={"pass_": None})


@bp.post("/trial")
@needs("kiosk.upkeep")
@bp.input(TrialBody, arg_name="body")
def post_own_trial(body: TrialBody) -> ResponseReturnValue:
    """Let this kiosk's printer print its test: 202 {job}; 403 upkeep-over, 409 no-printer, 503 host-away."""
    h, kiosk = house(), current_actor().kiosk or ""
    _check_pass(h, body.pass_)
    with h.store.read() as connection:
        mine = [m for m in health_of(connection, h.store.hall) if m["kiosk"] == kiosk]
    printer = next((str(m["device"]) for m in mine if m["kind"] == "printer"), None)
    if printer is None:
        raise refusals.NoPrinter(kiosk=kiosk)
    note_deed("device.trial", f"device:{printer}", kiosk=kiosk)
    return jsonify(ask(f"device:{printer}", "trial", device=printer, text="")), 202


def _standing(h: House, kiosk: str) -> dict[str, Any]:
    """Which kiosk this is, with which machines at which host, and its paper."""
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        machines = [
            {key: m[key] for key in ("device", "kind", "model", "line", "host", "state", "reason")}
            for m in health_of(connection, h.store.hall)
            if m["kiosk"] == kiosk
        ]
        roll = rolls_value(view).get(kiosk)
    return {"kiosk": kiosk, "device": current_actor().id, "machines": machines, "roll": roll}


def _check_pass(h: House, closed: str) -> None:
    """Raises UpkeepOver for what is too old, another kiosk's, or no pass at all."""
    plain = _seal(h).open(closed)
    facts = json.loads(plain) if plain is not None else {}
    if facts.get("device") != current_actor().id or facts["until"] < h.clock().timestamp():
        raise refusals.UpkeepOver()


def _seal(h: House) -> Seal:
    return Seal(h.key, "upkeep")
