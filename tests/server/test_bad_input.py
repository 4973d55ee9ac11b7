"""Bad input over HTTP, on both engines: every "no" has one shape, tells nothing of us, changes nothing."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server.app import App, create_app
from server.settings import HallSettings, Settings
from server.store import tables as t
from server.store.verify import check
from tests.conftest import ROOT, Clock, fresh_pg, fresh_sqlite
from tests.server.callers import Caller, device, nobody, staff
from tests.server.full_disk import full_disk

LEAK = re.compile(
    r"Traceback|File \"|\.py\b|site-packages|/work/|/tmp/|/home/|sqlite|psycopg|sqlalchemy|werkzeug"
    r"|SELECT |INSERT |UPDATE |pydantic|0x[0-9a-f]{6,}",
    re.IGNORECASE,
)
SCRIPT = "<script>alert(1)</script>"
_ids = itertools.count()


def new_id() -> str:
    return f"request-{next(_ids)}"


def do(who: Caller, path: str, **body: Any) -> Any:
    reply = who.ask("POST", path, {"request_id": new_id(), **body})
    assert reply.status_code in (200, 201), reply.json
    return reply.json


class Town:
    """An open hall with one clerk at window 1 and two numbers taken, the first of them served."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.manager, self.clerk = staff(app, "manager"), staff(app, "clerk")
        self.kiosk, self.pad, self.admin = device(app, "kiosk"), device(app, "pad"), staff(app, "admin")
        self.board, self.nobody = device(app, "board"), nobody(app)
        do(self.manager, "/api/day/open")
        do(self.clerk, "/api/windows/W01/open")
        self.ticket = do(self.kiosk, "/api/tickets", service="S001")["ticket"]
        self.second = do(self.kiosk, "/api/tickets", service="S001")["ticket"]
        self.leg = do(self.clerk, "/api/windows/W01/call-next")["desk"]["ticket"]["leg"]
        do(self.clerk, "/api/windows/W01/start")
        do(self.clerk, "/api/windows/W01/finish")

    def counts(self) -> dict[str, int]:
        """How many rows each table has; what a refusal may write (its answer, its audit line) left out."""
        tables = [x for x in t.metadata.sorted_tables if x.name not in ("answered", "audit")]
        with self.app.house.store.read() as connection:
            return {
                x.name: connection.execute(select(func.count()).select_from(x)).scalar_one() for x in tables
            }

    def rows(self) -> list[Any]:
        """Every row of what the hall is about."""
        kept = (t.day, t.series, t.ticket, t.leg, t.call, t.post, t.rating, t.slip)
        with self.app.house.store.read() as connection:
            return [
                [tuple(row) for row in connection.execute(select(x).order_by(*x.primary_key))] for x in kept
            ]


@pytest.fixture
def town(app: App) -> Town:
    return Town(app)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def standing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hall: HallSettings
) -> Iterator[Town]:
    """One hall for all that must not change it, once per engine."""
    folder = tmp_path_factory.mktemp("hall")
    postgres = request.param == "postgres"
    url = fresh_pg(request.getfixturevalue("pg_url")) if postgres else fresh_sqlite(folder)
    settings = Settings(folder, ROOT / "config" / "demo", ROOT / "config", url, hall, password_cost="test")
    app = create_app(settings, Clock())
    yield Town(app)
    assert check(app.house.store.engine, hall.id) == []
    app.house.store.engine.dispose()


@pytest.fixture
def unharmed(standing: Town) -> Iterator[Town]:
    """What the test does may change nothing."""
    counts, rows = standing.counts(), standing.rows()
    yield standing
    assert standing.counts() == counts
    assert standing.rows() == rows


def is_plain(reply: TestResponse) -> TestResponse:
    """One shape, two languages, no word about how we are made."""
    assert reply.status_code < 500 or reply.status_code == 503, reply.text
    assert set(reply.json) == {"refused", "facts", "text"}, reply.text
    assert set(reply.json["text"]) == {"zh", "en"}
    assert all(reply.json["text"].values())
    assert not reply.json["text"]["zh"].startswith("refused."), "nobody wrote this sentence"
    assert "{" not in reply.json["text"]["zh"] + reply.json["text"]["en"]
    assert LEAK.search(reply.text) is None, reply.text
    assert SCRIPT not in reply.text
    return reply


def no(reply: TestResponse, status: int, refused: str) -> TestResponse:
    is_plain(reply)
    assert (reply.status_code, reply.json["refused"]) == (status, refused), reply.text
    return reply


