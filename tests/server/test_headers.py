"""Every reply is dressed, every request is looked at first, and no page brings anything from outside."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.app import App
from server.domain.refusals import ALL
from server.web import assets
from server.web.headers import CSP, DEPTH_LIMIT, is_too_deep
from tests.server.callers import nobody

PAGES = [
    "/",
    "/?lang=en",
    "/setup",
    "/touch/K1",
    "/pad/W01",
    "/hall/B1",
    "/window/W01",
    "/clerk",
    "/manager",
    "/bench",
]
TOUCH = {
    "kiosk/touch/main.ts": {
        "file": "touch-1.js",
        "css": ["touch-1.css"],
        "imports": ["_face.js"],
        "isEntry": True,
    },
    "_face.js": {"file": "face-2.js", "css": ["face-2.css"], "imports": ["_vue.js"]},
    "_vue.js": {"file": "vue-3.js", "imports": ["_face.js"]},
}
TICKET = {"kiosk/ticket/ticket.css": {"file": "ticket-4.css", "isEntry": True}}


@pytest.fixture
def unbuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "DIST", tmp_path / "none")


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    dist = tmp_path / "dist"
    (dist / ".vite").mkdir(parents=True)
    (dist / ".vite" / "touch.json").write_text(json.dumps(TOUCH))
    (dist / ".vite" / "ticket.json").write_text(json.dumps(TICKET))
    (dist / "touch-1.js").write_text("export {}")
    (dist / "touch-1.js.gz").write_bytes(gzip.compress(b"export {}"))
    (dist / "touch-1.css").write_text("a {}")
    monkeypatch.setattr(assets, "DIST", dist)
    monkeypatch.setattr("server.web.pages.DIST", dist)
    return dist


@pytest.mark.parametrize(
    "path",
    [*PAGES, "/nothing", "/api/nothing", "/api/hall", "/api/session", "/healthz", "/parts/plain.css", "/t/x"],
)
def test_every_reply_is_dressed(app: App, path: str):
    headers = nobody(app).ask("GET", path).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Permissions-Policy" in headers
    assert headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in headers
    assert "Strict-Transport-Security" not in headers


def test_https_stays_https(app: App):
    reply = app.flask.test_client().get("/api/hall", base_url="https://hall.lan")
    assert "max-age" in reply.headers["Strict-Transport-Security"]


def test_the_policy_has_no_way_around():
    assert "unsafe" not in CSP
    assert "*" not in CSP
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in CSP


@pytest.mark.usefixtures("unbuilt")
@pytest.mark.parametrize("path", PAGES)
def test_pages_bring_nothing_inline_and_nothing_from_outside(app: App, path: str):
    page = nobody(app).ask("GET", path)
    assert page.status_code == 200
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:", page.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page.text)
    assert "{{" not in page.text
    assert not re.search(
        r"\b(start|setup)\.[a-z_]+\b", page.text.replace("setup.js", "").replace("start.js", "")
    )


@pytest.mark.usefixtures("unbuilt")
def test_where_nothing_is_built_the_page_says_how(app: App):
    page = nobody(app).ask("GET", "/touch/K1").text
    assert "npm run build" in page
    board = nobody(app).ask("GET", "/hall/B1").text
    assert "还没有叫号" in board
    assert 'http-equiv="refresh"' in board


@pytest.mark.usefixtures("built")
def test_a_shell_loads_what_vite_built(app: App):
    reply = nobody(app).ask("GET", "/touch/K1")
    assert '<html lang="zh-CN" data-face="touch" data-id="K1">' in reply.text
    assert '<div id="app"></div>' in reply.text
    assert re.findall(r'(?:src|href)="(/assets/[^"]+)"', reply.text) == [
        "/assets/touch-1.css",
        "/assets/face-2.css",
        "/assets/face-2.js",
        "/assets/vue-3.js",
        "/assets/touch-1.js",
    ]
    assert reply.headers["Cache-Control"] == "no-cache"
    assert assets.entry("kiosk/ticket/ticket.css") == "/assets/ticket-4.css"
    assert assets.entry("kiosk/ticket/enhance.ts") is None


@pytest.mark.usefixtures("built")
def test_built_files_are_kept_for_ever_and_nothing_else_is_served(app: App):
    reply = nobody(app).ask("GET", "/assets/touch-1.js")
    assert reply.status_code == 200
    assert "immutable" in reply.headers["Cache-Control"]
    assert reply.mimetype in ("text/javascript", "application/javascript")
    assert (reply.text, reply.headers.get("Content-Encoding")) == ("export {}", None)
    packed = nobody(app).ask("GET", "/assets/touch-1.js", Accept_Encoding="gzip, deflate")
    assert (packed.headers["Content-Encoding"], packed.mimetype) == ("gzip", reply.mimetype)
    assert gzip.decompress(packed.data) == b"export {}"
    assert packed.headers["ETag"] != reply.headers["ETag"]
    for one in (reply, packed):
        assert "immutable" in one.headers["Cache-Control"]
        assert "Accept-Encoding" in one.headers["Vary"]
    whole = nobody(app).ask("GET", "/assets/touch-1.css", Accept_Encoding="gzip")
    assert (whole.text, whole.mimetype) == ("a {}", "text/css")
    nowhere = ("nothing.js", "%00", "x" * 3000)
    for path in (".vite/touch.json", "../pages.py", "%2e%2e/pages.py", "..%2f..%2fpages.py", *nowhere):
        assert nobody(app).ask("GET", f"/assets/{path}").status_code == 404
        assert nobody(app).ask("GET", f"/assets/{path}", Accept_Encoding="gzip").status_code == 404


def test_words_come_packed_and_once(app: App):
    plain = nobody(app).ask("GET", "/api/text/zh.json")
    packed = nobody(app).ask("GET", "/api/text/zh.json", Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data)) == plain.json
    assert plain.json["clerk.act.call-next"] == "叫下一位"
    assert len(packed.data) < 50_000
    again = nobody(app).ask(
        "GET", "/api/text/zh.json", Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"]
    )
    assert (again.status_code, again.data) == (304, b"")
    for reply in (plain, packed, again):
        assert "Accept-Encoding" in reply.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/pad/W99", "/window/9", "/touch/a b", "/touch/<b>", "/hall/x%00y", "/hall/" + "x" * 41]
)
def test_there_is_no_face_at_a_place_that_is_none(app: App, path: str):
    reply = nobody(app).ask("GET", path)
    assert (reply.status_code, reply.json["refused"]) == (404, "not-found")


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/nothing", "/.env", "/admin", "/console", "/docs", "/metrics", "/.git/config"]
)
def test_unknown_addresses_say_so_in_one_shape(app: App, path: str):
    reply = nobody(app).ask("GET", path)
    assert reply.status_code == 404
    assert set(reply.json) == {"refused", "facts", "text"}


WRITES = ["/api/session", "/api/setup", "/api/enrol", "/api/tickets", "/api/enrolments"]


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_only_json_is_read(app: App, path: str, kind: str):
    reply = app.flask.test_client().post(path, data=b'{"a":1}', content_type=kind)
    assert (reply.status_code, reply.json["refused"]) == (415, "json-needed")


@pytest.mark.parametrize("path", WRITES)
def test_nothing_is_done_by_get(app: App, path: str):
    reply = nobody(app).ask("GET", path)
    assert reply.status_code in (401, 405)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"a":"' + b"x" * 70_000 + b'"}', 413),
        (b"[" * 5_000 + b"]" * 5_000, 422),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 422),
        (b"[" * 60_000, 422),
        (b"{", 400),
        (b"\xff\xfe\x00", 400),
        (b'{"a":' + b"9" * 6_000 + b"}", 400),
        (b'{"\\ud800":"\\ud800"}', 422),
        (b"null", 422),
        (b"NaN", 422),
        (b"", 400),
    ],
)
def test_bad_bodies_never_break_the_server(app: App, path: str, body: bytes, status: int):
    reply = app.flask.test_client().post(path, data=body, content_type="application/json")
    assert reply.status_code in (status, 401)
    assert "Traceback" not in reply.text


@pytest.mark.parametrize(
    ("body", "deep"),
    [
        (b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT, False),
        (b"[" * (DEPTH_LIMIT + 1), True),
        (b"[" + b"[]," * 100 + b"[]]", False),
        (b'{"a":"' + b"[{" * 100 + b'"}', False),
        (b'{"a":"\\"' + b"[{" * 100 + b'"}', False),
        (b'{"a":"\\\\",' + b'"b":[' * 100, True),
        (b"", False),
    ],
)
def test_depth_is_counted_outside_of_strings(body: bytes, deep: bool):
    assert is_too_deep(body) is deep


def test_every_refusal_has_its_sentence_in_both_languages(app: App):
    texts = app.house.texts
    for lang in ("zh", "en"):
        said = {k.removeprefix("refused.") for k in texts.flat(lang) if k.startswith("refused.")}
        assert said == {no.code for no in ALL}
    blanks = re.compile(r"\{(\w+)\}")
    zh, en = texts.flat("zh"), texts.flat("en")
    for key in (k for k in zh if k.split(".")[0] in ("refused", "setup", "start")):
        extra = {"name"} if key == "refused.service-by-staff" else set()
        assert set(blanks.findall(zh[key])) - extra == set(blanks.findall(en[key])), key
        assert (zh[key] == en[key]) is False, key
