"""The door on the kiosk's own machine: HTTP on 127.0.0.1 for the page of the kiosk, and for nobody else.

    GET  /touch/<kiosk>                        the way in for the kiosk's browser, see below
    GET  /<kiosk>                              what can be given now; is the server there again
    POST /<kiosk>/numbers {request_id, service, lang, priority?, further?}   201 a number, 409 {refused,
                                               facts}
    GET  /<kiosk>/numbers/<link>               how its paper stands
    POST /<kiosk>/numbers/<link>/reprint       201 one more paper

A page that came from the server crosses origins: only those the server named are let in, and each request
shows the kiosk's key, which no other page can read. The Host must be ours too, so that a name which somebody
points at this machine is no way in. A page on https may ask here: browsers trust the loopback address.

The way in leads to the server while that answers, and otherwise to the page that is kept (kept.py), which
then is of this origin and speaks to nobody else. It carries the kiosk's key, so it is given to a browser's
address line alone: no frame, no script, no fetch of another page can have it."""

from __future__ import annotations

import hmac
import html
import json
import logging
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from drivers.offline.book import ORDINARY, NotGiven
from drivers.offline.desk import OfflineDesk
from drivers.offline.kept import Kept

log = logging.getLogger(__name__)
LOOPBACK: Final = "127.0.0.1"
OUR_NAMES: Final = (LOOPBACK, "localhost")
BODY: Final = 4096
PATIENCE_S: Final = 5.0
PATH: Final = re.compile(
    r"/(?P<kiosk>[^/]{1,40})(?P<numbers>/numbers(?:/(?P<link>[A-Za-z0-9_-]{22})(?P<again>/reprint)?)?)?"
)
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
WAY_IN: Final = re.compile(r"/touch/(?P<kiosk>[^/]{1,40})/?")
TYPES: Final = {
    "js": "text/javascript",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
    "wav": "audio/wav",
}
PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
WAITING: Final = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta http-equiv="refresh" content="3"><title>Wucha</title>
<p>正在连接大厅服务器…  <span lang="en">Connecting…</span></p></html>"""
WISH: Final = ("request_id", "service", "lang", "priority")
MOST_FURTHER: Final = 4  # as the server takes them
MISSING: Final = ("ticket-unknown", "service-unknown")


class Door:
    """Open as long as the desk has something lent."""

    def __init__(self, desk: OfflineDesk, page: Kept) -> None:
        self._desk, self._page = desk, page
        self._web: ThreadingHTTPServer | None = None
        self._port = 0
        self._refused = 0  # the port that could not be had

    def follow(self) -> None:
        """Stand where the lending says, or nowhere."""
        lending = self._desk.lending
        port = int(lending["port"]) if lending else 0
        if port == self._port:
            return
        self.close()
        if not port:
            return
        try:
            web = _Web((LOOPBACK, port), _Request)
        except OSError as error:
            if self._refused != port:
                log.error("no door for the kiosk's page, port %d: %s", port, error)
            self._refused = port
            return
        web.desk, web.page = self._desk, self._page
        self._web, self._port, self._refused = web, port, 0
        threading.Thread(target=web.serve_forever, args=(0.2,), name="offline door", daemon=True).start()
        log.info("numbers can be given offline at http://%s:%d", LOOPBACK, port)

    def close(self) -> None:
        if self._web is not None:
            self._web.shutdown()
            self._web.server_close()
        self._web, self._port = None, 0


class _Web(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    desk: OfflineDesk
    page: Kept


class _Request(BaseHTTPRequestHandler):
    server: _Web
    server_version, sys_version = "wucha", ""
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_S

    def log_message(self, *_: object) -> None:
        """Links and keys stand in no log."""

    def do_OPTIONS(self) -> None:
        origin = self._origin()
        if origin is None:
            return self._say(403, {"refused": "origin-foreign"})
        more = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Allow-Private-Network": "true",
            "Access-Control-Max-Age": "600",
        }
        self._say(204, None, more)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if (way_in := WAY_IN.fullmatch(path)) is not None:
            return self._let_in(way_in["kiosk"])
        if (file := self._kept(path)) is not None:
            return self._give(200, file, _type_of(path, file))
        found = self._enter()
        if found is None:
            return
        kiosk, link = found["kiosk"], found["link"]
        if found["again"] or (found["numbers"] and not link):
            return self._say(405, {"refused": "method-wrong"})
        self._answer(
            200,
            lambda: {"slip": self.server.desk.slip(kiosk, link)} if link else self._status(kiosk),
        )

    def _status(self, kiosk: str) -> dict[str, Any]:
        """server: the page that is kept may go home."""
        return {**self.server.desk.status(kiosk), "server": self.server.page.answers()}

    def _let_in(self, kiosk: str) -> None:
        """To the server, to the page that is kept, or to a page that tries again."""
        page = self.server.page
        if not self._is_ours() or self.headers.get("Sec-Fetch-Dest", "document") != "document":
            return self._say(403, {"refused": "origin-foreign"})
        if page.answers():
            self.send_response(302)
            back = f"door={self.server.server_port}"  # where the page finds us, should the server leave it
            self.send_header("Location", f"{page.server}/touch/{quote(kiosk, safe='')}?{back}")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        key, shell = self._key_of(kiosk), page.shell
        if not key or shell is None:
            return self._give(200, WAITING.encode(), "text/html; charset=utf-8")
        filled = shell.replace("{kiosk}", html.escape(kiosk)).replace("{key}", html.escape(key))
        self._give(200, filled.encode(), "text/html; charset=utf-8")

    def _kept(self, path: str) -> bytes | None:
        """A file of the page; nobody's secret, but for this machine's own address alone."""
        return self.server.page.file(path) if self._is_ours() else None

    def do_POST(self) -> None:
        body = self._body()  # whoever asks: what stays unread would stand there as the next request
        if self.path.startswith("/api/"):  # the kept page asks for something that only the server can do
            return self._say(503, {"refused": "offline"})
        found = self._enter()
        if found is None:
            return
        kiosk, link, desk = found["kiosk"], found["link"], self.server.desk
        if body is None or not found["numbers"]:
            return self._say(422, {"refused": "input-invalid"})
        if found["again"]:
            return self._answer(201, lambda: {"slip": desk.reprint(kiosk, link)})
        said = {"priority": ORDINARY} | {key: body[key] for key in WISH if body.get(key) is not None}
        words = {key: value for key, value in said.items() if isinstance(value, str)}
        further = body.get("further") or []
        if (
            link
            or len(words) < len(WISH)
            or not REQUEST_ID.fullmatch(words["request_id"])
            or words["lang"] not in ("zh", "en")
            or not isinstance(further, list)
            or len(further) > MOST_FURTHER
            or not all(isinstance(one, str) for one in further)
        ):
            return self._say(422, {"refused": "input-invalid"})
        self._answer(201, lambda: desk.give(kiosk, *(words[key] for key in WISH), further))

    def _enter(self) -> Mapping[str, str] | None:
        """Who asks, and for what; None when it was refused already."""
        found = PATH.fullmatch(urlsplit(self.path).path)
        kiosk = unquote(found["kiosk"]) if found else ""
        key = self._key_of(kiosk)
        shown = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._origin() is None:
            self._say(403, {"refused": "origin-foreign"})
        elif not key or not hmac.compare_digest(shown.encode(), key.encode()):
            self._say(401, {"refused": "device-unknown"})
        else:
            assert found is not None
            return {"kiosk": kiosk, **{k: found[k] or "" for k in ("numbers", "link", "again")}}
        return None

    def _key_of(self, kiosk: str) -> str:
        lending = self.server.desk.lending or {}
        return str(lending.get("keys", {}).get(kiosk, ""))

    def _is_ours(self) -> bool:
        """Is this machine asked by its number, and not by a name that somebody points at it?"""
        return self.headers.get("Host") in (_here(self.server.server_port, name) for name in OUR_NAMES)

    def _origin(self) -> str | None:
        """The origin that asks, when it is one of the hall's pages or the page that is kept here; a browser
        does not name it when a page asks its own."""
        lending = self.server.desk.lending or {}
        own = {_origin_of(url) for url in (*lending.get("origins", ()), self.server.page.server)}
        mine = f"http://{self.headers.get('Host')}"
        same = self.command == "GET" and self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        origin = self.headers.get("Origin") or (mine if same else "")
        return origin if self._is_ours() and origin in {*own, mine} else None

    def _body(self) -> dict[str, Any] | None:
        length = self.headers.get("Content-Length", "")
        if (
            self.headers.get_content_type() != "application/json"
            or not length.isdecimal()
            or int(length) > BODY
        ):
            self.close_connection = True  # what follows is not read
            return None
        try:
            body = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    def _answer(self, good: int, deed: Any) -> None:
        try:
            self._say(good, deed())
        except NotGiven as no:
            self._say(404 if no.code in MISSING else 409, {"refused": no.code, "facts": no.facts})

    def _say(self, status: int, body: Mapping[str, Any] | None, more: Mapping[str, str] = {}) -> None:
        data = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "Vary": "Origin", **more}
        headers["X-Content-Type-Options"] = "nosniff"
        if (origin := self._origin()) is not None:
            headers["Access-Control-Allow-Origin"] = origin
        for name, value in headers.items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _give(self, status: int, data: bytes, kind: str) -> None:
        """A file for our own page; CORP keeps every other one from loading it."""
        self.send_response(status)
        headers = {"Content-Type": kind, "Cache-Control": "no-store", "Content-Length": str(len(data))}
        headers |= {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
        for name, value in (headers | PAGE_HEADERS).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _here(port: int, name: str) -> str:
    return f"{name}:{port}"


def _type_of(path: str, data: bytes) -> str:
    """By its name; the logo has none, and is a PNG or a JPEG. The hall's facts and services are JSON."""
    if path == "/brand/logo":
        return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    return TYPES.get(path.rpartition(".")[2], "application/json")


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
