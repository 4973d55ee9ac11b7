"""Configuration in the manager's face: drafted, compared, published, rolled back, without a restart; two who
edit at once do not overwrite each other; what was keeps its names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from server.actions.day import close_day
from server.actions.publish_config import Desk, begin_due, keep_draft, publish_draft, roll_config_back
from server.actions.staff_window import open_window
from server.app import App
from server.configured import configured, file_items, items_of
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.configuration import AREAS, Body, Known, changes, merged, over, with_draft, wrongs
from server.domain.floorplan import laid_out
from server.domain.leave import LeaveState
from server.settings import HallSettings
from server.store.config import bodies_in_force, uploads_named
from server.store.current import Current
from server.store.leaves import add_leave, save_leave
from server.store.snapshots.calls import explained_calls
from server.store.snapshots.public import window_rows
from server.store.snapshots.view import View
from server.text import Texts
from tests.conftest import ROOT, clerk
from tests.server.callers import Caller, audit, device, person_of, staff
from tests.server.hall_day import HallDay

MANAGER = Actor("staff", "ZW024", "manager", proof="session-ZW024")
ADMIN = Actor("staff", "ZW028", "admin", proof="session-ZW028")
ONE_ENGINE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # rules, not SQL
TEXTS = Texts(ROOT / "config" / "text")


class Configured:
    """A hall at work whose settings follow the database, as in the wired server."""

    def __init__(self, day: HallDay) -> None:
        self.day, self.current, self.rev = day, Current(day.hall), dict.fromkeys(AREAS, 0)
        day.store.keep_up = self._follow

    def _follow(self, connection: object, *versions: int) -> None:
        self.day.hall = self.current.keep_up(connection, *versions)  # type: ignore[arg-type]

    @property
    def desk(self) -> Desk:
        return Desk(self.day.hall, self.current.files, TEXTS.both)

    def draft(self, area: str, items: Body, base: int = 0, actor: Actor = MANAGER) -> Any:
        with self.day.store.unit(actor) as unit:
            self.rev[area], looked = keep_draft(unit, self.desk, area, items, base, self.rev[area])
        return looked

    def publish(
        self, area: str, items: Body, base: int = 0, when: Any = "now", actor: Actor = MANAGER
    ) -> dict[str, Any]:
        self.draft(area, items, base, actor)
        with self.day.store.unit(actor) as unit:
            said = publish_draft(unit, self.desk, area, base, self.rev[area], when, "试")
        self.rev[area] += 1
        return said

    def back(self, area: str, version: int, base: int) -> dict[str, Any]:
        with self.day.store.unit(MANAGER) as unit:
            return roll_config_back(unit, self.desk, area, version, base, "now")

    def beat(self) -> None:
        with self.day.store.unit(SYSTEM) as unit:
            begin_due(unit, self.day.hall)
        with self.day.store.unit(SYSTEM):
            pass  # the next unit follows


@pytest.fixture
def hall_of(day: HallDay) -> Configured:
    return Configured(day)


def codes(no: pytest.ExceptionInfo[refusals.Refusal]) -> list[tuple[str, str, str]]:
    troubles: Any = no.value.facts["troubles"]
    return [(t["item"], t["field"], t["code"]) for t in troubles]


def test_a_service_is_changed_published_and_comes_back_while_tickets_wait(hall_of: Configured):
    day = hall_of.day.open("W01", "W05")
    assert day.take("S101").ticket.number == "B001"
    looked = hall_of.draft("services", {"S101": {"name": "新名称", "avg_minutes": 12.5, "closed": True}})
    assert [(c.field, c.after) for c in looked.changes] == [
        ("name", "新名称"),
        ("closed", True),
        ("avg_minutes", 12.5),
    ]
    assert day.hall.catalogue.services["S101"].name != "新名称", "a draft changes nothing"
    day.take("S101")
    with day.store.unit(MANAGER) as unit:
        said = publish_draft(unit, hall_of.desk, "services", 0, hall_of.rev["services"], "now", "")
    assert said == {"version": 1, "since": None}
    hall_of.rev["services"] += 1
    with pytest.raises(refusals.ServiceClosed):
        day.take("S101")
    assert day.call("W05").number == "B001"  # type: ignore[union-attr]  # who waits is called
    assert hall_of.back("services", 0, base=1)["version"] == 2
    assert day.take("S101").ticket.number == "B003"
    with pytest.raises(refusals.ConfigStale) as stale, day.store.unit(MANAGER) as unit:
        roll_config_back(unit, hall_of.desk, "services", 1, 1, "now")
    assert stale.value.facts["version"] == 2
    with pytest.raises(refusals.ConfigUnknown):
        hall_of.back("services", 9, base=2)


@ONE_ENGINE
def test_every_mistake_is_told_at_once_with_its_field(hall_of: Configured):
    wish: Body = {
        "S101": {"name": "", "avg_minutes": 0, "fee_yuan": "free", "department": "D99"},
        "S102": {
            "materials": [{"name": " ", "form": "original"}],
            "visits": "1",
            "colour": "red",
            "task_code": "\x00",
        },
        "S106": None,
        "S1 04": {"name": "新"},
    }
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("services", wish)
    assert codes(no) == [
        ("S101", "name", "missing"),
        ("S101", "department", "ref"),
        ("S101", "avg_minutes", "range"),
        ("S101", "fee_yuan", "decimal"),
        ("S102", "task_code", "unknown"),
        ("S102", "colour", "unknown"),
        ("S102", "visits", "number"),
        ("S102", "materials", "material-name"),
        ("S1 04", "id", "id"),
        ("S1 04", "name_en", "missing"),
        ("S1 04", "queue", "missing"),
        ("S1 04", "avg_minutes", "missing"),
        ("S106", "", "stays"),
    ]
    sentences: Any = no.value.facts["troubles"]
    assert sentences[2]["text"] == {"zh": "应在 0.5 到 480 之间。", "en": "This must be from 0.5 to 480."}


def test_two_who_edit_at_once_do_not_overwrite_each_other(hall_of: Configured):
    hall_of.draft("queues", {"A": {"name": "甲"}})
    with pytest.raises(refusals.ConfigDraftStale), hall_of.day.store.unit(MANAGER) as unit:
        keep_draft(unit, hall_of.desk, "queues", {"B": {"name": "乙"}}, 0, 0)
    hall_of.publish("queues", {"A": {"name": "甲"}})
    with pytest.raises(refusals.ConfigStale):
        hall_of.draft("queues", {"B": {"name": "乙"}})
    hall_of.publish("queues", {"B": {"name": "乙"}}, base=1)
    names = {q.prefix: q.name for q in hall_of.day.hall.catalogue.queues.values()}
    hall_of.beat()
    names = {q.prefix: q.name for q in hall_of.day.hall.catalogue.queues.values()}
    assert (names["A"], names["B"]) == ("甲", "乙"), "fields are drafted, not whole pictures"
    with pytest.raises(refusals.ConfigSame):
        hall_of.publish("queues", {"B": {"name": "乙"}}, base=2)


def test_numbers_of_a_running_day_change_the_next_day(hall_of: Configured):
    day = hall_of.day.open("W01")
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("queues", {"A": {"first_number": 100, "day_quota": 50}})
    assert codes(no) == [("A", "first_number", "tomorrow")]
    said = hall_of.publish("queues", {"A": {"first_number": 100}}, when="next_day")
    assert said == {"version": 1, "since": "2026-03-03"}
    hall_of.beat()
    assert day.take("S001").ticket.number == "A001"
    day.clock.forward(days=1)
    hall_of.beat()
    assert day.hall.catalogue.queues["A"].first_number == 1, "yesterday's day still runs"
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    hall_of.beat()
    assert day.hall.catalogue.queues["A"].first_number == 100
    assert day.open("W01").take("S001").ticket.number == "A100"


@ONE_ENGINE
def test_a_later_publication_takes_the_waiting_one_along(hall_of: Configured):
    new = {"name": "新", "name_en": "New", "lunch": "open", "skill": "*"}
    hall_of.publish("queues", {"A": {"first_number": 100}, "F": new}, when="next_day")
    hall_of.publish("queues", {"B": {"name": "乙"}}, base=1, when="next_day")
    hall_of.day.clock.forward(days=1)
    hall_of.beat()
    queues = hall_of.day.hall.catalogue.queues
    assert (queues["A"].first_number, queues["B"].name, queues["F"].lunch) == (100, "乙", "open")


def test_a_new_queue_and_service_are_served_at_once_and_stay_after_going_back(hall_of: Configured):
    day = hall_of.day.open("W05")
    queue = {"name": "新生儿", "name_en": "Newborn", "lunch": "staffed", "skill": "*"}
    hall_of.publish("queues", {"F": queue})
    service = {"name": "出生一件事", "name_en": "Birth", "queue": "F", "avg_minutes": 9}
    with pytest.raises(refusals.QueueUnserved):
        hall_of.publish("services", {"S900": service})
    window = {"number": "88", "name": "新窗口", "kind": "special", "queues": ["F"], "default_state": "open"}
    hall_of.publish("windows", {"W88": window})
    hall_of.publish("services", {"S900": service})
    hall_of.beat()
    assert day.hall.catalogue.serving["F"] == ("W88",)
    assert day.take("S900").ticket.number == "F001"
    assert hall_of.back("services", 0, base=1)["version"] == 2
    with pytest.raises(refusals.ServiceClosed):
        day.take("S900")
    assert "S900" in day.hall.catalogue.services, "F001 waits for it"
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("queues", {"Q": queue, "F": {"last_number": 0}}, base=1)
    assert ("F", "last_number", "range") in codes(no)


@ONE_ENGINE
def test_a_queue_that_has_services_keeps_its_window(hall_of: Configured):
    hall_of.day.open("W01")
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("windows", {"W01": {"queues": []}, "W02": {"number": "1", "led_address": 999}})
    assert ("W01", "queues", "fixed") in codes(no)
    assert ("W02", "led_address", "range") in codes(no)
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("windows", {"W02": {"number": "1"}})
    assert codes(no) == [("W02", "number", "used")]


@ONE_ENGINE
def test_the_calendar_holds_for_today_and_the_past_stays(hall_of: Configured):
    day = hall_of.day
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish(
            "days", {"2026-03-01": {"kind": "closed"}, "2026-03-05": {"kind": "hours", "hours": []}}
        )
    assert codes(no) == [("2026-03-01", "date", "past"), ("2026-03-05", "hours", "missing")]
    extra = {"kind": "hours", "hours": [["08:30", "20:00"]], "reason": "延时服务"}
    hall_of.publish("days", {"2026-03-02": extra, "2026-06-10": None})
    hall_of.beat()
    assert [f"{b:%H:%M}" for _, b in day.hall.calendar.intervals(date(2026, 3, 2))] == ["20:00"]
    assert date(2026, 6, 10) not in day.hall.calendar.local
    year = {
        "closed": [{"name": "元旦", "from": "2027-01-01", "to": "2027-01-03"}],
        "weekend_workdays": ["2027-01-05", "2027-01-02"],
    }
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("years", {"2027": year})
    assert codes(no) == [
        ("2027", "weekend_workdays", "no-weekend"),
        ("2027", "weekend_workdays", "is-holiday"),
    ]
    hall_of.publish("years", {"2027": {**year, "weekend_workdays": ["2027-01-09"]}})
    hall_of.beat()
    assert day.hall.calendar.missing_year(date(2026, 12, 5)) is None
    assert day.hall.calendar.kind(date(2027, 1, 9)) == "working"
    hall_of.publish("hours", {"hall": {"weekday": [["09:00", "17:00"]]}})
    hall_of.beat()
    assert len(day.hall.calendar.intervals(date(2026, 3, 3))) == 1


@ONE_ENGINE
def test_people_come_and_go_and_posts_follow(hall_of: Configured):
    new = {"name": "新来的", "badge": "ZW099", "department": "D01", "role": "clerk", "skills": ["A"]}
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("people", {"ZW099": new})
    assert {code for _, _, code in codes(no)} == {"admin"}
    hall_of.publish("people", {"ZW099": new, "ZW001": {"left": True}}, actor=ADMIN)
    hall_of.publish("posts", {"W01": {"a": "ZW099", "b": ["ZW003"]}})
    hall_of.beat()
    people = hall_of.day.hall.catalogue.people
    assert (people["ZW099"].a_window, people["ZW001"].a_window) == ("W01", "")
    assert "W01" in people["ZW003"].b_windows
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("posts", {"W02": {"a": "ZW001", "b": []}, "W03": {"a": "ZW099"}}, base=1)
    assert codes(no) == [("W02", "a", "ref")]
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("people", {"ZW028": {"role": "clerk"}}, base=1, actor=ADMIN)
    assert codes(no) == [("ZW028", "role", "last-admin")]
    with pytest.raises(refusals.ConfigForeign):
        hall_of.publish("services", {"S101": {"name": "x"}}, actor=ADMIN)


@ONE_ENGINE
def test_who_sits_at_a_window_does_not_leave(hall_of: Configured):
    hall_of.day.open("W01")
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("people", {"ZW001": {"left": True}}, actor=ADMIN)
    assert codes(no) == [("ZW001", "left", "at-window")]


def test_what_was_keeps_its_name(hall_of: Configured):
    day = hall_of.day.open("W05")
    was, before = day.hall.catalogue.services["S101"].name, day.clock()
    day.take("S101")
    day.call("W05")
    day.serve("W05")
    day.clock.forward(minutes=5)
    hall_of.publish("services", {"S101": {"name": "新名称"}})
    hall_of.beat()
    day.clock.forward(minutes=5)
    day.take("S101")
    day.call("W05")
    with day.store.read() as connection:
        view = View.of(connection, day.hall.id, day.hall, TEXTS)
        names = [view.names_at(at).services["S101"].name for at in (before, day.clock())]
        told = [call["service"]["name"] for call in explained_calls(view, None, False, None)[0]]
    assert names == [was, "新名称"]
    assert told == ["新名称", was], "the list of the day's calls, newest first"


@ONE_ENGINE
def test_another_process_follows_and_a_hall_with_other_files_still_starts(hall_of: Configured):
    day = hall_of.day
    hall_of.publish("boards", {"B9": {"parts": ["calls"], "lang": "zh", "theme": "dark"}, "B3": None})
    elsewhere = Current(day.hall)
    with day.store.unit(SYSTEM) as unit:
        found = elsewhere.keep_up(unit.connection, 0, 0, 0, 1)
        bodies = bodies_in_force(unit.connection, unit.hall, 1)
    assert {b.id for b in found.boards.board} == {"*", "B2", "B4", "B9"}
    less = configured(day.hall, {**bodies, "services": {"S999": {"name": "只剩名字"}}})
    assert "S999" not in less.files.services


def test_the_files_items_come_back_as_they_were(hall: HallSettings):
    items = file_items(hall)
    for name, area in AREAS.items():
        assert over(area, items[name], items[name]) == {}
        assert merged(area, items[name], {}) == items[name]
        if name == "media":  # a hall's own films are no items
            continue
        first = next(iter(items[name]))
        body = over(area, items[name], with_draft(area, items[name], {first: {"name": "x"}}))
        assert merged(area, items[name], body)[first]["name"] == "x"
        known = Known(
            {k: () for k in ("departments", "queues", "windows", "people", "skills", "zones")},
            date(2026, 1, 1),
        )
        assert not wrongs(area, items[name], items[name], items[name], known)
        assert not changes(area, items[name], items[name])
    whole: dict[str, Body] = {n: over(AREAS[n], {}, own) for n, own in items.items()}
    assert items_of(configured(hall, whole)) == items


def ask(caller: Caller, path: str, n: str, method: str = "POST", **body: Any) -> Any:
    return caller.ask(method, f"/api/config{path}", {"request_id": f"config-{n:0>4}", **body})


def test_the_manager_does_it_over_http_and_others_may_not(app: App):
    manager, kiosk = staff(app, "manager"), device(app, "kiosk")
    areas = {a["id"]: a for a in manager.ask("GET", "/api/config").get_json()["areas"]}
    assert list(areas) == list(AREAS)
    assert areas["services"]["edit"]
    seen = manager.ask("GET", "/api/config/services").get_json()
    assert (seen["version"], seen["draft"]["rev"], seen["items"]["S101"]["queue"]) == (0, 0, "B")
    saved = ask(
        manager, "/services/draft", "1", items={"S101": {"name": "改名", "visits": -1}}, base=0, rev=0
    )
    assert saved.get_json()["rev"] == 1
    (trouble,) = saved.get_json()["troubles"]
    assert (trouble["item"], trouble["field"], trouble["code"]) == ("S101", "visits", "range")
    compared = ask(manager, "/services/compare", "c").get_json()
    assert (compared["troubles"], compared["changes"][0]["after"]) == ([trouble], "改名")
    refused = ask(manager, "/services", "2", base=0, rev=1)
    assert (refused.status_code, refused.get_json()["refused"]) == (422, "config-invalid")
    assert refused.get_json()["facts"]["troubles"] == [trouble]
    late = ask(manager, "/services/draft", "3", items={}, base=0, rev=0)
    assert (late.status_code, late.get_json()["refused"]) == (409, "config-draft-stale")
    ask(manager, "/services/draft", "4", items={"S101": {"name": "改名"}}, base=0, rev=1)
    assert ask(manager, "/services", "5", base=0, rev=2, note="更名").get_json() == {
        "version": 1,
        "since": None,
    }
    assert ask(manager, "/services", "5", base=0, rev=2, note="更名").status_code == 200  # pressed twice
    services = {s["id"]: s for s in kiosk.ask("GET", "/api/services").get_json()["services"]}
    assert services["S101"]["name"] == "改名"
    version = manager.ask("GET", "/api/config/services").get_json()["versions"][0]
    assert (version["person"], version["note"], version["state"]) == (manager.id, "更名", "published")
    assert version["changes"][0]["after"] == "改名"
    assert audit(app, "config.publish")[0]["about"] == "config:services:1"
    assert ask(manager, "/services/rollback", "6", version=0, base=1).get_json()["version"] == 2
    later = ask(manager, "/services/draft", "7", items={"S101": {"name": "再改"}}, base=2, rev=3)
    assert (
        ask(manager, "/services", "8", base=2, rev=later.get_json()["rev"], when="next_day").status_code
        == 200
    )
    assert ask(manager, "/services/withdraw", "9", version=3).status_code == 200
    assert ask(manager, "/services/draft", "10", method="DELETE", rev=5).get_json() == {"rev": 6}
    assert ask(manager, "/nothing", "11", base=0, rev=0).status_code == 404
    for role in ("clerk", "duty_leader", "supervisor", "guide"):
        assert ask(staff(app, role), "/services", "12", base=2, rev=6).status_code == 403
    assert ask(staff(app, "admin"), "/services/draft", "13", items={}, base=2, rev=6).status_code == 403


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"', '[[["\\udc00"]]]', '{"a": [NaN]}'])
def test_what_no_database_takes_is_no_draft(app: App, value: str):
    manager = staff(app, "manager")
    text = f'{{"request_id": "odd-00001", "base": 0, "rev": 0, "items": {{"S101": {{"fee_yuan": {value}}}}}}}'
    said = manager.client.post(
        "/api/config/services/draft", data=text, content_type="application/json", headers=manager.headers
    )
    assert (said.status_code, said.get_json()["refused"]) == (422, "input-invalid")


def test_who_left_is_out_at_once(app: App):
    admin, leaver = staff(app, "admin"), person_of(app, "ZW002")
    assert leaver.ask("GET", "/api/session").status_code == 200
    ask(admin, "/people/draft", "1", items={"ZW002": {"left": True}}, base=0, rev=0)
    assert ask(admin, "/people", "2", base=0, rev=1).status_code == 200
    assert leaver.ask("GET", "/api/session").status_code == 401
    assert "ZW002" not in {p["id"] for p in admin.ask("GET", "/api/staff").get_json()["staff"]}


def test_the_hours_that_hold_are_told_to_the_public(app: App):
    """A closure and other hours of one date, holidays, and a queue that opens before the hall (C2)."""
    manager, kiosk = staff(app, "manager"), device(app, "kiosk")
    days = {"2026-03-04": {"kind": "closed"}, "2026-03-05": {"kind": "hours", "hours": [["09:00", "11:00"]]}}
    ask(manager, "/days/draft", "1", items=days, base=0, rev=0)
    assert ask(manager, "/days", "2", base=0, rev=1).status_code == 200
    early = [["07:30", "12:00"], ["14:00", "17:30"]]
    ask(manager, "/queues/draft", "3", items={"E": {"hours": early}}, base=0, rev=0)
    assert ask(manager, "/queues", "4", base=0, rev=1).status_code == 200
    told = kiosk.ask("GET", "/api/hall").get_json()
    assert told["special"]["2026-03-04"] == []
    assert told["special"]["2026-03-05"] == [["09:00", "11:00"]]
    assert told["special"]["2026-04-06"] == [], "Tomb-sweeping, a Monday"
    assert "2026-03-03" not in told["special"]
    assert "2026-03-07" not in told["special"], "a Saturday like others"
    queues = {q["id"]: q["hours"] for q in told["queues"]}
    assert (queues["E"], queues["A"]) == ({"weekday": early, "saturday": []}, None)


def test_a_picture_names_the_version_of_what_its_face_keeps_beside_it(app: App):
    """A face that was away while something was published sees by it that it has to ask again."""
    manager, kiosk, board = staff(app, "manager"), device(app, "kiosk"), device(app, "board")

    def told() -> set[str]:
        kept = [kiosk.ask("GET", f"/api/{path}").get_json() for path in ("hall", "services")]
        pictures = [
            who.ask("GET", f"/api/state/{face}").get_json()["values"]["facts"]
            for who, face in ((kiosk, "kiosk"), (board, "hall"), (manager, "manager"))
        ]
        layout = board.ask("GET", "/api/boards/B1").get_json()
        return {*(facts["version"] for facts in (*kept, layout)), *pictures}

    (before,) = told()
    ask(manager, "/services/draft", "1", items={"S101": {"name": "改名"}}, base=0, rev=0)
    assert told() == {before}, "a draft holds for nobody"
    assert ask(manager, "/services", "2", base=0, rev=1).status_code == 200
    (after,) = told()
    assert after != before


def test_a_board_and_its_notices_change_for_the_next_look(app: App):
    manager = staff(app, "manager")
    notices = {"N1": None, "N9": {"zh": "今天下午提前下班", "urgent": True}}
    ask(manager, "/notices/draft", "1", items=notices, base=0, rev=0)
    assert ask(manager, "/notices", "2", base=0, rev=1).status_code == 200
    ask(manager, "/boards/draft", "3", items={"B3": {"columns": 3, "areas": ["无此区"]}}, base=0, rev=0)
    assert ask(manager, "/boards", "4", base=0, rev=1).get_json()["facts"]["troubles"][0]["field"] == "areas"
    ask(manager, "/boards/draft", "5", items={"B3": {"columns": 3}}, base=0, rev=1)
    assert ask(manager, "/boards", "6", base=0, rev=2).status_code == 200
    seen = manager.ask("GET", "/api/boards/B3").get_json()
    assert seen["columns"] == 3
    assert seen["notices"][0]["zh"] == "今天下午提前下班"
    assert len(seen["notices"]) == 2


def test_a_roster_is_published_and_its_clashes_are_told(hall_of: Configured):
    day = hall_of.day.open()
    with day.store.unit(MANAGER) as unit:
        leave = add_leave(unit, "ZW017", day.clock(), day.clock() + timedelta(days=2), "")
        save_leave(unit, leave, state=LeaveState.APPROVED)
    row = {"days": ["mon", "tue"], "start": "08:30", "end": "12:00"}
    wish: Body = {"W02": {"week": [{**row, "person": "ZW001"}, {**row, "start": "14:00", "person": "ZW017"}]}}
    assert [(w.item, w.field, w.code) for w in hall_of.draft("rosters", wish).wrongs] == [
        ("W02", "week", "shift-order")
    ]
    wish = {
        "W02": {
            "week": [{**row, "person": "ZW001"}, {**row, "start": "14:00", "end": "17:00", "person": "ZW017"}]
        }
    }
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("rosters", wish)
    assert sorted(code for _, _, code in codes(no)) == ["roster-leave", "roster-twice", "roster-uncovered"]
    sentences: Any = no.value.facts["troubles"]
    assert "陈静 2026年3月2日 08:30–12:00 同时排在 1 号窗口。" in [t["text"]["zh"] for t in sentences]
    own = {
        "days": [
            {"date": "2026-03-03", "start": "08:30", "end": "12:00", "person": "ZW004", "reason": "调班"}
        ]
    }
    assert hall_of.publish("rosters", {"W02": own})["version"] == 1
    hall_of.beat()
    shifts = day.hall.duties.shifts("W02", date(2026, 3, 3))
    assert [(s.person, s.source) for s in shifts] == [("ZW004", "days"), ("ZW002", "post")]
    assert hall_of.back("rosters", 0, base=1)["version"] == 2
    hall_of.draft("people", {"ZW001": {"photo": "a" * 32 + ".jpg"}})
    with day.store.read() as connection:
        assert uploads_named(connection, day.store.hall) == {"a" * 32 + ".jpg"}


@ONE_ENGINE
def test_a_plan_is_drawn_published_and_comes_back(hall_of: Configured):
    def where(window: str) -> tuple[str, float, float]:
        floors = day.hall.plan
        return next((f.id, s.x, s.y) for f in floors for s in f.spot if (s.kind, s.id) == ("window", window))

    day = hall_of.day.open()
    items = file_items(hall_of.current.files)["plan"]
    first, second = items["1"]["spot"], items["2"]["spot"]
    w1, w2 = first[0], first[1]
    assert (w1["id"], where("W01")) == ("W01", ("1", 3.4, 4.2))
    on_it = [{**w1, "x": 7.0}, *first[1:]]
    outside = [*second, {**second[0], "kind": "lift", "id": "", "x": 99}]
    wrong: Body = {"1": {"spot": on_it}, "2": {"spot": outside}, "3": {"width": 0, "height": 8}}
    looked = hall_of.draft("plan", wrong)
    assert [(w.item, w.field, w.code) for w in looked.wrongs] == [("3", "width", "range")]
    wrong.pop("3")
    told = [(w.item, w.field, w.code, w.facts) for w in hall_of.draft("plan", wrong).wrongs]
    assert told == [
        ("2", "spot", "plan-outside", {"value": second[0]["name"]}),
        ("1", "spot", "plan-clash", {"value": "W01", "by": "W02"}),
    ]
    bad: list[Any] = ["here", {"kind": "window"}, {**w1, "x": "3"}, {**w1, "kind": "throne"}, {**w1, "z": 1}]
    for one in bad:
        assert hall_of.draft("plan", {"1": {"spot": [one]}}).wrongs, one
    unknown = hall_of.draft("plan", {"1": {"spot": [{**w1, "id": "W99"}, *first[1:]]}})
    assert [w.code for w in unknown.wrongs] == ["ref"]

    wish: Body = {
        "1": {"spot": [s for s in first if s is not w1]},
        "2": {"spot": [*second, {**w1, "x": 10.0, "y": 12.0}]},
        "负一": {"name": "负一楼", "width": 20, "height": 8, "spot": []},
    }
    assert hall_of.publish("plan", wish)["version"] == 1
    hall_of.beat()
    assert where("W01") == ("2", 10.0, 12.0)
    assert where("W02") == ("1", w2["x"], w2["y"])
    assert [f.id for f in day.hall.plan] == ["1", "2", "负一"]
    fewer = {"1": {"spot": [s for s in first if s["id"] not in ("W01", "W02")]}}
    assert hall_of.publish("plan", fewer, base=1)["version"] == 2
    hall_of.beat()
    assert where("W02")[2] > items["1"]["height"], "whom nobody places is laid out below"
    assert hall_of.back("plan", 0, base=2)["version"] == 3
    hall_of.beat()
    assert where("W01") == ("1", 3.4, 4.2)


@ONE_ENGINE
def test_a_hall_without_a_plan_is_drawn_from_what_is_laid_out(hall_of: Configured):
    day = hall_of.day.open()
    files = replace(day.hall, drawn=(), plan=laid_out((), day.hall.files.windows.values()))
    hall_of.current = Current(files)
    day.hall = files
    items = file_items(files)["plan"]
    assert not any(f["drawn"] for f in items.values())
    floor = next(iter(items))
    moved = [{**s, "y": s["y"] + 60} if n == 0 else s for n, s in enumerate(items[floor]["spot"])]
    assert hall_of.publish("plan", {floor: {"spot": moved, "height": 90}})["version"] == 1
    hall_of.beat()
    now = next(f for f in day.hall.plan if f.id == floor)
    assert now.drawn
    assert (now.height, now.spot[0].y) == (90, moved[0]["y"])


@ONE_ENGINE
def test_a_window_under_repair_opens_for_nobody_and_comes_back(hall_of: Configured):
    day = hall_of.day.open("W02")
    with pytest.raises(refusals.ConfigInvalid) as no:
        hall_of.publish("windows", {"W02": {"out": "repair"}})
    assert codes(no) == [("W02", "out", "window-staffed")]
    assert hall_of.publish("windows", {"W03": {"out": "repair"}})["version"] == 1
    with pytest.raises(refusals.WindowOut), day.store.unit(clerk("ZW003")) as unit:
        open_window(unit, day.hall, "W03")
    assert day.hall.catalogue.windows["W03"].queues == ()
    assert "W03" not in day.hall.catalogue.serving["A"]
    with day.store.read() as connection:
        view = View.of(connection, day.store.hall, day.hall, TEXTS)
        assert window_rows(view, ("W03",))["W03"]["out"] == "repair"
    assert day.hall.duties.shifts("W03", date(2026, 3, 3)) == []
    assert hall_of.publish("windows", {"W03": {"out": ""}}, base=1)["version"] == 2
    with day.store.unit(clerk("ZW003")) as unit:
        open_window(unit, day.hall, "W03")


def test_english_names_of_windows_areas_and_titles_are_shown_beside_the_chinese(app: App):
    manager, kiosk = staff(app, "manager"), device(app, "kiosk")
    told = {w["id"]: w for w in kiosk.ask("GET", "/api/hall").get_json()["windows"]}
    assert (told["W01"]["name_en"], told["W01"]["zone_en"]) == ("General services 1", "Area A")
    ask(manager, "/windows/draft", "1", items={"W01": {"name_en": "One stop", "zone": "E区"}}, base=0, rev=0)
    assert ask(manager, "/windows", "2", base=0, rev=1).status_code == 200
    told = {w["id"]: w for w in kiosk.ask("GET", "/api/hall").get_json()["windows"]}
    assert (told["W01"]["name_en"], told["W01"]["zone_en"]) == ("One stop", ""), "unknown: the Chinese stands"
    rows = manager.ask("GET", "/api/state/manager").get_json()["rows"]["windows"]
    assert (rows["W01"]["name_en"], rows["W02"]["zone_en"]) == ("One stop", "Area A")


@ONE_ENGINE
def test_the_last_window_of_a_queue_stays(hall_of: Configured):
    hall_of.day.open()
    with pytest.raises(refusals.QueueUnserved):
        hall_of.publish("windows", {"W14": {"out": "closed"}})


def test_a_roster_is_drafted_by_the_week_with_its_clashes(app: App):
    """Last week's again, two people who change places: one draft, its clashes before it is published."""
    manager, leads = staff(app, "manager"), staff(app, "duty_leader")

    def move(what: str, number: int, **body: object) -> Any:
        return manager.ask(
            "POST", f"/api/rosters/{what}", {"request_id": f"roster-move-{number}", "base": 0, **body}
        )

    def at(window: str, day: int, asked: str = "&draft=1") -> list[str]:
        seen = manager.ask("GET", f"/api/rosters?since=2026-03-09{asked}").get_json()
        row = next(r for r in seen["rows"] if r["id"] == window)
        return [c["person"] for c in row["cells"][day]]

    row = {"date": "2026-03-02", "start": "08:30", "end": "12:00", "person": "ZW004", "reason": "调班"}
    ask(manager, "/rosters/draft", "1", items={"W02": {"days": [row]}}, base=0, rev=0)
    said = move("copy", 2, since="2026-03-04", to="2026-03-12", rev=1).get_json()
    assert (said["rev"], said["moved"]) == (2, 1)
    assert said["troubles"] == []
    assert at("W02", 0) == ["ZW004", "ZW002"]
    assert at("W02", 0, "") == ["ZW002", "ZW002"], "nothing holds before it is published"
    assert move("copy", 3, since="2026-03-02", to="2026-03-09", rev=2).get_json()["moved"] == 0

    both = {"since": "2026-03-09", "until": "2026-03-09"}
    said = move("swap", 4, one="ZW002", other="ZW003", rev=3, **both).get_json()
    assert (at("W02", 0), at("W03", 0)) == (["ZW004", "ZW003"], ["ZW002", "ZW002"])
    assert said["troubles"] == []
    said = move("swap", 5, one="ZW003", other="ZW021", rev=4, **both).get_json()
    assert {(x["item"], x["code"]) for x in said["troubles"]} == {
        ("W02", "roster-skill"),
        ("leader", "roster-role"),
    }
    assert all("2026年3月9日" in x["text"]["zh"] for x in said["troubles"])
    assert ask(manager, "/rosters", "6", base=0, rev=5).status_code == 422

    numbers = count(10)
    for what, wrong, body in (
        ("copy", "to", {"since": "2026-03-02", "to": "2026-03-06"}),
        ("copy", "to", {"since": "2026-03-02", "to": "2026-02-20"}),
        ("swap", "other", {"one": "ZW002", "other": "ZW002", **both}),
        ("swap", "one", {"one": "ZW999", "other": "ZW002", **both}),
        ("swap", "until", {"one": "ZW002", "other": "ZW003", "since": "2026-03-09", "until": "2026-03-08"}),
        ("swap", "until", {"one": "ZW002", "other": "ZW003", "since": "2026-01-09", "until": "2026-03-01"}),
    ):
        said = move(what, next(numbers), rev=5, **body)
        assert (said.status_code, said.get_json()["facts"]["fields"]) == (422, [wrong])
    stale = move("copy", 7, since="2026-03-02", to="2026-03-16", rev=1)
    assert stale.get_json()["refused"] == "config-draft-stale"
    assert leads.ask("GET", "/api/rosters?draft=1").get_json()["refused"] == "config-foreign"