# --- the hall says no
@pytest.mark.parametrize(
    ("who", "path", "body", "status", "refused"),
    [
        ("kiosk", "/api/tickets", {"service": "S999"}, 404, "service-unknown"),
        ("kiosk", "/api/tickets", {"service": "X902"}, 409, "service-by-staff"),
        ("kiosk", "/api/tickets", {"service": "S001", "priority": "vip"}, 404, "priority-unknown"),
        ("kiosk", "/api/tickets/999/reprint", {}, 404, "ticket-unknown"),
        ("clerk", "/api/windows/W99/call-next", {}, 404, "window-unknown"),
        ("clerk", "/api/windows/W02/call-next", {}, 409, "window-closed"),
        ("clerk", "/api/windows/W01/recall", {}, 409, "window-idle"),
        ("clerk", "/api/windows/W01/start", {}, 409, "window-idle"),
        ("clerk", "/api/windows/W01/finish", {"outcome": "magic"}, 404, "outcome-unknown"),
        ("clerk", "/api/windows/W01/pause", {"reason": "bored"}, 404, "pause-reason-unknown"),
        ("clerk", "/api/windows/W01/unhold", {"leg": 999}, 404, "ticket-unknown"),
        ("clerk", "/api/windows/W01/return", {"leg": 1}, 409, "move-refused"),
        ("clerk", "/api/windows/W01/resume", {}, 409, "window-open"),
        ("clerk", "/api/windows/W01/open", {}, 409, "window-open"),
        ("clerk", "/api/windows/W02/open", {}, 409, "clerk-elsewhere"),
        ("clerk", "/api/windows/W01/transfer", {"queue": "Z"}, 409, "window-idle"),
        ("pad", "/api/ratings", {"leg": 999, "level": 5}, 409, "rating-not-asked"),
        ("pad", "/api/ratings", {"leg": 1, "level": 1}, 422, "reason-needed"),
        ("pad", "/api/ratings", {"leg": 1, "level": 5, "reasons": ["108"]}, 422, "reason-foreign"),
        ("manager", "/api/day/open", {}, 409, "day-open-already"),
        ("clerk", "/api/day/open", {}, 403, "act-forbidden"),
        ("kiosk", "/api/windows/W01/call-next", {}, 403, "act-forbidden"),
        ("clerk", "/api/ratings", {"leg": 1, "level": 5}, 403, "act-forbidden"),
        ("nobody", "/api/tickets", {"service": "S001"}, 401, "session-needed"),
    ],
)
def test_the_hall_says_no(
    unharmed: Town, who: str, path: str, body: dict[str, Any], status: int, refused: str
):
    no(getattr(unharmed, who).ask("POST", path, {"request_id": new_id(), **body}), status, refused)


def test_a_closed_day_gives_no_number(town: Town):
    for expected in ("day-closing", "day-closed"):
        do(town.manager, "/api/day/close", leave=True)
        before = town.rows()
        no(town.kiosk.ask("POST", "/api/tickets", {"request_id": new_id(), "service": "S001"}), 409, expected)
        assert town.rows() == before


def test_a_paused_window_does_not_call(town: Town):
    do(town.clerk, "/api/windows/W01/pause", reason="meal")
    before = town.rows()
    no(town.clerk.ask("POST", "/api/windows/W01/call-next", {"request_id": new_id()}), 409, "window-paused")
    assert town.rows() == before


@pytest.mark.parametrize("key", ["x" * 43, "", "Bearer", "é" * 30, SCRIPT * 3, "x" * 5000])
def test_a_wrong_key(unharmed: Town, key: str):
    body = {"request_id": new_id(), "service": "S001"}
    no(
        unharmed.nobody.ask("POST", "/api/tickets", body, Authorization=f"Bearer {key}"),
        401,
        "device-unknown",
    )


def test_a_revoked_key(town: Town):
    assert town.admin.ask("DELETE", f"/api/devices/{town.kiosk.id}").status_code == 200
    before = town.rows()
    no(
        town.kiosk.ask("POST", "/api/tickets", {"request_id": new_id(), "service": "S001"}),
        401,
        "device-unknown",
    )
    assert town.rows() == before


# --- pressing twice
def test_the_same_request_gets_the_same_answer(town: Town):
    body = {"request_id": new_id(), "service": "S001"}
    first = town.kiosk.ask("POST", "/api/tickets", body)
    before = town.rows()
    for _ in range(3):
        again = town.kiosk.ask("POST", "/api/tickets", body)
        assert (again.status_code, again.json) == (201, first.json)
    assert town.rows() == before


