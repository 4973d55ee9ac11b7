"""Numbers lent to the host beside a kiosk: lent, given alone, handed over, and every end that can take."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from drivers.voice import wave_file
from drivers.voice.bank import all_clips, own_clips
from drivers.wording import load_wording
from server import voice
from server.actions.day import begin_closing, close_day, open_day
from server.actions.publish_config import Desk, begin_due, keep_draft, publish_draft
from server.actions.staff_window import open_window
from server.app import App, create_app
from server.domain.actors import SYSTEM
from server.domain.blocks import Block, account, cut, highest, may_offer, missing
from server.domain.catalogue import Queue
from server.domain.opening import check_queue, giving
from server.domain.refusals import NumbersExhausted, Refusal
from server.settings import HallSettings, Offline, Settings, SettingsError, read_hall
from server.store import tables as t
from server.store.days import sealed_sums
from server.store.verify import check
from server.web.headers import csp_with
from tests.conftest import MONDAY_NINE, ROOT, Clock, clerk
from tests.server.callers import audit, device, staff
from tests.server.full_disk import full_disk
from tests.server.hall_day import CLERK_AT, HallDay
from tests.server.test_config import MANAGER
from tests.server.test_hosts import DEVICES, Host

QUEUE = Queue(prefix="A", name="综合", name_en="All")
LINKS = (f"{n:022d}" for n in itertools.count())


# --- the rule, pure


@given(st.integers(0, 999), st.lists(st.integers(1, 200), max_size=12))
def test_blocks_and_series_never_meet(given_: int, sizes: list[int]) -> None:
    """Whatever is lent: blocks do not overlap, lie in the upper half, and above what was given."""
    lent_from, taken = None, set(range(1, given_ + 1))
    for size in sizes:
        room = cut(QUEUE, given_, lent_from, size)
        if room is None:
            break
        numbers = set(range(room[0], room[1] + 1))
        assert 0 < len(numbers) <= size
        assert not numbers & taken
        assert min(numbers) > highest(QUEUE) // 2
        assert max(numbers) <= highest(QUEUE)
        lent_from, taken = room[0], taken | numbers


def test_a_block_is_filled_up_once_half_is_gone() -> None:
    assert [missing(left, 20) for left in (20, 11, 10, 3, 0)] == [0, 0, 10, 17, 20]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 30), st.integers(0, 30), st.sampled_from(["lent", "held", "returned", "lost"])
        )
    )
)
def test_no_lent_number_is_missing_from_the_account(rows: list[tuple[int, int, str]]) -> None:
    made = [
        (Block(i, "2026-03-02", "A", "K1", "h", 1, size, state, MONDAY_NINE), min(used, size))
        for i, (size, used, state) in enumerate(rows)
    ]
    found = account(made)
    assert found.lent == found.used + found.void + found.out
    assert min(vars(found).values()) >= 0


@given(st.integers(0, 24 * 60 - 1), st.sampled_from(["2026-03-02", "2026-03-07", "2026-10-01"]))
def test_the_kept_hours_are_those_of_the_rule(hall: HallSettings, minute: int, day: str) -> None:
    """A host gives a number exactly when the server would."""
    on = date.fromisoformat(day)
    local = datetime.combine(on, datetime.min.time()) + timedelta(minutes=minute)
    for queue in hall.catalogue.queues.values():
        windows = [hall.catalogue.windows[w] for w in hall.catalogue.serving[queue.prefix]]
        try:
            check_queue(hall.calendar, queue, windows, on, local)
            gives = True
        except Refusal:
            gives = False
        assert any(a <= local < b for a, b in giving(hall.calendar, queue, windows, on)) == gives


# --- lending


def offering(hall: HallSettings, **rules: Any) -> HallSettings:
    """The demo hall with numbers for the time without server."""
    return replace(hall, hall=replace(hall.hall, offline=Offline(**{"enabled": True, "numbers": 4, **rules})))


@pytest.fixture
def open_app(
    hall: HallSettings, make_settings: Callable[..., Settings], clock: Clock
) -> Iterator[Callable[..., App]]:
    made: list[App] = []

    def make(**rules: Any) -> App:
        app = create_app(make_settings(hall=offering(hall, **rules)), clock)
        HallDay(app.house.store, app.house.hall, app.house.slip, clock).open()
        made.append(app)
        return app

    yield make
    for app in made:
        app.house.store.engine.dispose()


class Beside(Host):
    """A host that keeps what it was lent in memory, and gives from it."""

    def borrow(self, **held: int) -> Any:
        known = {str(b["id"]): b["next"] for b in getattr(self, "lending", {}).get("blocks", [])}
        answer = self.say("borrow", {"held": {k.removeprefix("b"): v for k, v in (held or known).items()}})
        self.lending = answer.get("lending") or {"blocks": []}
        return answer

    def give(
        self, clock: Clock, service: str = "S001", prefix: str | None = None, **more: Any
    ) -> dict[str, Any]:
        prefix = prefix or self.lending["services"][service]["queue"]
        block = next(b for b in self.lending["blocks"] if b["prefix"] == prefix and b["next"] <= b["last"])
        row = {
            "request_id": f"request-{next(LINKS)}",
            "block": block["id"],
            "seq": block["next"],
            "service": service,
        }
        row |= {
            "lang": "zh",
            "at": clock().isoformat(),
            "link": next(LINKS),
            "slip": "printed",
            "reason": "",
            "copies": 1,
        }
        block["next"] += 1
        return {**row, **more}

    def hand(self, *numbers: dict[str, Any]) -> Any:
        return self.say("given", {"numbers": list(numbers)})["done"]

    def blocks(self, prefix: str = "A") -> list[tuple[int, int]]:
        return [(b["first"], b["last"]) for b in self.lending["blocks"] if b["prefix"] == prefix]


def beside(app: App) -> Beside:
    host = Beside(app).hello()
    assert host.borrow()["ok"]
    host.borrow()  # so that the server knows that they arrived
    return host


def rows(app: App, table: Any) -> list[dict[str, Any]]:
    with app.house.store.read() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]


def alarms(app: App) -> dict[str, dict[str, Any]]:
    with app.house.store.read() as connection:
        return {row["kind"]: row["facts"] for row in connection.execute(select(t.alarm)).mappings()}


def sound(app: App) -> bool:
    return check(app.house.store.engine, app.house.store.hall) == []


def test_a_hall_that_does_not_want_it_lends_nothing(app: App) -> None:
    host = Host(app).hello()
    assert host.say("borrow", {"held": {}}) == {"ok": True, "lending": None}
    assert rows(app, t.block) == []
    kiosk = device(app, "kiosk")
    assert kiosk.ask("GET", "/api/offline").json == {"url": None, "key": ""}
    assert "127.0.0.1" not in kiosk.ask("GET", "/touch/K1").headers["Content-Security-Policy"]


def test_a_host_is_lent_the_end_of_each_range_and_all_it_needs_to_know(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host = beside(app)
    assert host.blocks() == [(996, 999)]
    lending = host.lending
    item = lending["services"]["S001"]
    assert lending["queues"]["A"]["gives"][0][0] == "2026-03-02T00:10:00+00:00"  # 08:10 in the hall
    paper = lending["papers"][item["papers"]["K1"]["paper"]]
    texts = [part.get("text", "") for part in paper["zh"]]
    assert "{number}" in texts
    assert any("离线取号" in text for text in texts)
    assert not any("前面等候" in text or "预计等候" in text for text in texts)
    assert any("补打" in part.get("text", "") for part in paper["zh+"])
    assert {b["kiosk"] for b in lending["blocks"]} == {"K1"}
    until = datetime.fromisoformat(lending["until"]) - datetime.fromisoformat(lending["at"])
    assert until == timedelta(minutes=240)
    kiosk = device(app, "kiosk")
    told = kiosk.ask("GET", "/api/offline").json
    assert told == {"url": "http://127.0.0.1:8610/K1", "key": lending["keys"]["K1"]}
    assert "connect-src 'self' http://127.0.0.1:8610 ws: wss:;" in csp_with(8610)
    assert device(app, "board").ask("GET", "/api/offline").status_code == 403


def test_the_page_for_the_time_without_server_is_whole_and_for_hosts_alone(
    open_app: Callable[..., App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app()
    for lang in ("zh", "en", "ko"):
        spoken = own_clips(f"{lang}-kiosk", app.house.settings.data)
        for clip in all_clips(load_wording(f"{lang}-kiosk")):  # the hall's own voice
            wave_file.write(spoken / f"{clip}.wav", 22_050, wave_file.silence(22_050, 0.1))
    host = device(app, "host", name="beside")
    for module in ("assets", "kept_page"):
        monkeypatch.setattr(f"server.web.{module}.DIST", tmp_path)
    assert host.ask("GET", "/api/offline/page").status_code == 404  # nothing is built
    manifest = {
        "kiosk/touch/main.ts": {"file": "touch-1.js", "css": ["touch-1.css"], "imports": ["_live"]},
        "_live": {"file": "live-1.js"},
    }
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "touch.json").write_text(json.dumps(manifest))
    for name in ("touch-1.js", "touch-1.css", "live-1.js"):
        (tmp_path / name).write_text(name)
    reply = host.ask("GET", "/api/offline/page")
    tag = reply.headers["ETag"].strip('"')
    assert (reply.status_code, sha256(reply.data).hexdigest()) == (200, tag)
    with ZipFile(BytesIO(reply.data)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    page = files["page.html"].decode()
    assert 'data-id="{kiosk}" data-door="{key}"' in page
    loaded = re.findall(r'(?:src|href)="/([^"?]+)', page)
    assert {"assets/touch-1.js", "assets/touch-1.css", "assets/live-1.js", "brand.css"} <= set(loaded)
    assert set(loaded) <= files.keys()  # it asks for nothing that is not beside it
    assert {"api/hall", "api/services", "api/text/zh.json", "api/text/en.json"} <= files.keys()
    assert json.loads(files["api/services"]) == host.ask("GET", "/api/services").json
    sounds = {name: body for name, body in files.items() if "/voices/" in name}
    prompts = ("home", "guide", "number", "listen", "refused", "A", "0")
    assert {
        f"api/voices/kiosk/{lang}/{p}.wav" for lang in ("zh", "en", "ko") for p in prompts
    } <= sounds.keys()
    assert not [name for name in sounds if name.endswith("/Z.wav")]  # no number here begins so
    for name in ("api/voices/kiosk/zh/home.wav", "api/voices/kiosk/en/home.wav"):
        assert sounds[name] == device(app, "kiosk").ask("GET", f"/{name}").data
    assert host.ask("GET", "/api/offline/page", If_None_Match=f'"{tag}"').status_code == 304
    assert device(app, "kiosk").ask("GET", "/api/offline/page").status_code == 403
    assert device(app, "kiosk").ask("GET", "/touch/K1").text.count("data-door") == 0
    monkeypatch.setattr("server.voice.MOST_ALONE", 20_000)  # more is left behind, and takes no page along
    with ZipFile(BytesIO(host.ask("GET", "/api/offline/page").data)) as packed:
        assert set(packed.namelist()) == files.keys() - sounds.keys()


def test_the_kept_page_has_room_for_whole_languages_in_their_order(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """English takes twice the room of the others here."""
    data, seconds = app.house.settings.data, {"zh": 0.1, "en": 0.2, "ko": 0.1}
    for lang, long in seconds.items():
        for clip in all_clips(load_wording(f"{lang}-kiosk")):
            path = own_clips(f"{lang}-kiosk", data) / f"{clip}.wav"
            wave_file.write(path, 22_050, wave_file.silence(22_050, long))

    def taken(*langs: str) -> list[str]:
        return list(dict.fromkeys(lang for lang, _ in voice.prompts_alone(app.house, langs)))

    whole = voice.prompts_alone(app.house, ["zh"])
    one = sum(map(len, whole.values()))
    assert taken("zh", "en", "ko") == ["zh", "en", "ko"]
    assert taken("zh", "ru", "zz") == ["zh"]  # what has no prompts takes no room
    assert one * 4 < voice.MOST_ALONE
    for room, order, kept in (
        (one * 4, ("zh", "en", "ko"), ["zh", "en", "ko"]),
        (one * 3, ("zh", "en", "ko"), ["zh", "en"]),
        (one * 2, ("zh", "en", "ko"), ["zh", "ko"]),  # the longer one stays behind, not who comes after it
        (one * 2, ("en", "zh", "ko"), ["en"]),
        (one - 1, ("zh", "ko"), []),
    ):
        monkeypatch.setattr(voice, "MOST_ALONE", room)
        assert taken(*order) == kept, room
    monkeypatch.undo()
    monkeypatch.setattr(voice, "MOST_FILES_ALONE", 2 * len(whole))
    assert taken("zh", "en", "ko") == ["zh", "en"]


def test_what_nobody_can_check_meanwhile_is_not_offered(
    hall: HallSettings, open_app: Callable[..., App]
) -> None:
    app = open_app(queues=("A",))
    host = beside(app)
    assert {b["prefix"] for b in host.lending["blocks"]} == {"A"}
    assert {s["queue"] for s in host.lending["services"].values()} == {"A"}


def test_the_server_stops_where_the_blocks_begin(open_app: Callable[..., App], clock: Clock) -> None:
    app = open_app()
    beside(app)
    day = HallDay(app.house.store, app.house.hall, app.house.slip, clock)
    with app.house.store.unit(SYSTEM) as unit:
        unit.connection.execute(t.series.update().where(t.series.c.prefix == "A").values(last=994))
    assert day.take().ticket.number == "A995"
    with pytest.raises(NumbersExhausted):
        day.take()


def test_half_used_is_filled_up_and_two_hosts_never_get_the_same(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host = beside(app)
    assert host.borrow()["lending"]["blocks"] == host.lending["blocks"]  # nothing used, nothing new
    assert host.hand(host.give(clock), host.give(clock))
    host.borrow()
    assert host.blocks() == [(996, 999), (994, 995)]
    other = Beside(app, device(app, "host", name="annex")).hello(
        devices=[{**DEVICES[0], "name": "p2", "kiosk": "K2"}]
    )
    other.borrow()
    assert other.blocks() == [(990, 993)]
    assert sound(app)


# --- handing over


def test_a_number_given_alone_joins_by_the_time_it_was_given(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host, day = beside(app), HallDay(app.house.store, app.house.hall, app.house.slip, clock)
    first = day.take()
    clock.forward(minutes=5)
    alone = host.give(clock)
    clock.forward(minutes=5)
    last = day.take()
    clock.forward(minutes=20)
    assert host.hand(alone) == [alone["link"]]
    ticket = rows(app, t.ticket)[-1]
    assert (ticket["number"], ticket["channel"], ticket["link"]) == ("A996", "offline:K1", alone["link"])
    assert ticket["taken_at"] == MONDAY_NINE + timedelta(minutes=5)
    called = []
    for window in ("W01", "W02", "W03"):
        with app.house.store.unit(clerk(CLERK_AT[window])) as unit:
            open_window(unit, app.house.hall, window)
        called.append(day.call(window).number)
    assert called == [first.ticket.number, "A996", last.ticket.number]
    (line,) = [line for line in audit(app, "ticket.take") if line["facts"].get("offline")]
    assert (line["facts"]["kiosk"], line["actor"]["role"]) == ("K1", "host")
    assert datetime.fromisoformat(line["facts"]["at"]) == ticket["taken_at"]
    assert sound(app)


def test_a_class_and_the_services_that_follow_are_handed_over(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host, day = beside(app), HallDay(app.house.store, app.house.hall, app.house.slip, clock)
    assert "elder" in host.lending["classes"]
    by_staff = {c.id for c in app.house.hall.hall.priority.classes if c.by_staff_only}
    assert by_staff
    assert by_staff.isdisjoint(host.lending["classes"])
    paper = host.lending["papers"][host.lending["services"]["S001"]["papers"]["K1"]["paper"]]
    assert any("同号续办：{further}" in part.get("text", "") for part in paper["zh&"])
    assert not any("同号续办" in part.get("text", "") for part in paper["zh"])
    ordinary = day.take()
    clock.forward(minutes=1)
    asked = host.give(clock, priority="elder", further=["S401", "S002"])
    odd = host.give(clock, priority="hero", further=["S999", "S001", "S401", "S401"])
    clock.forward(minutes=30)
    assert len(host.hand(asked, odd, asked)) == 3
    first, second = rows(app, t.ticket)[-2:]
    assert [first["priority"], second["priority"]] == ["elder", "ordinary"]
    errands = [(row["ticket"], row["service"]) for row in rows(app, t.errand)]
    assert errands == [(first["id"], "S401"), (first["id"], "S002"), (second["id"], "S401")]
    *_, noted, told = [line["facts"] for line in audit(app, "ticket.take")]
    assert (noted["priority"], noted["further"]) == ("elder", ["S401", "S002"])
    assert "asked" not in noted
    assert told["asked"] == ["hero", "S999", "S001", "S401", "S401"]
    with app.house.store.unit(clerk(CLERK_AT["W01"])) as unit:
        open_window(unit, app.house.hall, "W01")
    assert day.call("W01").number in (first["number"], ordinary.ticket.number)
    assert sound(app)


def test_handing_over_again_changes_nothing(open_app: Callable[..., App], clock: Clock) -> None:
    app = open_app()
    host = beside(app)
    alone = host.give(clock)
    assert host.hand(alone, alone) == [alone["link"]] * 2
    again = Beside(app, device(app, "host", name="same")).hello()
    assert again.hand({**alone, "at": (clock() + timedelta(hours=1)).isoformat()}) == [alone["link"]]
    assert len(rows(app, t.ticket)) == 1
    assert alarms(app).keys() <= {"offline-alone"}


def test_the_paper_is_the_kiosks_own_and_may_be_printed_again(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host = beside(app)
    host.hand(host.give(clock, slip="unsure", reason="host_restarted"))
    host.hand(host.give(clock, copies=2))
    slip, *more = rows(app, t.slip)
    assert [(s["copy"], s["state"]) for s in more] == [(1, "unsure"), (2, "printed")]
    assert (slip["state"], slip["reason"], slip["kiosk"]) == ("unsure", "host_restarted", "K1")
    host.told()
    kiosk = device(app, "kiosk")
    ticket = rows(app, t.ticket)[0]["id"]
    reply = kiosk.ask("POST", f"/api/tickets/{ticket}/reprint", {"request_id": "reprint-1"})
    assert reply.status_code == 201
    (job,) = host.jobs("print_slip")
    texts = [part.get("text", "") for part in job["parts"]]
    assert any("补打 第1次" in text for text in texts)
    assert any("前面等候：0人" in text for text in texts)  # now the server knows
    other = device(app, "kiosk", kiosk="K2")
    assert other.ask("POST", f"/api/tickets/{ticket}/reprint", {"request_id": "reprint-2"}).status_code == 404


def test_the_twin_that_reached_the_server_before_the_cut_is_taken_back(
    open_app: Callable[..., App], clock: Clock
) -> None:
    """The kiosk's wish was heard, the answer was lost, the citizen took a number of the host instead."""
    app = open_app()
    host, kiosk = beside(app), device(app, "kiosk")
    body = {"request_id": "wish-1234", "service": "S001"}
    twin = kiosk.ask("POST", "/api/tickets", body).json["ticket"]
    host.hand(host.give(clock, request_id="wish-1234"))
    legs = {leg["number"]: leg["state"] for leg in rows(app, t.leg)}
    assert legs == {twin["number"]: "cancelled", "A996": "waiting"}
    assert audit(app, "ticket.cancel")[0]["facts"] == {"offline": "A996"}
    assert sound(app)


