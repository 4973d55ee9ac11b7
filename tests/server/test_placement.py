"""综合窗口: a manager moves services, classes and windows without code; the next number follows the
new map."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from server.actions.no_show import no_show
from server.actions.publish_placement import publish_placement, roll_back
from server.app import App
from server.domain import refusals
from server.domain.actors import Actor
from server.domain.catalogue import Mandate, Queue, WindowClass
from server.domain.events import PlacementPublished, SlipChanged
from server.domain.placement import Placement, WindowPlace, check_placement, placed
from server.live.contract import heard
from server.settings import HallSettings
from server.store.current import Current
from server.store.unit import Store
from tests.conftest import Clock
from tests.server.callers import audit, device, staff
from tests.server.hall_day import HallDay

MANAGER = Actor("staff", "ZW024", "manager", proof="session-ZW024")
MONDAY = date(2026, 3, 2)


class Published:
    """A hall at work whose placement follows the database, as in the wired server."""

    def __init__(self, day: HallDay) -> None:
        self.day, self.current = day, Current(day.hall)
        day.store.keep_up = self._follow

    def _follow(self, connection: object, *versions: int) -> None:
        self.day.hall = self.current.keep_up(connection, *versions)  # type: ignore[arg-type]

    def publish(self, wish: Placement, base: int = 0) -> int:
        with self.day.store.unit(MANAGER) as unit:
            return publish_placement(unit, self.day.hall, wish, base, "试行")


@pytest.fixture
def hall_of(day: HallDay) -> Published:
    return Published(day)


def _department(hall: HallSettings, service: str) -> str:
    return hall.catalogue.services[service].department


def _mandate(hall: HallSettings, service: str) -> Mandate:
    return Mandate(_department(hall, service), service, date(2026, 1, 1))


def test_A1_a_service_moves_to_the_comprehensive_windows_and_the_next_ticket_follows(hall_of: Published):
    day = hall_of.day.open("W01", "W05")
    assert day.take("S101").ticket.number == "B001"
    wish = Placement(services={"S101": "A"}, mandates=(_mandate(day.hall, "S101"),))
    assert hall_of.publish(wish) == 1
    assert day.take("S101").ticket.number == "A001"
    assert day.call("W01").number == "A001"  # type: ignore[union-attr]
    assert day.call("W05").number == "B001"  # type: ignore[union-attr]  # a present ticket keeps its queue


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_queue_whose_missed_may_come_back_keeps_a_window(hall_of: Published):
    day = hall_of.day.open("W01", "W05")
    moved = {s.id: "A" for s in day.hall.files.services.values() if s.queue == "B"}
    given = tuple(_mandate(day.hall, s) for s in moved)
    windows = day.hall.files.windows.values()
    takes = {w.id: WindowPlace(tuple(q for q in w.queues if q != "B")) for w in windows}
    wish = Placement(services=moved, mandates=given, windows=takes)
    taken = day.take("S101")
    day.call("W05")
    day.clock.forward(minutes=1)
    day.at("W05", no_show, day.hall, "W05")
    with pytest.raises(refusals.QueueUnserved):
        hall_of.publish(wish)
    day.clock.forward(minutes=day.hall.hall.call.no_show_return_minutes + 1)
    day.take("S001")  # the hall's time moves with its deeds
    assert hall_of.publish(wish) == 1
    assert taken.ticket.number == "B001"


def test_A1_without_the_departments_mandate_the_move_is_refused(hall_of: Published):
    hall_of.day.open("W01")
    with pytest.raises(refusals.MandateMissing) as no:
        hall_of.publish(Placement(services={"S101": "A"}))
    assert no.value.facts["service"] == "S101"
    late = replace(_mandate(hall_of.day.hall, "S101"), since=date(2026, 3, 3))
    with pytest.raises(refusals.MandateMissing):
        hall_of.publish(Placement(services={"S101": "A"}, mandates=(late,)))


def test_A2_ten_different_services_are_called_by_whichever_comprehensive_window_is_free(hall_of: Published):
    day = hall_of.day.open("W01", "W02", "W03")
    pool = [s.id for s in day.hall.catalogue.services.values() if s.queue == "A"][:10]
    assert len(pool) == 10
    for service in pool:
        day.take(service)
    day.clock.forward(minutes=100)  # beyond `hard` strictly first come, first served
    called = []
    for n in range(10):
        window = ("W01", "W02", "W03")[n % 3]
        called.append(day.call(window).number)  # type: ignore[union-attr]
        day.serve(window, minutes=0.1)
    assert called == [f"A{n:03d}" for n in range(1, 11)]


def test_A2_undifferentiated_means_every_comprehensive_window(hall: HallSettings):
    now = placed(hall.files, Placement(modes={"B": "undifferentiated"}))
    comprehensive = [w.id for w in now.windows.values() if w.kind == "comprehensive"]
    assert set(comprehensive) <= set(now.serving["B"])
    assert placed(hall.files, Placement()).serving["B"] == ("W05", "W06")


def eleven_classes(hall: HallSettings) -> Placement:
    """A queue, a window and a service to each."""
    letters = "FGHJLMRSTUV"
    classes = tuple(WindowClass(f"K{n}", f"第{n}类", f"Class {n}", (q,)) for n, q in enumerate(letters, 1))
    windows = list(hall.files.windows)
    services = [s.id for s in hall.files.services.values() if not s.department][:1] + [
        s.id for s in hall.files.services.values() if s.queue == "A"
    ]
    return Placement(
        queues=tuple(
            Queue(q, f"第{n}类综合", f"Class {n}", mode="grouped", skill="*") for n, q in enumerate(letters)
        ),
        classes=classes,
        services=dict(zip(services, letters, strict=False)),
        windows={
            w: replace(_place(hall, w), classes=(f"K{n + 1}",)) for n, w in enumerate(windows[: len(letters)])
        },
        mandates=tuple(Mandate(d, "*", MONDAY) for d in hall.files.departments),
    )


def test_A5_eleven_window_classes_with_windows_and_services(hall: HallSettings):
    now = check_placement(hall.files, eleven_classes(hall), MONDAY)
    assert len(now.classes) == 11
    for queue, window in zip("FGHJLMRSTUV", hall.files.windows, strict=False):
        assert now.serving[queue] == (window,)


def _place(hall: HallSettings, window: str) -> WindowPlace:
    w = hall.files.windows[window]
    return WindowPlace(w.queues, w.classes, w.overflow)


def test_by_department_the_windows_that_name_the_queue_take_it(hall: HallSettings):
    wish = Placement(windows={"W02": WindowPlace(("B",)), "W03": WindowPlace(("B",))}, mode="by_department")
    now = placed(hall.files, wish)
    assert now.serving["B"] == ("W02", "W03", "W05", "W06")
    assert "W02" not in now.serving["A"]


@pytest.mark.parametrize(
    ("wish", "no"),
    [
        (Placement(services={"S999": "A"}), refusals.PlacementUnknown),
        (Placement(services={"S101": "Y"}), refusals.PlacementUnknown),
        (Placement(windows={"W99": WindowPlace()}), refusals.PlacementUnknown),
        (Placement(windows={"W01": WindowPlace(("A",), ("none",))}), refusals.PlacementUnknown),
        (Placement(windows={"W01": WindowPlace(("A",), (), ("B:S999",))}), refusals.PlacementUnknown),
        (Placement(queues=(Queue("I", "易混", "Alike"),)), refusals.QueuePrefixWrong),
        (Placement(queues=(Queue("A", "又一个", "Again"),)), refusals.QueuePrefixWrong),
        (Placement(windows={"W13": WindowPlace()}), refusals.QueueUnserved),
        (Placement(modes={"B": "grouped"}), refusals.QueueUnserved),
    ],
)
def test_a_placement_that_leads_nowhere_is_refused(hall: HallSettings, wish: Placement, no: type[Exception]):
    with pytest.raises(no):
        check_placement(hall.files, wish, MONDAY)


def test_versions_are_numbered_and_an_old_one_comes_back(hall_of: Published):
    day = hall_of.day.open("W01", "W05")
    wish = Placement(services={"S101": "A"}, mandates=(_mandate(day.hall, "S101"),))
    assert hall_of.publish(wish) == 1
    with pytest.raises(refusals.PlacementStale):
        hall_of.publish(Placement(), base=0)
    with pytest.raises(refusals.PlacementSame):
        hall_of.publish(wish, base=1)
    with day.store.unit(MANAGER) as unit:
        assert roll_back(unit, day.hall, 0, base=1) == 2
    assert day.take("S101").ticket.number == "B001"
    with pytest.raises(refusals.PlacementUnknown), day.store.unit(MANAGER) as unit:
        roll_back(unit, day.hall, 9, base=2)


def test_another_process_follows_with_its_next_unit(hall_of: Published, hall: HallSettings, clock: Clock):
    day = hall_of.day.open("W01")
    other = Store(day.store.engine, hall.id, clock)
    elsewhere = Current(hall)
    other.keep_up = elsewhere.keep_up
    hall_of.publish(Placement(services={"S101": "A"}, mandates=(_mandate(hall, "S101"),)))
    with other.unit(MANAGER):
        assert elsewhere.hall.placement == 1
        assert elsewhere.hall.catalogue.services["S101"].queue == "A"


def test_a_queue_once_defined_stays_for_those_who_hold_its_numbers(hall_of: Published):
    day = hall_of.day.open("W01")
    new = Queue("F", "新生落户", "Newborn", skill="*")
    services = {"S101": "F"}
    place = {"W05": WindowPlace(("B", "F"))}
    hall_of.publish(Placement(queues=(new,), services=services, windows=place))
    assert day.take("S101").ticket.number == "F001"
    with pytest.raises(refusals.QueueUnserved), day.store.unit(MANAGER) as unit:
        roll_back(unit, day.hall, 0, base=1)  # F001 still waits
    still = Placement(windows=place)
    hall_of.publish(still, base=1)
    assert "F" in day.hall.catalogue.queues
    assert day.take("S101").ticket.number == "B001"


def test_the_manager_sees_compares_publishes_and_rolls_back(app: App):
    manager, kiosk = staff(app, "manager"), device(app, "kiosk")
    manager.ask("POST", "/api/day/open", {"request_id": "open-0001"})
    seen = manager.ask("GET", "/api/placement").get_json()
    assert (seen["version"], seen["versions"]) == (0, [])
    named = [*seen["queues"], *seen["windows"], *seen["services"]]
    assert [row["id"] for row in named if not row["name_en"]] == []
    department = _department(app.house.hall, "S101")
    mandate = {"department": department, "service": "S101", "since": "2026-01-01", "document": "1 号"}
    bare = {"services": {"S101": "A"}}
    refused = manager.ask("POST", "/api/placement/compare", {"request_id": "compare-1", "placement": bare})
    assert refused.status_code == 409
    assert "委托受理" in refused.get_json()["text"]["zh"]
    wish = {**bare, "mandates": [mandate]}
    compared = manager.ask(
        "POST", "/api/placement/compare", {"request_id": "compare-2", "placement": wish}
    ).get_json()
    assert {c["kind"] for c in compared["changes"]} == {"service", "mandate"}
    body = {"request_id": "publish-1", "base": 0, "placement": wish, "note": "试行"}
    assert manager.ask("POST", "/api/placement", body).get_json() == {"version": 1}
    assert manager.ask("POST", "/api/placement", body).get_json() == {"version": 1}  # pressed twice
    services = kiosk.ask("GET", "/api/services").get_json()["services"]
    assert next(s for s in services if s["id"] == "S101")["queue"] == "A"
    take = {"request_id": "take-0001", "service": "S101"}
    assert kiosk.ask("POST", "/api/tickets", take).get_json()["ticket"]["number"] == "A001"
    version = manager.ask("GET", "/api/placement").get_json()["versions"][0]
    assert (version["person"], version["note"], version["version"]) == (manager.id, "试行", 1)
    assert audit(app, "placement.publish")[0]["facts"]["changes"]
    back = {"request_id": "back-0001", "version": 0, "base": 1}
    assert manager.ask("POST", "/api/placement/rollback", back).get_json() == {"version": 2}
    services = kiosk.ask("GET", "/api/services").get_json()["services"]
    assert next(s for s in services if s["id"] == "S101")["queue"] == "B"
    for role in ("clerk", "duty_leader", "supervisor", "admin"):
        assert staff(app, role).ask("POST", "/api/placement", body).status_code == 403


def test_the_version_is_compared_and_read_once(app: App):
    known = app.house.hall
    for _ in range(3):
        with app.house.store.unit(MANAGER):
            assert app.house.hall is known


def test_every_kiosk_hears_of_a_new_placement_and_of_its_own_paper_only():
    assert heard("kiosk", "K1", PlacementPublished(1))
    slip = SlipChanged(1, 1, "K2", "printed", "", 1)
    assert not heard("kiosk", "K1", slip)
    assert heard("kiosk", "K2", slip)