def test_the_same_request_id_with_another_body_is_a_conflict(unharmed: Town):
    first = {"request_id": new_id(), "service": "S999"}
    no(unharmed.kiosk.ask("POST", "/api/tickets", first), 404, "service-unknown")
    no(unharmed.kiosk.ask("POST", "/api/tickets", {**first, "service": "S001"}), 422, "request-id-conflict")
    again = {"request_id": first["request_id"]}
    no(unharmed.kiosk.ask("POST", "/api/tickets/1/reprint", again), 422, "request-id-conflict")
    no(unharmed.kiosk.ask("POST", "/api/tickets", first), 404, "service-unknown")


def test_two_callers_may_use_the_same_request_id(town: Town, app: App):
    other = device(app, "kiosk", kiosk="K2")
    body = {"request_id": new_id(), "service": "S001"}
    numbers = {who.ask("POST", "/api/tickets", body).json["ticket"]["number"] for who in (town.kiosk, other)}
    assert len(numbers) == 2


# --- fields
TAKE, RATE, LEG = "/api/tickets", "/api/ratings", "/api/windows/W01/unhold"
HUGE = [0, 2**63, 2**64, 10**30, -1, -(2**63) - 1]


@pytest.mark.parametrize(
    ("who", "path", "body"),
    [
        ("kiosk", TAKE, {}),
        ("kiosk", TAKE, {"service": None}),
        ("kiosk", TAKE, {"service": ""}),
        ("kiosk", TAKE, {"service": 7}),
        ("kiosk", TAKE, {"service": ["S001"]}),
        ("kiosk", TAKE, {"service": "S001\n"}),
        ("kiosk", TAKE, {"service": "S001\x00"}),
        ("kiosk", TAKE, {"service": SCRIPT}),
        ("kiosk", TAKE, {"service": "' OR 1=1 --"}),
        ("kiosk", TAKE, {"service": "S" * 41}),
        ("kiosk", TAKE, {"service": "\ud800"}),
        ("kiosk", TAKE, {"service": "S001", "lang": "fr"}),
        ("kiosk", TAKE, {"service": "S001", "number": "A999"}),
        ("kiosk", TAKE, {"service": "S001", SCRIPT: 1}),
        ("kiosk", TAKE, {"service": "S001", "kiosk": "K2"}),
        ("kiosk", TAKE, {"service": "S001", "request_id": "short"}),
        ("kiosk", TAKE, {"service": "S001", "request_id": "x" * 65}),
        ("kiosk", TAKE, {"service": "S001", "request_id": "with space"}),
        ("kiosk", TAKE, {"service": "S001", "request_id": "newline1\n"}),
        ("kiosk", TAKE, {"service": "S001", "request_id": None}),
        ("kiosk", TAKE, {"service": "S001", "request_id": 12345678}),
        ("pad", RATE, {"leg": 1, "level": 0}),
        ("pad", RATE, {"leg": 1, "level": 6}),
        ("pad", RATE, {"leg": 1, "level": "five"}),
        ("pad", RATE, {"leg": 1, "level": True}),
        ("pad", RATE, {"leg": 1, "level": 4.5}),
        ("pad", RATE, {"leg": True, "level": 5}),
        ("pad", RATE, {"leg": [1], "level": 5}),
        ("pad", RATE, {"leg": 1, "level": 5, "reasons": "108"}),
        ("pad", RATE, {"leg": 1, "level": 5, "reasons": ["1"] * 9}),
        ("pad", RATE, {"leg": 1, "level": 5, "reasons": [SCRIPT]}),
        ("pad", RATE, {"leg": 1, "level": 5, "text": "x" * 201}),
        ("pad", RATE, {"leg": 1, "level": 5, "text": "bell\x07"}),
        ("pad", RATE, {"leg": 1, "level": 5, "text": "\x1b[2J"}),
        ("pad", RATE, {"leg": 1, "level": 5, "text": "\x00"}),
        ("pad", RATE, {"leg": 1, "level": 5, "text": "\x9b"}),
        ("pad", RATE, {"leg": 1, "level": 5, "text": "\ud83d"}),
        ("pad", RATE, {"leg": 1, "level": 5, "text": {"$gt": ""}}),
        ("clerk", "/api/windows/W01/transfer", {"queue": "B", "note": "a\x1bb"}),
        ("clerk", "/api/windows/W01/transfer", {"queue": "B", "note": "n" * 201}),
        ("clerk", "/api/windows/W01/transfer", {"queue": "B", "note": "a\r\nb"}),
        ("clerk", "/api/windows/W01/open", {"take_over": "maybe"}),
        *(("pad", RATE, {"leg": n, "level": 5}) for n in HUGE),
        *(("clerk", LEG, {"leg": n}) for n in HUGE),
    ],
)
def test_a_field_that_cannot_be(unharmed: Town, who: str, path: str, body: dict[str, Any]):
    no(getattr(unharmed, who).ask("POST", path, {"request_id": new_id(), **body}), 422, "input-invalid")


