"""Boards as data: which parts, windows and notices a board shows, what is played, and what is made public."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.app import App
from server.domain.boards import Board, BoardBook, Notice, board_troubles, is_medium
from server.domain.catalogue import Catalogue, Queue, Window
from server.settings import SettingsError, read_boards
from server.store.snapshots.figures import percentile
from tests.conftest import Clock
from tests.server.callers import Caller, device, nobody, staff
from tests.server.test_desk_more import do

NINE = datetime.fromisoformat("2026-03-02T09:00")
HALL = Catalogue(
    {"A": Queue("A", "综合", "General")},
    {"W01": Window("W01", "1", "一窗", "comprehensive", ("A",), zone="A区")},
    {},
    {},
    {},
)


def test_a_board_that_is_not_named_shows_what_the_rest_show():
    book = BoardBook((Board("*", calls=3), Board("B2", parts=("media",))))
    assert (book.of("B9").calls, book.of("B9").id) == (3, "B9")
    assert book.of("B2").parts == ("media",)
    assert BoardBook().of("B1").parts == ("calls", "windows", "queues")


@pytest.mark.parametrize(
    ("notice", "shown"),
    [
        (Notice("停电"), True),
        (Notice("停电", boards=("B2",)), False),
        (Notice("停电", since=NINE), True),
        (Notice("停电", until=NINE), False),
        (Notice("停电", since=NINE.replace(hour=10)), False),
    ],
)
def test_a_notice_is_shown_on_its_boards_in_its_time(notice: Notice, shown: bool):
    assert (notice in BoardBook((), (notice,)).notices("B1", NINE)) is shown


def test_an_urgent_notice_comes_first():
    plain, urgent = Notice("请保管好物品"), Notice("消防演练", urgent=True)
    assert BoardBook((), (plain, urgent)).notices("B1", NINE) == [urgent, plain]


def test_what_the_hall_has_not_is_told_by_key():
    book = BoardBook((Board("B1", areas=("Z区",)), Board("B1", queues=("Q",)), Board("B2", parts=())))
    assert [key for key, _, _ in board_troubles(book, HALL)] == [
        "board[0].areas",
        "board[1].id",
        "board[1].queues",
        "board[2].parts",
    ]


@pytest.mark.parametrize(
    "text",
    ['[[board]]\ncolour = "red"', '[[board]]\nparts = ["weather"]', "[[board]]\npage_s = 0", "nonsense"],
)
def test_a_wrong_file_is_refused_whole(tmp_path: Path, text: str):
    path = tmp_path / "boards.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"boards\.toml"):
        read_boards(path, HALL)


def test_a_hall_without_the_file_has_boards(tmp_path: Path):
    assert read_boards(tmp_path / "boards.toml", HALL) == BoardBook()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.png", True),
        ("B.MP4", True),
        (".a.png", False),
        ("a.html", False),
        ("png", False),
        ("a.exe", False),
    ],
)
def test_only_pictures_and_videos_are_media(name: str, shown: bool):
    assert is_medium(name) is shown


def test_media_come_from_the_data_folder_and_nothing_else_does(app: App):
    folder = app.house.settings.data / "media"
    (folder / "B1").mkdir(parents=True)
    (folder / "b.png").write_bytes(b"picture")
    (folder / "B1" / "a.mp4").write_bytes(b"0123456789")
    (folder / "secret.txt").write_text("no")
    who = nobody(app)
    board = who.ask("GET", "/api/boards/B1").json
    assert board["media"] == [
        {"src": "/media/B1/a.mp4", "video": True},
        {"src": "/media/b.png", "video": False},
    ]
    assert [m["src"] for m in who.ask("GET", "/api/boards/B9").json["media"]] == ["/media/b.png"]
    assert who.ask("GET", "/media/b.png").data == b"picture"
    part = who.ask("GET", "/media/B1/a.mp4", Range="bytes=2-4")
    assert (part.status_code, part.data) == (206, b"234")
    for path in (
        "secret.txt",
        "..%2Fhost.key",
        "B1/..%2F..%2Fhost.key",
        "../b.png",
        "a.mp4",
        "..%2F..%2Fx/b.png",
    ):
        assert who.ask("GET", f"/media/{path}").status_code == 404, path
    assert who.ask("GET", "/photos/..%2Fhost").status_code == 404


def taken(app: App, n: int) -> list[Caller]:
    do(staff(app, "manager"), "/api/day/open")
    kiosk, clerk = device(app, "kiosk"), staff(app, "clerk")
    do(clerk, "/api/windows/W01/open")
    for _ in range(n):
        do(kiosk, "/api/tickets", service="S001")
    return [clerk]


def test_the_board_knows_who_should_stay_near_and_the_desk_does_not(app: App):
    (clerk,) = taken(app, 6)

    def near() -> Any:
        return device(app, "board").ask("GET", "/api/state/hall").json["rows"]["next"]["A"]["numbers"]

    assert near() == ["A001", "A002", "A003", "A004"]
    do(clerk, "/api/windows/W01/call-next")
    assert near() == ["A002", "A003", "A004", "A005"]
    assert "A002" not in clerk.ask("GET", "/api/state/clerk?window=W01").text


def test_public_figures_are_sums_and_the_page_needs_no_script(app: App, clock: Clock):
    (clerk,) = taken(app, 2)
    clock.forward(minutes=12)
    do(clerk, "/api/windows/W01/call-next")
    clock.forward(seconds=30)
    do(clerk, "/api/windows/W01/start")
    clock.forward(minutes=5)
    do(clerk, "/api/windows/W01/finish")
    figures = nobody(app).ask("GET", "/api/figures").json
    assert figures["waits"] == {"mean": 12.0, "p50": 12.0, "p90": 12.0}
    assert (figures["served_s"], figures["over_30"], figures["windows_open"]) == (300, 0.0, 1)
    assert figures["ratings"] == {"given": 0, "satisfied": None}
    for lang, word in (("zh", "今日公开数据"), ("en", "Public figures of today")):
        page = nobody(app).ask("GET", f"/figures?lang={lang}")
        assert page.status_code == 200
        assert word in page.text
        assert "12" in page.text
        assert "<script" not in page.text
        assert not {p.name for p in app.house.hall.catalogue.people.values() if p.name in page.text}
    clock.forward(minutes=3)
    manager = staff(app, "manager")
    do(manager, "/api/day/close")
    do(manager, "/api/day/close", leave=True)
    last = nobody(app).ask("GET", "/api/figures").json
    assert (last["day"]["state"], last["day"]["taken"], last["day"]["expired"]) == ("closed", 2, 1)
    assert (last["waits"], last["served_s"]) == (figures["waits"], 300)
    closed = clock().astimezone(app.house.hall.zone)
    page = nobody(app).ask("GET", "/figures?lang=en").text
    assert f"As of {closed:%-d %b %Y %H:%M}" in page
    assert "12 min" in page
    clock.forward(hours=18)  # the next morning they are nobody's news
    morning = nobody(app).ask("GET", "/api/figures").json
    assert (morning["waits"]["mean"], morning["day"]["taken"], morning["day"]["done"]) == (None, 0, 0)
    assert "As of –" in nobody(app).ask("GET", "/figures?lang=en").text


@pytest.mark.parametrize(("p", "value"), [(50, 2.0), (90, 4.0), (1, 1.0), (100, 4.0)])
def test_percentiles_are_nearest_rank(p: int, value: float):
    assert percentile([1.0, 2.0, 3.0, 4.0], p) == value
    assert percentile([], p) is None
