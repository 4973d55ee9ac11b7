"""C4, C5, C6 (A21) and FEATURES 214 through the doors: home visits, batches with one number, errands run for
a client."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.actions.leave import ask_leave, decide_leave, watch_leaves
from server.actions.orders import finish_order, keep_orders, make_order, plan_batch, plan_visit
from server.app import App
from server.domain.actors import SYSTEM, Actor
from server.domain.orders import OPEN, STEPS, Kind, Order, OrderState, OrderStep, check_free
from server.estimator import Estimator
from server.seal import Broken, seal, unseal
from server.settings import HallSettings
from server.store import tables as t
from server.store.history import todays_visits
from server.store.orders import find_order, notes_of, order_by_code
from server.store.slips import last_slip
from server.store.trail import Wanted, lines
from server.store.unit import Store
from server.store.verify import check
from tests.conftest import SHANGHAI, Clock, clerk
from tests.server.callers import Caller, audit, device, nobody, person_of, staff
from tests.server.test_desk_more import ask, do

CLIENT = {"name": "王小明", "phone": "13812345678", "address": "惠民路8号2单元301"}


def at(hour: int, minute: int = 0, day: int = 2) -> str:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI).isoformat()


@pytest.fixture
def guide(app: App) -> Caller:
    do(staff(app, "manager"), "/api/day/open")
    return staff(app, "guide")


@pytest.fixture
def kiosk(app: App, guide: Caller) -> Caller:
    return device(app, "kiosk")


def made(who: Caller, kind: str, **more: Any) -> str:
    """The address of a new order."""
    order = do(who, "/api/orders", kind=kind, service=more.pop("service", "S001"), **more)["order"]
    assert order["state"] == "requested"
    return f"/api/orders/{order['id']}"


# --- C4 home visit
def test_C4_a_request_becomes_a_visit_and_only_the_team_sees_the_address(app: App, guide: Caller):
    order = made(guide, "visit", **CLIENT, note="行动不便")
    helper, other = person_of(app, "ZW003"), person_of(app, "ZW002")
    planned = do(guide, f"{order}/visit", at=at(15), team=[guide.id, helper.id])
    assert planned["order"]["state"] == "planned"
    for who in (guide, helper):
        assert do(who, f"{order}/client")["client"] == CLIENT
    no = ask(other, f"{order}/client")
    assert (no.status_code, no.json["refused"]) == (403, "order-foreign")
    for role in ("manager", "supervisor", "admin"):
        assert ask(staff(app, role), f"{order}/client").status_code == 403
    for who in (other, staff(app, "manager"), staff(app, "supervisor")):
        for path in (order, "/api/orders"):
            shown = who.ask("GET", path)
            assert shown.status_code == 200
            assert not any(word in shown.text for word in CLIENT.values())
    picture = staff(app, "manager").ask("GET", "/api/state/manager")
    assert [o["kind"] for o in picture.json["values"]["orders"]] == ["visit"]
    assert "惠民路8号" not in picture.text
    do(helper, f"{order}/steps", text="已到达")
    do(helper, f"{order}/finish", text="材料齐全，已受理")
    whole = guide.ask("GET", order).json["order"]
    assert (whole["state"], [s["text"] for s in whole["steps"]]) == ("done", ["已到达", "材料齐全，已受理"])
    assert [line["actor"]["id"] for line in audit(app, "order.client")] == [guide.id, helper.id]


def test_C4_the_client_is_stored_sealed_and_erased_on_schedule(app: App, guide: Caller, clock: Clock):
    order = made(guide, "visit", **CLIENT)
    do(guide, f"{order}/visit", at=at(15), team=[guide.id])
    do(guide, f"{order}/client")
    with app.house.store.read() as connection:
        for table in t.metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                kept = json.dumps({k: repr(v) for k, v in row.items()}, ensure_ascii=False)
                assert not any(word in kept for word in CLIENT.values()), table.name
    do(guide, f"{order}/finish")
    for days, left in ((29, True), (2, False)):
        clock.forward(days=days)
        with app.house.store.unit(SYSTEM) as unit:
            keep_orders(unit, app.house.hall)
        reply = ask(staff(app, "guide"), f"{order}/client")
        assert reply.json.get("client") == (CLIENT if left else None)
    assert reply.json["refused"] == "contact-erased"


def test_C4_a_visit_needs_an_address_a_team_and_a_time_to_come(app: App, guide: Caller, clock: Clock):
    no = ask(guide, "/api/orders", kind="visit", service="S001", name="王")
    assert no.json["refused"] == "contact-needed"
    order = made(guide, "visit", **CLIENT)
    assert ask(guide, f"{order}/visit", at=at(8), team=[guide.id]).json["refused"] == "time-passed"
    for team in (["ZW999"], [staff(app, "manager").id]):
        assert ask(guide, f"{order}/visit", at=at(15), team=team).json["refused"] == "team-wrong"
    away = person_of(app, "ZW003")
    leave = do(away, "/api/leaves", since=at(14), until=at(18))["leave"]["id"]
    do(staff(app, "manager"), f"/api/leaves/{leave}/decide", approve=True)
    assert ask(guide, f"{order}/visit", at=at(15), team=[away.id]).json["refused"] == "team-wrong"
    do(guide, f"{order}/visit", at=at(13), team=[away.id])
    assert ask(guide, f"{order}/batch", at=at(15), window="W01").json["refused"] == "order-kind-wrong"
    assert ask(guide, f"{order}/finish").json["refused"] == "order-foreign"
    assert ask(guide, f"{order}/cancel", text="").status_code == 422
    do(guide, f"{order}/cancel", text="改由本人来办")
    assert ask(guide, f"{order}/visit", at=at(15), team=[guide.id]).json["refused"] == "order-state-wrong"
    assert ask(guide, "/api/orders/999/finish").json["refused"] == "order-unknown"
    assert ask(staff(app, "manager"), "/api/orders", kind="visit", service="S001").status_code == 403
    assert nobody(app).ask("GET", "/api/orders").status_code == 401


# --- C5 batch
def test_C5_thirty_items_one_batch_ticket_with_an_agreed_window_and_time(
    app: App, guide: Caller, kiosk: Caller, clock: Clock
):
    order = made(guide, "batch", service="S003", items=30, name="青禾商贸有限公司")
    code = do(guide, f"{order}/batch", at=at(9, 25), window="W02")["order"]["code"]
    first, agreed = staff(app, "clerk"), person_of(app, "ZW002")
    do(first, "/api/windows/W01/open")
    do(agreed, "/api/windows/W02/open")
    early = ask(kiosk, "/api/check-in", code=code)
    assert early.json["refused"] == "check-in-early"
    clock.forward(minutes=12)
    do(kiosk, "/api/tickets", service="S003")  # somebody else, earlier
    taken = do(kiosk, "/api/check-in", code=code)
    number = taken["ticket"]["number"]
    again = ask(kiosk, "/api/check-in", code=code)
    assert (again.json["refused"], again.json["facts"]["number"]) == ("checked-in-already", number)
    with app.house.store.read() as connection:
        slip = last_slip(connection, taken["ticket"]["id"])
    assert slip is not None
    assert "集约办理 30 件" in [part.get("text") for part in slip.facts["parts"]]
    assert do(first, "/api/windows/W01/call-next")["desk"]["ticket"]["number"] == "A001"
    clock.forward(minutes=13)
    ticket = do(agreed, "/api/windows/W02/call-next")["desk"]["ticket"]
    assert (ticket["number"], ticket["order"]["kind"], ticket["order"]["items"]) == (number, "batch", 30)
    assert "约在09:25" in ticket["why"]["zh"]
    assert guide.ask("GET", order).json["order"]["state"] == "checked_in"
    with app.house.store.read() as connection:
        numbers = connection.execute(select(t.ticket.c.number)).scalars().all()
    assert numbers == ["A001", number], "one number for all thirty"
    assert check(app.house.store.engine, app.house.hall.id) == []


def test_C5_a_batch_keeps_its_window_as_long_as_its_items_take(app: App, guide: Caller):
    order, other = (made(guide, "batch", service="S003", items=5) for _ in range(2))
    service = app.house.hall.catalogue.services["S003"]
    do(guide, f"{order}/batch", at=at(10), window="W02")
    ends = datetime.fromisoformat(guide.ask("GET", order).json["order"]["until"])
    assert ends == datetime.fromisoformat(at(10)) + timedelta(minutes=5 * service.avg_minutes)
    no = ask(guide, f"{other}/batch", at=at(10, 5), window="W02")
    assert (no.json["refused"], no.json["facts"]["window"]) == ("batch-overlap", "W02")
    assert ask(guide, f"{other}/batch", at=at(10), window="W09").json["refused"] == "target-wrong"
    assert ask(guide, f"{other}/batch", at=at(10), window="W99").json["refused"] == "window-unknown"
    do(guide, f"{other}/batch", at=ends.isoformat(), window="W02")
    do(guide, f"{order}/batch", at=at(10), window="W01")  # planned anew, the code stays
    assert ask(guide, "/api/orders", kind="visit", service="S003", items=2, **CLIENT).json["refused"] == (
        "order-kind-wrong"
    )


def test_C5_without_anybody_at_the_agreed_window_the_batch_waits_for_all(
    app: App, guide: Caller, kiosk: Caller, clock: Clock
):
    order = made(guide, "batch", service="S003", items=3)
    code = do(guide, f"{order}/batch", at=at(9, 10), window="W02")["order"]["code"]
    desk = staff(app, "clerk")
    do(desk, "/api/windows/W01/open")
    number = do(kiosk, "/api/check-in", code=code)["ticket"]["number"]
    assert do(desk, "/api/windows/W01/call-next")["desk"]["ticket"]["number"] == number
    assert ask(kiosk, "/api/check-in", code="00000000").json["refused"] == "booking-unknown"


def test_C5_who_waits_behind_a_batch_is_told_so_and_it_teaches_nothing(
    app: App, guide: Caller, kiosk: Caller, clock: Clock
):
    order = made(guide, "batch", service="S003", items=12)
    code = do(guide, f"{order}/batch", at=at(9, 10), window="W01")["order"]["code"]
    desk = staff(app, "clerk")
    do(desk, "/api/windows/W01/open")
    do(kiosk, "/api/check-in", code=code)
    service = app.house.hall.catalogue.services["S003"]

    def waits() -> float:
        """Minutes for who stands behind the batch, in the middle."""
        fresh = Estimator(app.house).once().fresh["S003", "ordinary"]
        assert fresh is not None
        return fresh.p50

    assert waits() > 8 * service.avg_minutes
    do(desk, "/api/windows/W01/call-next")
    do(desk, "/api/windows/W01/start")
    assert waits() > 8 * service.avg_minutes
    clock.forward(minutes=12 * service.avg_minutes)
    do(staff(app, "clerk"), "/api/windows/W01/finish")
    with app.house.store.read() as connection:
        assert todays_visits(connection, app.house.hall.id, "2026-03-02") == []


def test_C5_a_planned_batch_is_foreseen_before_it_has_checked_in(
    app: App, guide: Caller, kiosk: Caller, clock: Clock
):
    desk = staff(app, "clerk")
    do(desk, "/api/windows/W01/open")
    do(kiosk, "/api/tickets", service="S003")
    clock.forward(minutes=7)
    do(desk, "/api/windows/W01/call-next")
    do(desk, "/api/windows/W01/start")
    fresh = ("S003", "ordinary")
    alone = Estimator(app.house).once().fresh[fresh]
    order = made(guide, "batch", service="S003", items=12)
    do(guide, f"{order}/batch", at=at(9, 10), window="W01")
    behind = Estimator(app.house).once().fresh[fresh]
    service = app.house.hall.catalogue.services["S003"]
    assert behind.p50 - alone.p50 > 3 * service.avg_minutes
    do(guide, f"{order}/batch", at=at(15), window="W01")
    assert Estimator(app.house).once().fresh[fresh].p50 < alone.p50 + 5, "it is not before noon any more"


# --- C6 / A21 agency
def test_C6_A21_an_agent_with_mandate_takes_numbers_for_the_client_free_of_charge(app: App, guide: Caller):
    order = made(guide, "assist", **CLIENT)
    assert ask(guide, f"{order}/ticket").json["refused"] == "mandate-needed"
    stranger = ask(staff(app, "clerk"), f"{order}/mandate", document="委托书1号")
    assert stranger.json["refused"] == "order-foreign"
    do(guide, f"{order}/mandate", document="委托书1号")
    one = do(guide, f"{order}/ticket", further=["S101"])["ticket"]
    two = do(guide, f"{order}/ticket", service="S003")["ticket"]
    whole = guide.ask("GET", order).json["order"]
    assert [n["number"] for n in whole["numbers"]] == [one["number"], two["number"]]
    assert (whole["fee_yuan"], whole["mandate"], whole["team"][0]["id"]) == (0, "委托书1号", guide.id)
    desk = staff(app, "clerk")
    do(desk, "/api/windows/W01/open")
    assert do(desk, "/api/windows/W01/call-next")["desk"]["ticket"]["order"]["kind"] == "assist"
    do(desk, "/api/windows/W01/start")
    do(desk, "/api/windows/W01/finish")
    rated = nobody(app).ask("GET", f"/api/my/{one['link']}").json["legs"]
    assert rated[0]["state"] == "done", "the link, and with it the rating, is the client's"
    do(guide, f"{order}/finish", text="证照已送达")
    assert ask(guide, f"{order}/ticket").json["refused"] == "order-state-wrong"
    assert ask(guide, f"{order}/steps", text="再来").json["refused"] == "order-state-wrong"


# --- the rules alone
@pytest.mark.parametrize("kind", Kind)
def test_an_order_ends_once(kind: Kind):
    ends = (OrderState.DONE, OrderState.CANCELLED, OrderState.CHECKED_IN)
    assert not any(k is kind and state in ends for k, state, _ in STEPS)
    assert all((kind, state, OrderStep.CANCEL) in STEPS for state in OPEN)


def test_batches_that_touch_do_not_overlap():
    nine = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    hour = timedelta(hours=1)
    when = (nine, nine, nine + hour)
    other = Order(1, Kind.BATCH, OrderState.PLANNED, "S", 3, "", None, (), "x", *when, "W01")
    check_free(2, "W01", nine + hour, nine + 2 * hour, [other])
    check_free(2, "W01", nine - hour, nine, [other])
    check_free(1, "W01", nine, nine + hour, [other])
    check_free(2, "W02", nine, nine + hour, [other])


def test_a_seal_opens_with_its_own_key_and_purpose_only():
    key = bytes(range(32))
    sealed = seal(key, CLIENT, "orders")
    assert unseal(key, sealed, "orders") == CLIENT
    assert sealed != seal(key, CLIENT, "orders")
    for wrong in ((bytes(32), sealed, "orders"), (key, sealed, "else"), (key, sealed[:-1] + b"x", "orders")):
        with pytest.raises(Broken):
            unseal(*wrong)


def test_orders_leave_and_trail_on_both_engines(store: Store, hall: HallSettings, clock: Clock):
    """What the doors above do on SQLite, the deeds do on PostgreSQL too."""
    me, leader = clerk("ZW003"), Actor("staff", "ZW021", "duty_leader", proof="x")
    later = clock.at + timedelta(hours=2)
    with store.unit(me) as unit:
        visit = make_order(unit, hall, Kind.VISIT, "S001", 1, "", seal(bytes(32), CLIENT, "orders"))
        batch = make_order(unit, hall, Kind.BATCH, "S003", 30, "", None)
        plan_visit(unit, hall, visit.id, later, ["ZW003", "ZW003"])
        planned = plan_batch(unit, hall, batch.id, later, "W02")
        leave = ask_leave(unit, hall, later, later + timedelta(hours=1), "")
    with store.unit(leader) as unit:
        decide_leave(unit, hall, leave.id, True)
    clock.at = later + timedelta(hours=2)
    with store.unit(me) as unit:
        watch_leaves(unit, hall)
        assert [e.name for e in unit.events] == ["alarm.changed"]
        finish_order(unit, visit.id, "办好了")
    clock.forward(days=31)
    with store.unit(SYSTEM) as unit:
        keep_orders(unit, hall)
    with store.read() as connection:
        found = find_order(connection, hall.id, visit.id)
        assert (found.sealed, found.team, found.state) == (None, ("ZW003",), OrderState.DONE)
        assert order_by_code(connection, hall.id, planned.code or "") == planned
        assert [n.text for n in notes_of(connection, visit.id)] == ["办好了"]
        wanted = Wanted(act="order.", person="ZW003", since=clock.at - timedelta(days=90))
        acts = [line["act"] for line in lines(connection, hall.id, wanted)[0]]
        assert acts == ["order.finish", "order.plan", "order.plan", "order.make", "order.make"]
    assert check(store.engine, hall.id) == []
