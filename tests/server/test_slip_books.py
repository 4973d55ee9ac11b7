"""Templates of slips as data: all mistakes at once, the right one for whom it is for, tried out dot by
dot, published in versions, taken back, and written down."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from drivers.jobs import PrintSlip, job_from_dict
from drivers.line.clock import JumpClock
from drivers.line.serial_line import SerialLine, Settings
from drivers.preview import options_of
from drivers.printer.escpos import EscposPrinter
from drivers.spec import load_profiles
from drivers.virtual.bench import BENCH
from server import devices
from server.actions.device_host import host_arrived
from server.actions.print_slip import change_roll, follow_slip, print_notice
from server.actions.publish_slips import preview_parts
from server.app import App
from server.domain import refusals
from server.domain.actors import Actor
from server.domain.brand import Brand
from server.domain.papers import PAPERS
from server.domain.slips import (
    Known,
    Line,
    SlipBook,
    SlipTemplate,
    Wanted,
    check_book,
    check_template,
    compose,
)
from server.settings import HallSettings
from server.store import tables as t
from server.store.brands import add_brand
from server.store.rolls import rolls
from server.store.slips import find_slip, last_slip
from tests.conftest import ROOT, clerk
from tests.server.callers import Caller, staff
from tests.server.hall_day import URL, HallDay

HOST = Actor("device", "host-1", "host")
PRINTER = {
    "name": "printer-K1",
    "kind": "printer",
    "model": "slip_58mm",
    "line": "x",
    "window": None,
    "kiosk": "K1",
}
KNOWN = Known({"S001", "S101"}, {"A", "B"}, {"emblem"})
PROFILES = ROOT / "config" / "profiles"
FOLDERS = [ROOT / "config" / "slips"]
MANAGER = Actor("staff", "ZW024", "manager")


def ticket(*lines: Line, **more: Any) -> SlipTemplate:
    return SlipTemplate(lines or (Line(text="{number}"),), **more)


def say(key: str, lang: str = "zh") -> str:
    return key if lang == "zh" else f"{key} in {lang}"


# --- checking
def test_every_mistake_of_every_template_is_told_at_once():
    book = {
        "ticket": ticket(
            Line(text="{nummer}"),
            Line(text="{number.__class__}"),
            Line(text="{number:>99999}"),
            Line(),
            Line(size=9, text="x"),
            Line(image="cat"),
            Line(text="a", when="rain"),
            Line(text="{n}", each="materials"),
            Line(barcode="号"),
            Line(feed=99),
        ),
        "own": ticket(paper="notice", mm=57, services=("S9",), queues=("Z",)),
        "Bad Name": ticket(paper="poster"),
    }
    found = {trouble.key for trouble in check_book(book, KNOWN)}
    lines = {f"ticket.line.{n}" for n in range(10)}
    assert lines == {key.rsplit(".", 1)[0] for key in found if key.startswith("ticket.line")}
    assert {"own.mm", "own.services", "own.queues", "Bad Name.paper", "notice", "Bad Name"} <= found
    assert all(trouble.zh and trouble.en for trouble in check_book(book, KNOWN))


def test_the_halls_own_templates_are_right(hall: HallSettings):
    known = Known(hall.catalogue.services, hall.catalogue.queues, {"emblem"})
    assert check_book(hall.slips.templates, known) == []
    assert {template.paper for template in hall.slips.templates.values()} == set(PAPERS), (
        "every paper has a template"
    )


@pytest.mark.parametrize("name", [p.stem for p in (ROOT / "config" / "slips").glob("*.toml")])
@pytest.mark.parametrize("model", ["slip_58mm", "slip_80mm"])
def test_every_paper_comes_out_of_every_printer(hall: HallSettings, name: str, model: str):
    template = hall.slips.templates[name]
    parts = preview_parts(hall, template, {"emblem"}, "S001", ("wait", "reprint"), say, "")
    seen = devices.preview_slip(parts, model, 9600, PROFILES, [ROOT / "config" / "slips"])
    assert seen["rejects"] == 0
    assert seen["missing"] == ""
    assert 40 < seen["mm"] < 300
    assert seen["picture_seconds"] < 1, "the emblem costs less than a second at 9600 baud"


# --- choosing
def test_the_template_that_says_most_about_whom_it_is_for():
    book = SlipBook(
        {
            "all": ticket(title="all"),
            "narrow": ticket(title="narrow", mm=58),
            "queue": ticket(title="queue", queues=("A",)),
            "kiosk": ticket(title="kiosk", kiosks=("K2",)),
            "service": ticket(title="service", services=("S101",)),
            "notice": ticket(title="notice", paper="notice"),
        }
    )

    def title(**wanted: Any) -> str:
        return book.choose(Wanted(**wanted)).title

    assert title(service="S001", queue="B", kiosk="K1", mm=80) == "all"
    assert title(service="S001", queue="B", kiosk="K1", mm=58) == "narrow"
    assert title(service="S001", queue="A", kiosk="K1", mm=58) == "queue"
    assert title(service="S001", queue="A", kiosk="K2", mm=58) == "kiosk"
    assert title(service="S101", queue="A", kiosk="K2", mm=58) == "service"
    assert title(paper="notice", service="S101") == "notice"
    with pytest.raises(KeyError):
        SlipBook({}).choose(Wanted())


def test_lines_of_a_list_are_printed_row_by_row():
    lines = (
        Line(text="{n}. {name}", each="materials"),
        Line(text="  {form}", each="materials"),
        Line(text="end"),
    )
    rows = [{"n": 1, "name": "a", "form": "x"}, {"n": 2, "name": "b", "form": ""}]
    made = compose(SlipTemplate(lines, paper="receipt"), {"materials": rows})
    assert [part["text"] for part in made] == ["1. a", "  x", "2. b", "end"]


def test_narrow_paper_gets_its_own_ticket(day: HallDay):
    day.open()
    day.template = SlipBook(day.template.templates, devices.printer_models(PROFILES))
    wide = day.take().slip
    with day.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], set())
    narrow = day.take().slip
    assert wide is not None
    assert narrow is not None
    assert "微信扫码查看排队进度、评价" in [p.get("text") for p in wide.facts["parts"]]
    assert "扫码看排队进度、评价" in [p.get("text") for p in narrow.facts["parts"]]


# --- the preview is the paper
@pytest.mark.parametrize("model", ["slip_58mm", "slip_80mm"])
@pytest.mark.parametrize("name", ["ticket", "notice"])
def test_the_preview_is_the_paper_of_the_virtual_printer_dot_by_dot(
    hall: HallSettings, model: str, name: str
):
    """The same slip, once as the manager's picture, once printed by the driver over a paced virtual line."""
    parts = preview_parts(hall, hall.slips.templates[name], {"emblem"}, "S101", ("wait",), say, "为民办事")
    seen = devices.preview_slip(parts, model, 9600, PROFILES, FOLDERS)
    picture = Image.open(io.BytesIO(base64.b64decode(seen["png"]))).convert("1")
    paper, profile = printed(parts, model)
    assert picture.size == (profile.dots, len(paper.dots()))
    assert bytes(255 - byte for byte in picture.tobytes()) == b"".join(paper.dots())
    assert any(any(row) for row in paper.dots())