def test_each_wrong_field_is_named(unharmed: Town):
    reply = no(unharmed.kiosk.ask("POST", TAKE, {"lang": "fr", "extra": 1}), 422, "input-invalid")
    fields = {f["field"]: f for f in reply.json["facts"]["fields"]}
    assert set(fields) == {"service", "lang", "extra", "request_id"}
    assert all(f["zh"] and f["en"] for f in fields.values())


# --- bodies and methods
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"7",
        b"\xff\xfe",
        b'{"service": "\xff"}',
        b'{"service": NaN}',
        b'{"service": 1e999}',
        b'{"leg": ' + b"9" * 5000 + b"}",
        b"[" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 30_000 + b"]" * 30_000,
        b'{"request_id": "request-x", "service": ' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)
def test_a_body_that_is_no_object(unharmed: Town, body: bytes):
    headers = {**unharmed.kiosk.headers, "Content-Type": "application/json"}
    reply = unharmed.kiosk.client.post(TAKE, data=body, headers=headers)
    is_plain(reply)
    assert reply.status_code in (400, 422)
    assert reply.json["refused"] == "input-invalid"


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"],
)
def test_a_body_that_is_not_json(unharmed: Town, kind: str):
    body = json.dumps({"request_id": new_id(), "service": "S001"})
    headers = {**unharmed.kiosk.headers, "Content-Type": kind}
    no(unharmed.kiosk.client.post(TAKE, data=body, headers=headers), 415, "json-needed")


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1_000_000])
def test_a_huge_body(unharmed: Town, size: int):
    body = {"request_id": new_id(), "service": "S001", "note": "x" * size}
    no(unharmed.kiosk.ask("POST", TAKE, body), 413, "body-too-large")


WRITES = [TAKE, RATE, LEG, "/api/day/open", "/api/enrol", "/api/setup", "/api/tickets/1/reprint"]


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_write_by_another_method(unharmed: Town, path: str, method: str):
    no(unharmed.manager.ask(method, path), 405, "method-wrong")
    assert unharmed.manager.ask("HEAD", path).status_code == 405


# --- addresses
@pytest.mark.parametrize("path", ["/t/{}", "/api/my/{}"])
def test_a_guessed_link_is_unknown_and_says_no_more(unharmed: Town, path: str):
    link = unharmed.ticket["link"]
    guesses = [
        *("A", "1", link[:-1], link + "A", link[:-1] + ("A" if link[-1] != "A" else "B")),
        *(link.swapcase(), "..%2f..%2fetc%2fpasswd", "%00", f"{link}%00", SCRIPT, "x" * 4000, "%ff%fe"),
    ]
    bodies = set()
    for guess in guesses:
        reply = unharmed.nobody.ask("GET", path.format(guess))
        if reply.mimetype == "text/html":  # a page for people, with a way on
            assert LEAK.search(reply.text) is None
            assert SCRIPT not in reply.text
        else:
            is_plain(reply)
        assert reply.status_code == 404
        if "%" not in guess and "/" not in guess:
            bodies.add(reply.text)
    assert len(bodies) == 1


@pytest.mark.parametrize("act", ["cancel", "rate"])
def test_a_guessed_link_may_do_nothing(unharmed: Town, act: str):
    more = {"leg": unharmed.leg, "level": 5} if act == "rate" else {}
    body = {"request_id": new_id(), **more}
    for guess in ("x" * 22, unharmed.ticket["link"][:-1]):
        no(unharmed.nobody.ask("POST", f"/api/my/{guess}/{act}", body), 404, "ticket-unknown")


def test_a_link_rates_its_own_visit_only(unharmed: Town):
    body = {"request_id": new_id(), "leg": unharmed.leg, "level": 5}
    no(unharmed.nobody.ask("POST", f"/api/my/{unharmed.second['link']}/rate", body), 409, "rating-not-asked")
    no(
        unharmed.nobody.ask("POST", f"/api/my/{unharmed.ticket['link']}/cancel", {"request_id": new_id()}),
        409,
        "move-refused",
    )


