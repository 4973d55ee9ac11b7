"""The hall's own look over HTTP, who has taken an alarm on, and the plan that everybody sees."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from server.app import App
from server.settings import SettingsError, read_hall
from tests.conftest import ROOT, Clock
from tests.domain.test_brand import jpeg, png
from tests.server.callers import Caller, staff


def publish(manager: Caller, base: int, n: int, **wish: str) -> Any:
    return manager.ask("POST", "/api/brand", {"request_id": f"brand-{n:04d}", "base": base, **wish})


def upload(who: Caller, data: bytes) -> Any:
    headers = {**who.headers, "Content-Type": "image/png"}
    return who.client.put("/api/brand/logo", data=data, headers=headers)


def test_a_manager_gives_the_hall_its_look_and_every_page_wears_it(app: App) -> None:
    manager, visitor = staff(app, "manager"), app.flask.test_client()
    before = manager.ask("GET", "/api/brand").json
    assert (before["version"], before["primary"], before["logo"]) == (0, "", "")
    assert visitor.get("/brand.css").text == ""
    assert visitor.get("/brand/logo").status_code == 404

    refused = publish(manager, 0, 1, primary="#ffd700")
    assert (refused.status_code, refused.json["refused"]) == (422, "brand-wrong")
    assert "#ffd700" in refused.json["text"]["zh"]
    shown = manager.ask("POST", "/api/brand/preview", {"primary": "#ffd700", "accent": "#ffd700"}).json
    (trouble,) = shown["troubles"]
    assert (trouble["field"], trouble["least"]) == ("primary", 4.5)
    assert trouble["ratio"] < 4.5
    assert shown["themes"]["light"]["primary"] == trouble["better"]

    worn = publish(
        manager, 0, 2, primary=trouble["better"], accent="#ffd700", slogan="为民办事", slogan_en="For you"
    )
    assert worn.json == {"version": 1}
    assert publish(manager, 0, 3, primary="#b11226").json["refused"] == "brand-stale"
    hall = visitor.get("/api/hall").json
    assert (hall["slogan"], hall["slogan_en"]) == ("为民办事", "For you")

    logo = upload(manager, png(200, 80))
    assert logo.json == {"version": 2}
    sheet = visitor.get("/brand.css?v=2")
    assert sheet.mimetype == "text/css"
    assert f"--primary:{trouble['better']};" in sheet.text
    assert 'url("/brand/logo?v=2")' in sheet.text
    assert "@media (prefers-color-scheme:dark){:root" in sheet.text, "a phone's page at night"
    assert "max-age" in sheet.headers["Cache-Control"]
    picture = visitor.get("/brand/logo?v=2")
    assert (picture.mimetype, picture.data) == ("image/png", png(200, 80))
    for page in ("/manager", "/touch/K1", "/hall/B1", "/window/W01", "/pad/W01", "/clerk", "/", "/book"):
        reply = visitor.get(page)
        assert "/brand.css?v=2" in reply.text, page
    assert upload(manager, b"<svg/>").json["refused"] == "logo-wrong"
    assert upload(manager, jpeg(300, 100)).json == {"version": 3}
    assert manager.ask("DELETE", "/api/brand/logo").json == {"version": 4}
    assert visitor.get("/brand/logo").status_code == 404
    assert manager.ask("GET", "/api/brand").json["slogan"] == "为民办事"

    def back(version: int, base: int, n: int) -> Any:
        body = {"request_id": f"brand-back-{n}", "version": version, "base": base}
        return manager.ask("POST", "/api/brand/rollback", body)

    versions = manager.ask("GET", "/api/brand").json["versions"]
    assert [(v["version"], v["logo"], v["slogan"]) for v in versions] == [
        (4, "", "为民办事"),
        (3, "/brand/logo?version=3", "为民办事"),
        (2, "/brand/logo?version=2", "为民办事"),
        (1, "", "为民办事"),
    ]
    assert visitor.get("/brand/logo?version=2").data == png(200, 80)
    assert visitor.get("/brand/logo?version=1").status_code == 404
    assert visitor.get("/brand/logo?version=99").status_code == 404
    assert back(2, 3, 1).json["refused"] == "brand-stale"
    assert back(9, 4, 2).status_code == 404
    assert back(2, 4, 3).json == {"version": 5}
    assert visitor.get("/brand/logo").data == png(200, 80), "with its logo"
    assert "/brand.css?v=5" in visitor.get("/clerk").text
    assert back(0, 5, 4).json == {"version": 6}
    assert visitor.get("/brand.css").text == "", "the files say nothing"
    assert manager.ask("GET", "/api/brand").json["primary"] == ""
    assert back(4, 6, 5).json == {"version": 7}
    leader = staff(app, "duty_leader")
    assert publish(leader, 4, 4).status_code == upload(leader, png(99, 99)).status_code == 403


def test_who_takes_an_alarm_on_is_seen_by_all_who_lead(app: App, clock: Clock) -> None:
    manager, leader = staff(app, "manager"), staff(app, "duty_leader")
    alarm = {"alarm": "wait:A:", "level": "red", "since": clock().astimezone(UTC).isoformat()}

    def answers() -> Any:
        return manager.ask("GET", "/api/state/manager").json["values"]["answers"]

    assert answers() == []
    assert leader.ask("POST", "/api/alarms/answer", {"request_id": "answer-0001", **alarm}).status_code == 200
    (one,) = answers()
    assert (one["alarm"], one["level"], one["since"]) == ("wait:A:", "red", alarm["since"])
    first = one["name"]
    clock.forward(minutes=10)
    assert (
        manager.ask("POST", "/api/alarms/answer", {"request_id": "answer-0002", **alarm}).status_code == 200
    )
    (one,) = answers()
    assert one["name"] != first
    clock.forward(hours=17)
    manager = staff(app, "manager")  # the session has ended over night
    other = {"alarm": "long:B:", "level": "yellow"}
    assert (
        manager.ask("POST", "/api/alarms/answer", {"request_id": "answer-0003", **other}).status_code == 200
    )
    assert [one["alarm"] for one in answers()] == ["long:B:"], "yesterday's are gone"
    clerk = staff(app, "clerk")
    assert clerk.ask("POST", "/api/alarms/answer", {"request_id": "answer-0004", **alarm}).status_code == 403


def test_the_plan_of_the_hall_is_public_and_whole(app: App) -> None:
    hall = app.flask.test_client().get("/api/hall").json
    placed = [s["id"] for floor in hall["plan"] for s in floor["spot"] if s["kind"] == "window"]
    assert sorted(placed) == sorted(w["id"] for w in hall["windows"])
    assert {w["floor"] for w in hall["windows"]} == {floor["id"] for floor in hall["plan"]} == {"1", "2"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "plan.toml",
            '[[floor]]\nid="1"\nwidth=9\nheight=9\nspot=[{kind="window",id="W99",x=1,y=1}]\n',
            "W99",
        ),
        ("brand.toml", 'primary = "#ffd700"\n', "4.5:1"),
        ("logo.png", "no picture", "PNG"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Any, name: str, text: str, said: str) -> None:
    folder = tmp_path / "hall"
    folder.mkdir()
    for path in (ROOT / "config/demo").iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=said) as no:
        read_hall(folder, ROOT / "config")
    assert name in str(no.value)