@pytest.mark.parametrize("model", ["slip_58mm", "slip_80mm"])
def test_C16_the_halls_slogan_is_the_last_line_of_the_slip(day: HallDay, model: str):
    """What a manager published, as the virtual printer decodes it, in the language of the number."""
    day.open()
    plain = day.take().slip
    with day.store.unit(MANAGER) as unit:
        add_brand(unit, Brand(slogan="清风政务 一次办好", slogan_en="Clean, and done at once"), None)
    chinese, english = day.take().slip, day.take(lang="en").slip
    assert plain is not None
    assert chinese is not None
    assert english is not None
    last = [printed(slip.facts["parts"], model)[0].words()[-1] for slip in (plain, chinese, english)]
    assert last[0].startswith("咨询电话")
    assert last[1:] == ["清风政务 一次办好", "Clean, and done at once"]


def printed(parts: Any, model: str) -> tuple[Any, Any]:
    """The paper of a virtual printer to which the driver printed `parts`, and the profile."""
    profile, baud = load_profiles(PROFILES, "escpos")[model]
    clock = JumpClock()
    try:
        far: Any = BENCH.attach(
            "virtual://p/1", "p1", "escpos", 1, options_of(profile), baud=baud, clock=clock
        )
        line = SerialLine("virtual://p/1", Settings(baud=baud), clock)
        line.open()
        job = devices.slip_job("slip-7", "K1", 1, parts, 60.0, FOLDERS)
        made = job_from_dict(json.loads(json.dumps(job)))
        assert isinstance(made, PrintSlip)
        assert EscposPrinter("p1", line, profile).perform(made).state == "confirmed"
    finally:
        BENCH.forget()
    (paper,) = far.slips
    return paper, profile


