"""Putting machines into service: what a running device host sees, finds and tries, asked over its socket.

A host is named by its enrolment (`GET /api/hosts`); a machine by its name, whichever host has it. Nothing is
kept here: the answers are the host's own. What changes something, or moves a machine, leaves an audit line.
"""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from flask_socketio import SocketIO
from pydantic import Field
from socketio.exceptions import TimeoutError as NoAnswer

from server.api.access import current_actor, needs, recheck
from server.api.bodies import Body, Number, Prose, RequestId, Word
from server.domain import refusals
from server.domain.access import HOST
from server.domain.refusals import Refusal
from server.house import house
from server.store.devices import devices
from server.store.unit import Unit

bp = APIBlueprint("wiring", __name__)

ANSWER_S = 4.0
LOOK_S = 1.5  # a host that is not there must not hold up the list of those that are
LINE = r"^(/dev/|socket://|rfc2217://|virtual://)[A-Za-z0-9_.:/?=&@%+,-]{1,200}$"
NO: dict[str, type[Refusal]] = {
    "busy": refusals.HostBusy,
    "fixed": refusals.AddressFixed,
    "spec": refusals.DeclarationWrong,
    "unknown_job": refusals.NotFound,
    "no_file": refusals.NotFound,
}


class Search(Body):
    """kinds: what may be there. urls: only these ports; TCP lines are asked only when they stand here."""

    kinds: list[Literal["printer", "strip", "keypad", "reader", "scanner"]] = Field(
        min_length=1, max_length=5
    )
    urls: list[str] = Field(default_factory=list, max_length=40)
    addresses: Number = Field(default=16, ge=1, le=64)
    request_id: RequestId | None = None


class Trial(Body):
    """A test of a declared machine; `text` instead of its own words."""

    text: Prose = Field(default="", max_length=100)
    request_id: RequestId | None = None


class Candidate(Body):
    """A machine that was found and is not declared yet."""

    url: str = Field(pattern=LINE)
    model: Word
    baud: Number = Field(default=0, ge=0, le=4_000_000)
    address: Number = Field(default=0, ge=0, le=0x7FFF)
    text: Prose = Field(default="", max_length=100)
    request_id: RequestId | None = None


class Address(Body):
    """Another address for a declared machine."""

    to: Number = Field(ge=1, le=0x7FFF)
    request_id: RequestId | None = None


class FoundAddress(Body):
    """The same for a machine that was found at `address` and is not declared yet."""

    url: str = Field(pattern=LINE)
    model: Word
    baud: Number = Field(default=0, ge=0, le=4_000_000)
    address: Number = Field(ge=1, le=0x7FFF)
    to: Number = Field(ge=1, le=0x7FFF)
    request_id: RequestId | None = None


