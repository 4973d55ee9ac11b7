"""Home visits, assisted handling and batches. Who the client is, only the order's team reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints

from server.actions import orders as deeds
from server.api.access import current_actor, needs
from server.api.acts import act
from server.api.bodies import MOST, Act, Number, Prose, When, Word
from server.api.tickets import taken_json
from server.domain.access import BESIDE_CITIZEN, may
from server.domain.orders import MOST_ITEMS, Kind, Order, check_team
from server.domain.refusals import ContactNeeded
from server.house import house
from server.seal import seal, unseal
from server.store.orders import find_order, recent_orders
from server.store.snapshots.orders import order_row, order_whole
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("orders", __name__, url_prefix="/api/orders")

_ID = f"<int(max={MOST}):order>"
CLIENT = "orders"  # the purpose for which clients are sealed
Text = Annotated[Prose, StringConstraints(min_length=2, strip_whitespace=True)]


class MakeBody(Act):
    kind: Literal["visit", "assist", "batch"]
    service: Word
    items: Annotated[Number, Field(ge=1, le=MOST_ITEMS)] = 1
    name: Prose = ""
    phone: Prose = ""
    address: Prose = ""
    note: Prose = ""


class VisitBody(Act):
    at: When
    team: Annotated[tuple[Word, ...], Field(min_length=1, max_length=10)]


class BatchBody(Act):
    at: When
    window: Word


class MandateBody(Act):
    document: Text


class TicketBody(Act):
    service: Word | None = None
    further: Annotated[tuple[Word, ...], Field(max_length=4)] = ()


class TextBody(Act):
    text: Text


class EndBody(Act):
    text: Prose = ""


@bp.get("")
@needs("order.see")
def get_orders() -> ResponseReturnValue:
    """The newest hundred: 200 {orders, people}; what, when, who goes; never who the client is. people: whom a
    team may be made of, for who plans."""
    plans = may(current_actor().role, "order.plan")
    everybody = house().hall.catalogue.people.values()
    people = [p for p in everybody if plans and p.role in BESIDE_CITIZEN and not p.left]

    def rows(view: View) -> list[dict[str, Any]]:
        return [order_row(view, order) for order in recent_orders(view.connection, view.hall)]

    return {"orders": _look(rows), "people": [{"id": p.id, "name": p.name} for p in people]}


@bp.get(f"/{_ID}")
@needs("order.see")
def get_order(order: int) -> ResponseReturnValue:
    """One with its steps and the numbers taken for it: 200 {order}."""
    return {"order": _look(lambda view: order_whole(view, find_order(view.connection, view.hall, order)))}


@bp.post("")
@needs("order.make")
@bp.input(MakeBody, arg_name="body")
def post_order(body: MakeBody) -> ResponseReturnValue:
    """Turn a request into an order: 201 {order}. Name, phone and address are kept encrypted."""
    h, kind = house(), Kind(body.kind)
    if kind is Kind.VISIT and not (body.name.strip() and body.address.strip()):
        raise ContactNeeded()
    client = {"name": body.name.strip(), "phone": body.phone.strip(), "address": body.address.strip()}
    sealed = seal(h.key, client, CLIENT) if any(client.values()) else None

    def deed(unit: Unit) -> Order:
        return deeds.make_order(unit, h.hall, kind, body.service, body.items, body.note, sealed)

    return _act(body, deed, good=201)


@bp.post(f"/{_ID}/visit")
@needs("order.plan")
@bp.input(VisitBody, arg_name="body")
def post_visit(order: int, body: VisitBody) -> ResponseReturnValue:
    """When the team goes there, and who it is: 200 {order}."""
    at = body.at.astimezone(UTC)
    return _act(body, lambda unit: deeds.plan_visit(unit, house().hall, order, at, body.team))


@bp.post(f"/{_ID}/batch")
@needs("order.plan")
@bp.input(BatchBody, arg_name="body")
def post_batch(order: int, body: BatchBody) -> ResponseReturnValue:
    """The agreed window and time: 200 {order} with the code for the kiosk."""
    at = body.at.astimezone(UTC)
    return _act(body, lambda unit: deeds.plan_batch(unit, house().hall, order, at, body.window))


@bp.post(f"/{_ID}/mandate")
@needs("order.serve")
@bp.input(MandateBody, arg_name="body")
def post_mandate(order: int, body: MandateBody) -> ResponseReturnValue:
    """The client's written authority is in hand: 200 {order}."""
    return _act(body, lambda unit: deeds.take_mandate(unit, order, body.document))


@bp.post(f"/{_ID}/ticket")
@needs("order.serve")
@bp.input(TicketBody, arg_name="body")
def post_order_ticket(order: int, body: TicketBody) -> ResponseReturnValue:
    """A number in the client's name: 201 with the ticket, as for any other."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        wish = (unit, h.hall, h.slip, h.settings.url, order, body.service, body.further)
        return taken_json(h, deeds.take_for_client(*wish))

    return act(body, deed, good=201)


@bp.post(f"/{_ID}/steps")
@needs("order.serve")
@bp.input(TextBody, arg_name="body")
def post_step(order: int, body: TextBody) -> ResponseReturnValue:
    """What the team did: 200 {order}."""
    return _act(body, lambda unit: deeds.note_step(unit, order, body.text))


@bp.post(f"/{_ID}/finish")
@needs("order.serve")
@bp.input(EndBody, arg_name="body")
def post_finish_order(order: int, body: EndBody) -> ResponseReturnValue:
    """The team has done it: 200 {order}."""
    return _act(body, lambda unit: deeds.finish_order(unit, order, body.text.strip()))


@bp.post(f"/{_ID}/cancel")
@needs("order.plan")
@bp.input(TextBody, arg_name="body")
def post_cancel_order(order: int, body: TextBody) -> ResponseReturnValue:
    """It will not be done, and why: 200 {order}."""
    return _act(body, lambda unit: deeds.cancel_order(unit, order, body.text))


@bp.post(f"/{_ID}/client")
@needs("order.serve")
@bp.input(Act, arg_name="body")
def post_client(order: int, body: Act) -> ResponseReturnValue:
    """Who the client is and where, for the team only; each reading is written down: 200 {client}. What is
    read is never kept with the answered requests."""
    h, me = house(), current_actor().id

    def deed(unit: Unit) -> dict[str, Any]:
        deeds.read_client(unit, order)
        return {}

    def show(view: View) -> dict[str, Any]:
        found = find_order(view.connection, view.hall, order)
        check_team(found, me)
        return {"client": unseal(h.key, found.sealed, CLIENT) if found.sealed else None}

    return act(body, deed, show=show)


def _look(what: Callable[[View], Any]) -> Any:
    h = house()
    with h.store.read() as connection:
        return what(View.of(connection, h.store.hall, h.hall, h.texts))


def _act(body: Act, deed: Callable[[Unit], Order], good: int = 200) -> ResponseReturnValue:
    def doing(unit: Unit) -> dict[str, Any]:
        done = deed(unit)
        return {"order": {"id": done.id, "state": done.state.value, "code": done.code}}

    return act(body, doing, good=good)