# --- publishing
@pytest.fixture
def manager(app: App) -> Caller:
    return staff(app, "manager")


def own(text: str) -> dict[str, Any]:
    return {"line": [{"text": "{number}", "size": 4}, {"text": text}], "title": "取号小票"}


def ask(caller: Caller, path: str, **body: Any) -> Any:
    return caller.ask("POST", path, {"request_id": f"r-{abs(hash(str(body)))}", **body})


def test_publish_print_and_roll_back(app: App, manager: Caller, clock: Any):
    day = HallDay(app.house.store, app.house.hall, app.house.slip, clock).open("W01")
    seen = manager.ask("GET", "/api/slips").get_json()
    assert seen["version"] == 0
    assert set(seen["papers"]) == set(PAPERS)
    assert ask(
        manager, "/api/slips", templates={"ticket": own("请带好证件")}, base=0, note="试行"
    ).get_json() == {"version": 1}

    def last_words() -> list[Any]:
        with app.house.store.unit(Actor("device", "kiosk-1", "kiosk", kiosk="K1")) as unit:
            from server.actions.take_number import take_number

            slip = take_number(unit, app.house.hall, app.house.slip, URL, "S001").slip
        assert slip is not None
        return [part.get("text") for part in slip.facts["parts"]]

    assert last_words()[1:] == ["请带好证件"]
    stale = ask(manager, "/api/slips", templates={"ticket": own("别的")}, base=0)
    assert (stale.status_code, stale.get_json()["refused"]) == (409, "slips-stale")
    same = ask(manager, "/api/slips", templates={"ticket": own("请带好证件")}, base=1)
    assert same.get_json()["refused"] == "slips-same"
    assert ask(manager, "/api/slips/rollback", version=0, base=1).get_json() == {"version": 2}
    assert "青禾县政务服务中心" in last_words()
    assert ask(manager, "/api/slips/rollback", version=1, base=2).get_json() == {"version": 3}
    assert last_words()[1:] == ["请带好证件"]
    assert ask(manager, "/api/slips/rollback", version=9, base=3).get_json()["refused"] == "slips-unknown"
    versions = manager.ask("GET", "/api/slips").get_json()["versions"]
    assert [(v["version"], v["rolled_back_to"]) for v in versions] == [(3, 1), (2, 0), (1, None)]
    assert versions[-1]["changes"] == [{"what": "ticket", "title": "取号小票", "kind": "changed"}]
    assert (versions[-1]["note"], bool(versions[-1]["person"])) == ("试行", True)
    with app.house.store.read() as connection:
        lines = [json.loads(x) for x in connection.execute(select(t.audit.c.line)).scalars()]
    assert [x["about"] for x in lines if x["act"] == "slips.publish"] == ["slips:1", "slips:2", "slips:3"]
    assert day.hall.slips_version == 0, "an older picture of the hall is left as it was"


def test_a_wrong_template_is_refused_with_every_mistake(manager: Caller):
    wrong = {"line": [{"text": "{nummer}"}, {"size": 3}]}
    for path, more in (
        ("/api/slips", {"templates": {"ticket": wrong}, "base": 0}),
        ("/api/slips/preview", {"template": wrong, "model": "slip_80mm", "service": "S001"}),
    ):
        reply = ask(manager, path, **more)
        assert reply.status_code == 422
        keys = {trouble["key"].removeprefix("ticket.") for trouble in reply.get_json()["facts"]["troubles"]}
        assert keys == {"line.0.text", "line.1.text"}
    assert manager.ask("GET", "/api/slips").get_json()["version"] == 0