@pytest.mark.parametrize("n", [0, 999, 2**31, 2**63 - 1, 2**63, 2**64, 10**40])
def test_ids_that_nothing_has(unharmed: Town, n: int):
    is_plain(unharmed.kiosk.ask("GET", f"/api/tickets/{n}/slip"))
    is_plain(unharmed.kiosk.ask("POST", f"/api/tickets/{n}/reprint", {"request_id": new_id()}))
    reply = is_plain(unharmed.board.ask("GET", f"/api/voice/{n}.wav"))
    assert reply.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/devices/{}"),
        ("POST", "/api/staff/{}/password-reset"),
        ("GET", "/api/text/{}.json"),
        ("GET", "/api/state/{}"),
        ("GET", "/assets/{}"),
        ("GET", "/api/{}"),
        ("GET", "/{}"),
        ("GET", "/touch/{}"),
    ],
)
@pytest.mark.parametrize(
    "word",
    ["nothing%00", "%00", "..%2f..%2fpyproject.toml", "%3Cscript%3Ealert(1)%3C/script%3E", "%ff", "x" * 3000],
)
def test_addresses_that_lead_nowhere(unharmed: Town, method: str, path: str, word: str):
    body = {} if method == "POST" else None
    reply = unharmed.admin.ask(method, path.format(word), body)
    is_plain(reply)
    assert reply.status_code in (404, 405)


@pytest.mark.parametrize("window", ["W99", "%00", "", "W01' OR 1=1", "x" * 3000])
def test_a_desk_of_no_window(unharmed: Town, window: str):
    reply = unharmed.clerk.ask("GET", f"/api/state/clerk?window={window}")
    is_plain(reply)
    assert reply.status_code == 404


# --- words of people
def test_a_note_is_shown_as_text_and_never_to_citizens(town: Town):
    do(town.clerk, "/api/windows/W01/call-next")
    do(town.clerk, "/api/windows/W01/transfer", queue="B", note=f"{SCRIPT} & 'quotes'")
    page = town.nobody.ask("GET", f"/t/{town.second['link']}")
    mine = town.nobody.ask("GET", f"/api/my/{town.second['link']}")
    assert "alert(1)" not in page.text + mine.text
    with town.app.house.store.read() as connection:
        notes = connection.execute(select(t.leg.c.note).where(t.leg.c.note != "")).scalars().all()
    assert notes == [f"{SCRIPT} & 'quotes'"]


def test_the_words_of_a_rating_are_kept_as_text_and_shown_to_nobody_else(town: Town):
    words = f"{SCRIPT}\n第二行\t& more"
    do(town.pad, "/api/ratings", leg=town.leg, level=1, text=words)
    with town.app.house.store.read() as connection:
        assert connection.execute(select(t.rating.c.text)).scalar_one() == words
    link = town.ticket["link"]
    shown = [town.nobody.ask("GET", f"/t/{link}"), town.nobody.ask("GET", f"/api/my/{link}")]
    shown += [
        town.manager.ask("GET", "/api/state/manager"),
        town.clerk.ask("GET", "/api/state/clerk?window=W01"),
    ]
    for reply in shown:
        assert reply.status_code == 200
        assert "alert(1)" not in reply.text


def test_json_answers_cannot_become_a_page(town: Town):
    for path in ("/api/hall", "/api/services", f"/api/my/{town.ticket['link']}", "/api/nothing"):
        reply = town.nobody.ask("GET", path)
        assert reply.mimetype == "application/json"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


# --- a full disk
def test_a_full_disk_is_said_and_healed(make_settings: Callable[..., Settings], clock: Clock):
    """A real SQLITE_FULL: 503, nothing half-written, and the same request succeeds afterwards."""
    app = create_app(make_settings(), clock)
    town = Town(app)
    before, body = town.rows(), {"request_id": new_id(), "service": "S001"}
    with full_disk(app):
        for _ in range(2):
            no(town.kiosk.ask("POST", TAKE, body), 503, "storage-failed")
        no(
            town.clerk.ask("POST", "/api/windows/W01/call-next", {"request_id": new_id()}),
            503,
            "storage-failed",
        )
        no(
            town.pad.ask("POST", RATE, {"request_id": new_id(), "leg": town.leg, "level": 5}),
            503,
            "storage-failed",
        )
        no(
            town.nobody.ask("POST", "/api/session", {"staff": "ZW001", "password": "x"}),
            503,
            "storage-failed",
        )
        assert town.rows() == before
        assert town.kiosk.ask("GET", "/api/state/kiosk").status_code == 200, "reading goes on"
        assert town.nobody.ask("GET", f"/t/{town.ticket['link']}").status_code == 200
    assert check(app.house.store.engine, app.house.hall.id) == []
    assert town.rows() == before
    good = town.kiosk.ask("POST", TAKE, body)
    assert (good.status_code, good.json["ticket"]["number"]) == (201, "A003")
    assert town.kiosk.ask("POST", TAKE, body).json == good.json
    assert check(app.house.store.engine, app.house.hall.id) == []
    app.house.store.engine.dispose()