def test_a_department_changes_its_own_services_and_nothing_else(app: App):
    """FEATURES 167: ZW029 speaks for D02."""
    chief, manager = staff(app, "chief_representative"), staff(app, "manager")
    seen = chief.ask("GET", "/api/config/services").get_json()
    areas = chief.ask("GET", "/api/config").get_json()["areas"]
    assert [(a["id"], a["items"]) for a in areas] == [("services", len(seen["items"]))]
    assert {s["department"] for s in seen["items"].values()} == {seen["department"]} == {"D02"}
    assert {f["name"] for f in seen["fields"] if f["delegated"]} == {
        *("closed", "promised_limit", "legal_limit", "fee_yuan", "fee_basis", "fee_basis_en", "materials")
    }
    own = next(iter(seen["items"]))
    services = manager.ask("GET", "/api/config/services").get_json()["items"]
    other = next(i for i, s in services.items() if s["department"] == "D05")
    assert (
        ask(manager, "/services/draft", "m1", items={other: {"name": "甲"}}, base=0, rev=0).status_code == 200
    )
    wish = {own: {"closed": True, "name": "改名"}, other: {"closed": True}}
    saved = ask(chief, "/services/draft", "1", items=wish, base=0, rev=0).get_json()
    assert {(w["item"], w["field"], w["code"]) for w in saved["troubles"]} == {
        (own, "name", "foreign-field"),
        (other, "", "foreign-item"),
    }
    assert ask(chief, "/services", "2", base=0, rev=1).status_code == 422
    assert (
        ask(chief, "/services/draft", "3", items={own: {"closed": True}}, base=0, rev=1).get_json()[
            "troubles"
        ]
        == []
    )
    assert ask(chief, "/services", "4", base=0, rev=2).get_json()["version"] == 1
    now = manager.ask("GET", "/api/config/services").get_json()
    assert (now["items"][own]["closed"], now["draft"]["items"]) == (True, {other: {"name": "甲"}})
    ask(manager, "/services/draft", "m2", items={other: {"name": "甲"}}, base=1, rev=1)
    assert ask(manager, "/services", "m3", base=1, rev=2, when="next_day").get_json()["version"] == 2
    assert ask(chief, "/services/withdraw", "5", version=2).status_code == 403
    for path, name, facts in (("rollback", "6", {"version": 0}), ("", "7", {"rev": 3})):
        no = ask(chief, f"/services/{path}".rstrip("/"), name, base=2, **facts)
        assert no.get_json()["refused"] == "config-waits", "what the manager published is not taken back"
    assert ask(manager, "/services/withdraw", "m4", version=2).status_code == 200
    assert ask(chief, "/services/rollback", "8", version=0, base=1).status_code == 200, "only its own changes"
    for area in ("queues", "people", "rosters", "windows"):
        assert chief.ask("GET", f"/api/config/{area}").status_code == 403
        assert ask(chief, f"/{area}/draft", f"7{area}", items={}, base=0, rev=0).status_code == 403