class Description(Body):
    """A kind of machine described by hand: the text of a file in config/profiles."""

    text: str = Field(max_length=20_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")
    request_id: RequestId | None = None


class Lesson(Description):
    """Send with a description that is no file yet, and see what comes back."""

    name: Word
    url: str = Field(pattern=LINE)
    baud: Number = Field(default=0, ge=0, le=4_000_000)
    address: Number = Field(default=0, ge=0, le=0x7FFF)
    words: Prose = Field(default="", max_length=100)


class Declare(Body):
    """A machine for the host's list: at a window or in a kiosk."""

    name: Word
    model: Word
    url: str = Field(pattern=LINE)
    baud: Number = Field(default=0, ge=0, le=4_000_000)
    address: Number = Field(default=0, ge=0, le=0x7FFF)
    window: Word | None = None
    kiosk: Word | None = None
    request_id: RequestId | None = None


@bp.get("/api/hosts")
@needs("device.inspect")
def get_hosts() -> ResponseReturnValue:
    """Every enrolled device host: 200 {hosts: [{id, enrolled_as, here, name, computer, file, troubles,
    untold, lines, devices, ports, models}]}; a host that is not there has `here` false and nothing more."""
    return jsonify({"hosts": every_host()})


def every_host() -> list[dict[str, Any]]:
    """What the enrolled hosts say of themselves, asked now."""
    h = house()
    with h.store.read() as connection:
        enrolled = [d for d in devices(connection, h.store.hall) if d.kind == HOST]
    return [_host(d.id, d.name) for d in enrolled]


def _host(host: str, name: str) -> dict[str, Any]:
    known = {"id": host, "enrolled_as": name}
    try:
        return {**_worded(ask(f"host:{host}", "status", LOOK_S)), **known, "here": True}
    except refusals.Refusal:
        return {**known, "here": False}


def _worded(status: dict[str, Any]) -> dict[str, Any]:
    """With the sentence of each refusal among what the host could not tell."""
    untold = status.get("untold")
    dead = untold.get("dead") if isinstance(untold, dict) else None
    for row in dead if isinstance(dead, list) else ():
        if isinstance(row, dict):
            said = row.pop("facts", None)
            known = said.items() if isinstance(said, dict) else ()
            facts = {str(k): v for k, v in known if k not in ("key", "lang")}
            row["text"] = house().texts.both(f"refused.{row.get('refused')}", **facts)
    return status


@bp.get("/api/devices/<device>/trace")
@needs("device.inspect")
def get_trace(device: str) -> ResponseReturnValue:
    """The bytes on a machine's line after entry `since`: 200 {line, driver, baud, withheld, entries, last}.

    `?format=text`: as a file for support. An ID reader's line tells how many bytes passed, never which.
    """
    return _trace(f"device:{device}", device)


@bp.get("/api/host/trace/<device>")
@needs("host.serve")
def get_own_trace(device: str) -> ResponseReturnValue:
    """The same for the tools beside a host, by the host's own key and of its own machines: 200 as above."""
    return _trace(f"host:{current_actor().id}", device)


def _trace(room: str, device: str) -> Response:
    since = request.args.get("since", "0")
    number = int(since) if since.isascii() and since.isdigit() and len(since) < 16 else 0
    found = ask(room, "trace", device=device, since=number)
    if request.args.get("format") != "text":
        return jsonify(found)
    rows = [f"{e['at']} {e['way']} {e['hex']}" for e in found["entries"]]
    head = f"# line {found['line']}   driver {found['driver']}   baud {found['baud']}"
    reply = Response("\n".join([head, *rows]) + "\n", mimetype="text/plain")
    reply.headers["Content-Disposition"] = "attachment; filename=trace.txt"
    return reply


@bp.post("/api/devices/<device>/trial")
@needs("device.test")
@bp.input(Trial, arg_name="body")
def post_trial(device: str, body: Trial) -> ResponseReturnValue:
    """Let a declared machine print or show its test: 202 {job}."""
    note_deed("device.trial", f"device:{device}")
    return jsonify(ask(f"device:{device}", "trial", device=device, text=body.text)), 202


@bp.get("/api/devices/<device>/trial/<job>")
@needs("device.test")
def get_trial(device: str, job: str) -> ResponseReturnValue:
    """How a test went: 200 {job, state: waiting|sending|confirmed|sent|unsure|failed, reason}."""
    return jsonify(ask(f"device:{device}", "tried", job=job))


@bp.post("/api/devices/<device>/address")
@needs("device.declare")
@bp.input(Address, arg_name="body")
def post_address(device: str, body: Address) -> ResponseReturnValue:
    """Give a declared machine another address over its line: 202 {job}, told like a test. Its table in the
    host's list follows when the machine has confirmed it; 409 address-fixed, 422 declaration-wrong (the
    address is another's)."""
    done = ask(f"device:{device}", "address", device=device, to=body.to)
    note_deed("device.address", f"device:{device}", to=body.to)
    return jsonify(done), 202


@bp.put("/api/devices/<device>/address")
@needs("device.declare")
@bp.input(Address, arg_name="body")
def put_address(device: str, body: Address) -> ResponseReturnValue:
    """Only the host's list: the address was set on the machine itself: 200; 422 declaration-wrong."""
    done = ask(f"device:{device}", "relist", device=device, to=body.to)
    note_deed("device.relist", f"device:{device}", to=body.to)
    return jsonify(done)


@bp.post("/api/hosts/<host>/address")
@needs("device.declare")
@bp.input(FoundAddress, arg_name="body")
def post_found_address(host: str, body: FoundAddress) -> ResponseReturnValue:
    """Give a machine that was found another address: 202 {job}, told like its test; 409 address-fixed."""
    done = ask(f"host:{host}", "move_found", **body.model_dump(exclude={"request_id"}))
    note_deed("device.address", f"host:{host}", url=body.url, address=body.address, to=body.to)
    return jsonify(done), 202


@bp.post("/api/hosts/<host>/search")
@needs("device.test")
@bp.input(Search, arg_name="body")
def post_search(host: str, body: Search) -> ResponseReturnValue:
    """Begin to ask who answers on ports nobody has declared: 202; 409 host-busy while one runs."""
    note_deed("device.search", f"host:{host}", kinds=list(body.kinds))
    facts = {"kinds": body.kinds, "urls": body.urls, "addresses": body.addresses}
    return jsonify(ask(f"host:{host}", "search", **facts)), 202


@bp.get("/api/hosts/<host>/search")
@needs("device.inspect")
def get_search(host: str) -> ResponseReturnValue:
    """How far that is: 200 {running, url, driver, baud, done, steps, listening, ports, found}."""
    return jsonify(ask(f"host:{host}", "found"))


@bp.post("/api/hosts/<host>/trial")
@needs("device.test")
@bp.input(Candidate, arg_name="body")
def post_candidate_trial(host: str, body: Candidate) -> ResponseReturnValue:
    """Let a machine that was found do its test: 202 {job}."""
    note_deed("device.trial", f"host:{host}", url=body.url, address=body.address)
    return jsonify(ask(f"host:{host}", "try_found", **body.model_dump(exclude={"request_id"}))), 202


@bp.get("/api/hosts/<host>/trial/<job>")
@needs("device.test")
def get_candidate_trial(host: str, job: str) -> ResponseReturnValue:
    """How a test of a machine that was found went: as above."""
    return jsonify(ask(f"host:{host}", "tried", job=job))


@bp.get("/api/hosts/<host>/profiles/<name>")
@needs("device.inspect")
def get_profile(host: str, name: str) -> ResponseReturnValue:
    """The description of a model, to begin a new one with: 200 {text}."""
    return jsonify(ask(f"host:{host}", "profile", name=name))


@bp.put("/api/hosts/<host>/profiles/<name>")
@needs("device.declare")
@bp.input(Description, arg_name="body")
def put_profile(host: str, name: str, body: Description) -> ResponseReturnValue:
    """Keep a description as a model: 200 {file}; 422 declaration-wrong {errors}. Models that came with the
    product are not written over."""
    done = ask(f"host:{host}", "save", name=name, text=body.text)
    note_deed("device.learn", f"model:{name}", host=host)
    return jsonify(done)


@bp.post("/api/hosts/<host>/learn")
@needs("device.test")
@bp.input(Lesson, arg_name="body")
def post_lesson(host: str, body: Lesson) -> ResponseReturnValue:
    """Send once with a description: 202 {job}, whose trial tells the bytes both ways; 422 all mistakes."""
    note_deed("device.trial", f"host:{host}", url=body.url, address=body.address)
    return jsonify(ask(f"host:{host}", "learn", **body.model_dump(exclude={"request_id"}))), 202


@bp.post("/api/hosts/<host>/devices")
@needs("device.declare")
@bp.input(Declare, arg_name="body")
def post_declare(host: str, body: Declare) -> ResponseReturnValue:
    """Write a machine into the host's list, which it takes up by itself: 201; 422 declaration-wrong."""
    if body.window is not None and body.window not in house().hall.catalogue.windows:
        raise refusals.WindowUnknown(window=body.window)
    asked = body.model_dump(exclude={"request_id"})
    done = ask(f"host:{host}", "declare", **asked)
    note_deed("device.declare", f"device:{body.name}", host=host, model=body.model, url=body.url)
    return jsonify(done), 201


@bp.delete("/api/hosts/<host>/devices/<device>")
@needs("device.declare")
def delete_declared(host: str, device: str) -> ResponseReturnValue:
    """Take a machine out of the host's list: 200."""
    done = ask(f"host:{host}", "undeclare", name=device)
    note_deed("device.undeclare", f"device:{device}", host=host)
    return jsonify(done)


def ask(room: str, what: str, timeout: float = ANSWER_S, **facts: Any) -> dict[str, Any]:
    """The answer of the host in `room`. Raises HostAway, or what the host's own "no" means."""
    socketio: SocketIO = current_app.extensions["socketio"]
    question = {"what": what, **facts}
    try:
        found = socketio.server.call("ask", question, to=room, namespace="/devices", timeout=timeout)
    except NoAnswer:
        raise refusals.HostAway() from None
    if not isinstance(found, dict):
        raise refusals.HostAway()
    if found.get("ok") is not True:
        told = found.get("errors")
        errors = [str(line)[:300] for line in (told if isinstance(told, list) else ())][:20]
        no = NO.get(str(found.get("reason")), refusals.InputInvalid)
        if no is refusals.InputInvalid:
            raise no(fields=[{"field": what, "zh": line, "en": line} for line in errors])
        raise no(errors=errors) if no is refusals.DeclarationWrong else no()
    return {key: value for key, value in found.items() if key != "ok"}


def note_deed(act: str, what: str, **facts: Any) -> None:
    """An audit line in the caller's name; their right is read again."""
    unit: Unit
    with house().store.unit(current_actor()) as unit:
        recheck(unit)
        unit.note(act, what, **facts)