def test_the_ticket_cannot_be_published_away(manager: Caller):
    narrow = {**own("x"), "mm": 58}
    reply = ask(manager, "/api/slips", templates={"ticket": narrow}, base=0)
    assert [x["key"] for x in reply.get_json()["facts"]["troubles"]] == ["ticket"]


def test_what_a_preview_tells(manager: Caller):
    wish = {"template": own("龘"), "model": "slip_58mm", "service": "S101", "baud": 9600}
    seen = ask(manager, "/api/slips/preview", **wish).get_json()
    assert seen["seconds"] == pytest.approx(10 * seen["bytes"] / 9600, abs=0.01)
    assert (seen["width"], seen["picture_seconds"]) == (384, 0)
    assert (
        ask(manager, "/api/slips/preview", **{**wish, "model": "none"}).get_json()["refused"]
        == "slips-unknown"
    )
    assert (
        ask(manager, "/api/slips/preview", **{**wish, "service": "S9"}).get_json()["refused"]
        == "service-unknown"
    )


@pytest.mark.parametrize(
    ("role", "sees"), [("clerk", False), ("guide", False), ("duty_leader", True), ("supervisor", True)]
)
def test_who_may(app: App, role: str, sees: bool):
    caller = staff(app, role)
    assert caller.ask("GET", "/api/slips").status_code == (200 if sees else 403)
    assert ask(caller, "/api/slips", templates={}, base=0).status_code == 403
    assert ask(caller, "/api/slips/pictures", name="a", png="").status_code == 403


# --- pictures
def png(width: int, height: int) -> str:
    out = io.BytesIO()
    Image.new("L", (width, height), 0).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def test_a_picture_is_uploaded_and_printed_and_its_cost_is_told(app: App, manager: Caller):
    assert ask(manager, "/api/slips/pictures", name="hall", png=png(64, 64)).get_json() == {"name": "hall"}
    assert manager.ask("GET", "/api/slips").get_json()["pictures"] == ["emblem", "hall"]
    wide = {"line": [{"image": "hall", "mm": 48}]}
    seen = ask(manager, "/api/slips/preview", template=wide, model="slip_80mm", service="S001").get_json()
    assert seen["picture_seconds"] > 1, "a large picture at 9600 baud: the face warns"
    assert seen["height"] > 48 * 8
    black = Image.open(io.BytesIO(base64.b64decode(seen["png"]))).convert("L")
    assert black.getpixel((288, 100)) == 0


@pytest.mark.parametrize("bad", ["@@", "", base64.b64encode(b"GIF89a").decode(), png(4, 4), png(2500, 10)])
def test_what_is_no_picture_is_refused(app: App, manager: Caller, bad: str):
    assert ask(manager, "/api/slips/pictures", name="x", png=bad).get_json()["refused"] == "picture-wrong"
    assert not list((app.house.settings.data / "slips").glob("*"))


def test_a_picture_that_was_lost_costs_no_ticket(tmp_path: Path):
    parts = [{"image": "gone", "mm": 10, "align": "left"}, {"text": "A001"}]
    assert devices.with_pictures(parts, [tmp_path]) == [{"text": "A001"}]


# --- the one-time notice
def test_a_one_time_notice(day: HallDay):
    day.open()
    taken = day.take("S001")
    with pytest.raises(refusals.NoPrinter), day.store.unit(clerk("ZW001")) as unit:
        print_notice(unit, day.hall, day.template, URL, taken.ticket.id, "", (), "", say)
    with day.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], set())
    with day.store.unit(clerk("ZW001")) as unit:
        slip = print_notice(unit, day.hall, day.template, URL, taken.ticket.id, "", (1, 2), "请加盖公章", say)
    names = [m.name for m in day.hall.catalogue.services["S001"].materials]
    texts = [str(part.get("text", "")) for part in slip.facts["parts"]]
    assert (slip.paper, slip.kiosk, slip.copy) == ("notice", "K1", 2)
    assert [x for x in texts if x.startswith(("1.", "2.", "3."))] == [f"1. {names[1]}", f"2. {names[2]}"]
    assert "说明：请加盖公章" in texts
    with day.store.read() as connection:
        first = last_slip(connection, taken.ticket.id)
    assert first is not None
    assert first.copy == 1, "a notice is no reprint of the ticket"
    with pytest.raises(refusals.MaterialUnknown), day.store.unit(clerk("ZW001")) as unit:
        print_notice(unit, day.hall, day.template, URL, taken.ticket.id, "", (99,), "", say)