def test_a_twin_whose_paper_came_out_is_left_to_people(open_app: Callable[..., App], clock: Clock) -> None:
    app = open_app()
    host, kiosk = beside(app), device(app, "kiosk")
    slip = kiosk.ask("POST", "/api/tickets", {"request_id": "wish-1234", "service": "S001"}).json["slip"]
    host.say("result", {"job": f"slip-{slip['id']}", "state": "confirmed"})
    host.hand(host.give(clock, request_id="wish-1234"))
    assert {leg["state"] for leg in rows(app, t.leg)} == {"waiting"}


@pytest.mark.parametrize("hours", [-3, 30])
def test_a_host_with_a_wrong_clock_cannot_give_seniority_away(
    open_app: Callable[..., App], clock: Clock, hours: int
) -> None:
    app = open_app()
    host = beside(app)
    lent_at = clock()
    clock.forward(minutes=10)
    host.hand(host.give(clock, at=(clock() + timedelta(hours=hours)).isoformat()))
    assert rows(app, t.leg)[0]["origin_at"] == (lent_at if hours < 0 else clock())


# --- conflicts, each with an end that a person sees


def test_a_day_that_ended_meanwhile_keeps_the_number_as_expired(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host, store = beside(app), app.house.store
    alone = host.give(clock)
    with store.unit(SYSTEM) as unit:
        begin_closing(unit)
        close_day(unit)
    with store.read() as connection:
        sums = sealed_sums(connection, store.hall, "2026-03-02")
    lent = sums["offline"]["lent"]
    assert sums["offline"] == {"lent": lent, "used": 0, "void": 0, "out": lent}
    clock.forward(days=1)
    HallDay(store, app.house.hall, app.house.slip, clock).open()
    assert host.hand(alone) == [alone["link"]]
    assert rows(app, t.leg)[0]["state"] == "expired"
    assert alarms(app)["offline-late"]["number"] == "A996"
    host.borrow()
    with store.read() as connection:
        sums = sealed_sums(connection, store.hall, "2026-03-02")
    assert sums["offline"] == {"lent": lent, "used": 1, "void": lent - 1, "out": 0}
    assert (sums["taken"], sums["expired"]) == (1, 1)
    assert audit(app, "day.amend")
    assert {b["day"] for b in host.lending["blocks"]} == {"2026-03-03"}
    assert sound(app)
    with store.unit(SYSTEM) as unit:
        begin_closing(unit)
        close_day(unit)
    assert "offline-late" not in alarms(app)  # seen for a day


def test_numbers_of_another_range_stay_what_stands_on_their_paper(
    open_app: Callable[..., App], clock: Clock
) -> None:
    """A manager publishes a shorter range for the next day, while a kiosk is cut off with a number given."""
    app = open_app()
    host, store = beside(app), app.house.store
    alone = host.give(clock)

    def desk() -> Desk:
        return Desk(app.house.hall, app.house.current.files, app.house.texts.both)

    with store.unit(MANAGER) as unit:
        keep_draft(unit, desk(), "queues", {"A": {"first_number": 101, "last_number": 500}}, 0, 0)
        publish_draft(unit, desk(), "queues", 0, 1, "next_day", "")
    with store.unit(SYSTEM) as unit:
        begin_closing(unit)
        close_day(unit)
    clock.forward(days=1)
    with store.unit(SYSTEM) as unit:
        begin_due(unit, app.house.hall)
    with store.unit(SYSTEM) as unit:
        open_day(unit, app.house.hall, by_hand=False)
    assert host.hand(alone) == [alone["link"]]
    assert rows(app, t.ticket)[0]["number"] == alarms(app)["offline-late"]["number"] == "A996"
    assert host.borrow()["ok"]
    assert host.blocks() == [(397, 400)], "A497 to A500"
    returned = [line["facts"] for line in audit(app, "block.return")]
    assert {"first": "A996", "last": "A999"} in returned
    assert sound(app)


def test_a_service_that_was_closed_meanwhile_is_not_offered_any_more(hall: HallSettings) -> None:
    item = hall.catalogue.services["S001"]
    assert may_offer(item, "none")
    assert not may_offer(replace(item, closed=True), "none")


def test_while_the_day_is_closing_nothing_is_lent_and_who_has_a_number_is_served(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host = beside(app)
    alone = host.give(clock)
    with app.house.store.unit(SYSTEM) as unit:
        begin_closing(unit)
    assert host.borrow()["lending"]["blocks"] == []
    assert {b["state"] for b in rows(app, t.block)} == {"returned"}
    host.hand(alone)
    assert rows(app, t.leg)[0]["state"] == "waiting"


def test_a_service_that_is_gone_a_doubled_and_a_foreign_number_are_told(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host = beside(app)
    alone = host.give(clock)
    gone = host.give(clock, service="S999", prefix="A")
    double = {**alone, "link": next(LINKS), "request_id": "another-1"}
    foreign = {**alone, "link": next(LINKS), "seq": 17}
    nowhere = {**alone, "link": next(LINKS), "block": 4711}
    told = [alone, gone, double, foreign, nowhere]
    assert host.hand(*told) == [one["link"] for one in told]  # each has its end: it is not said again
    assert [row["number"] for row in rows(app, t.ticket)] == ["A996"]
    found = alarms(app)
    assert found["offline-service-unknown"]["number"] == "A997"
    assert found["offline-doubled"]["number"] == "A996"
    assert {"offline-unlent"} <= found.keys()
    assert [line["result"] for line in audit(app, "ticket.offline")] == [
        "service-unknown",
        "doubled",
        "unlent",
        "unlent",
    ]
    texts = app.house.texts
    for kind, facts in found.items():
        for lang in ("zh", "en"):
            assert "{" not in texts.say(f"alarm.{kind}", lang, what="", **facts)


def test_a_service_that_moved_joins_the_queue_where_it_stands_now(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host = beside(app)
    queue = host.lending["services"]["S101"]["queue"]
    assert queue != "A"
    host.hand(host.give(clock, service="S101", prefix="A"))  # it stood in A when it was given
    (leg,) = rows(app, t.leg)
    assert (leg["number"], leg["queue"]) == ("A996", queue)


def test_a_lost_book_is_told_and_its_numbers_are_nobodys(open_app: Callable[..., App], clock: Clock) -> None:
    app = open_app()
    host = beside(app)
    host.hand(host.give(clock))
    fresh = Beside(app, host.link.who).hello()
    fresh.borrow()
    assert fresh.blocks() == [(992, 995)]
    assert alarms(app)["offline-lost"]["kiosk"] == "K1"
    assert sound(app)


def test_an_answer_that_was_lost_on_its_way_alarms_nobody(open_app: Callable[..., App]) -> None:
    app = open_app()
    host = Beside(app).hello()
    host.borrow()
    host.lending = {"blocks": []}  # it never arrived
    host.borrow()
    assert host.blocks() == [(992, 995)]
    assert "offline-lost" not in alarms(app)


def test_a_host_that_is_cut_off_is_told_until_it_is_back(open_app: Callable[..., App]) -> None:
    app = open_app()
    host = beside(app)
    host.link.leave()
    assert "A996～A999" in alarms(app)["offline-alone"]["numbers"]
    manager = staff(app, "manager").ask("GET", "/api/state/manager").json
    assert any(
        "K1" in (a["text"] or {}).get("zh", "")
        for a in manager["values"]["alarms"]
        if a["kind"] == "offline-alone"
    )
    Beside(app, host.link.who).hello().borrow(**{f"b{b['id']}": b["next"] for b in host.lending["blocks"]})
    assert alarms(app) == {}


def test_a_disk_that_is_full_enters_nothing_and_nothing_is_lost(
    open_app: Callable[..., App], clock: Clock
) -> None:
    app = open_app()
    host = beside(app)
    alone = host.give(clock)
    with full_disk(app):
        assert host.hand(alone) == []
    assert host.hand(alone) == [alone["link"]]


NONSENSE: list[Any] = [
    None,
    7,
    {},
    {"held": 7},
    {"held": {"x": 1, "1": "2", "2": True, "-3": 4, "9" * 30: 1}},
    {"numbers": 7},
    {"numbers": [None, 7, {}, {"link": "x"}, {"link": "a" * 22, "block": 1, "seq": 1}]},
    {"numbers": [{"block": True, "seq": 1, "service": "S001", "at": "now", "link": "a" * 22}]},
]


def test_nonsense_does_nothing(open_app: Callable[..., App]) -> None:
    app = open_app()
    host = Host(app).hello()
    for message in NONSENSE:
        host.say("borrow", message)
        host.say("given", message)
    assert rows(app, t.ticket) == []
    nameless = Host(app)
    assert nameless.say("borrow", {"held": {}})["ok"] is False  # before its hello


def test_settings_are_checked(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config" / "demo", tmp_path / "hall")
    file = tmp_path / "hall" / "hall.toml"
    plain = file.read_text("utf-8").replace("[offline]\nenabled = false", "[offline]\nenabled = true")
    file.write_text(
        plain.replace("port = 8610", "port = 0").replace("numbers = 20", "numbers = 900"), "utf-8"
    )
    with pytest.raises(SettingsError) as wrong:
        read_hall(tmp_path / "hall", ROOT / "config")
    assert {trouble.key for trouble in wrong.value.troubles} == {"offline.port", "offline.numbers"}
    file.write_text(plain, "utf-8")
    assert read_hall(tmp_path / "hall", ROOT / "config").hall.offline.enabled