def test_a_one_time_notice_for_an_english_number_says_both(day: HallDay):
    day.open()
    taken = day.take("S001", lang="en")
    with day.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], set())
    with day.store.unit(clerk("ZW001")) as unit:
        slip = print_notice(unit, day.hall, day.template, URL, taken.ticket.id, "", (2,), "", say)
    texts = [str(part.get("text", "")) for part in slip.facts["parts"]]
    paper = day.hall.catalogue.services["S001"].materials[2]
    at = texts.index(f"1. {paper.name}")
    assert texts[at + 1 : at + 3] == [
        f"   {paper.name_en}",
        "   touch.form.original in en  paper.required in en",
    ]
    assert "Then go to window 1, 2, 3, 4, without a new number" in texts
    other = day.take("S001").ticket.id
    with day.store.unit(clerk("ZW001")) as unit:
        slip = print_notice(unit, day.hall, day.template, URL, other, "", (), "", say)
    assert not [part for part in slip.facts["parts"] if "Then go" in str(part.get("text", ""))]


def test_a_notice_is_of_the_service_the_citizen_is_here_for_now(day: HallDay):
    """A further errand on the same number has its own list of materials."""
    day.open("W01")
    with day.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], set())
    ticket = day.take("S001", further=("S101",)).ticket.id
    day.call("W01")
    day.serve("W01")
    with day.store.unit(clerk("ZW001")) as unit:
        slip = print_notice(unit, day.hall, day.template, URL, ticket, "", (0,), "", say)
    item = day.hall.catalogue.services["S101"]
    texts = " ".join(str(part.get("text", "")) for part in slip.facts["parts"])
    assert item.name in texts
    assert item.materials[0].name in texts


def test_a_number_given_at_a_desk_asks_where_its_notice_comes_out(day: HallDay):
    day.open()
    with day.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], set())
    ticket = day.take("S001", actor=clerk("ZW025")).ticket.id
    with pytest.raises(refusals.PrinterNeeded) as no, day.store.unit(clerk("ZW001")) as unit:
        print_notice(unit, day.hall, day.template, URL, ticket, "", (), "", say)
    assert no.value.facts["kiosks"] == ["K1"]
    with day.store.unit(clerk("ZW001")) as unit:
        assert print_notice(unit, day.hall, day.template, URL, ticket, "K1", (), "", say).kiosk == "K1"


def test_a_clerk_sees_where_a_notice_can_come_out(app: App, clock: Any):
    clerk_w01 = staff(app, "clerk")
    HallDay(app.house.store, app.house.hall, app.house.slip, clock).open()
    with app.house.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], set())
    seen = clerk_w01.ask("GET", "/api/slips/printers").get_json()
    assert seen == {"printers": [{"kiosk": "K1", "state": "unknown", "reason": ""}]}


# --- the roll
def test_paper_is_counted_until_the_roll_is_changed(day: HallDay):
    day.open()
    with day.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], set())
    slips = [day.take().slip for _ in range(3)]
    for slip, words in zip(
        slips, (("sending", "printed"), ("sending", "unsure", "printed"), ("failed",)), strict=True
    ):
        assert slip is not None
        for word in words:
            with day.store.unit(HOST) as unit:
                follow_slip(unit, slip.id, word, "", 110)
    with day.store.read() as connection:
        now = rolls(connection, day.hall.id)["K1"]
        assert find_slip(connection, day.hall.id, slips[1].id).state == "printed"  # type: ignore[union-attr]
    assert (now.used_mm, now.slips) == (220, 2), "a slip is counted once; a failed one took no paper"
    with day.store.unit(clerk("ZW025")) as unit:
        change_roll(unit, "K1")
    with day.store.read() as connection:
        assert rolls(connection, day.hall.id)["K1"].used_mm == 0
    with pytest.raises(refusals.NoPrinter), day.store.unit(clerk("ZW025")) as unit:
        change_roll(unit, "K7")


def test_an_unknown_paper_is_a_mistake():
    (trouble,) = check_template(ticket(paper="poster"), KNOWN)
    assert trouble.key == "paper"
