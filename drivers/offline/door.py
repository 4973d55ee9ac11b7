"""The door on the kiosk's own machine: HTTP on 127.0.0.1 for the page of the kiosk, and for nobody else.

    GET  /<kiosk>                              what can be given now
    POST /<kiosk>/numbers {request_id, service, lang}   201 a number, 409 {refused, facts}
    GET  /<kiosk>/numbers/<link>               how its paper stands
    POST /<kiosk>/numbers/<link>/reprint       201 one more paper

The page comes from the server, so every request crosses origins: only those the server named are let in,
and each shows the kiosk's key, which no other page can read. The Host must be ours too, so that a name
which somebody points at this machine is no way in. A page on https may ask here: browsers trust the
loopback address."""

from __future__ import annotations

import hmac
import json
import logging
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from drivers.offline.book import NotGiven
from drivers.offline.desk import OfflineDesk

log = logging.getLogger(__name__)
LOOPBACK: Final = "127.0.0.1"
BODY: Final = 4096
PATIENCE_S: Final = 5.0
PATH: Final = re.compile(
    r"/(?P<kiosk>[^/]{1,40})(?P<numbers>/numbers(?:/(?P<link>[A-Za-z0-9_-]{22})(?P<again>/reprint)?)?)?"
)
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
MISSING: Final = ("ticket-unknown", "service-unknown")


class Door:
    """Open as long as the desk has something lent. `server`: the address the host itself uses."""

    def __init__(self, desk: OfflineDesk, server: str) -> None:
        self._desk, self._server = desk, server
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
        web.desk, web.server_url, self._web, self._port, self._refused = (
            self._desk,
            self._server,
            web,
            port,
            0,
        )
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
    server_url: str


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
        found = self._enter()
        if found is None:
            return
        kiosk, link = found["kiosk"], found["link"]
        if found["again"] or (found["numbers"] and not link):
            return self._say(405, {"refused": "method-wrong"})
        self._answer(
            200,
            lambda: {"slip": self.server.desk.slip(kiosk, link)} if link else self.server.desk.status(kiosk),
        )

    def do_POST(self) -> None:
        found = self._enter()
        if found is None:
            return
        kiosk, link, desk = found["kiosk"], found["link"], self.server.desk
        body = self._body()
        if body is None or not found["numbers"]:
            return self._say(422, {"refused": "input-invalid"})
        if found["again"]:
            return self._answer(201, lambda: {"slip": desk.reprint(kiosk, link)})
        said = {key: body.get(key) for key in ("request_id", "service", "lang")}
        words = {key: value for key, value in said.items() if isinstance(value, str)}
        if (
            link
            or len(words) < len(said)
            or not REQUEST_ID.fullmatch(words["request_id"])
            or words["lang"] not in ("zh", "en")
        ):
            return self._say(422, {"refused": "input-invalid"})
        self._answer(201, lambda: desk.give(kiosk, words["request_id"], words["service"], words["lang"]))

    def _enter(self) -> Mapping[str, str] | None:
        """Who asks, and for what; None when it was refused already."""
        found = PATH.fullmatch(urlsplit(self.path).path)
        kiosk = unquote(found["kiosk"]) if found else ""
        lending = self.server.desk.lending or {}
        key = str(lending.get("keys", {}).get(kiosk, ""))
        shown = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._origin() is None:
            self._say(403, {"refused": "origin-foreign"})
        elif not key or not hmac.compare_digest(shown.encode(), key.encode()):
            self._say(401, {"refused": "device-unknown"})
        else:
            assert found is not None
            return {"kiosk": kiosk, **{k: found[k] or "" for k in ("numbers", "link", "again")}}
        return None

    def _origin(self) -> str | None:
        """The origin that asks, when it is one of the hall's pages and asks this machine by its number."""
        lending = self.server.desk.lending or {}
        own = {_origin_of(url) for url in (*lending.get("origins", ()), self.server.server_url)}
        host = {f"{LOOPBACK}:{self.server.server_port}", f"localhost:{self.server.server_port}"}
        origin = self.headers.get("Origin", "")
        return origin if origin in own and self.headers.get("Host") in host else None

    def _body(self) -> dict[str, Any] | None:
        length = self.headers.get("Content-Length", "")
        if (
            self.headers.get_content_type() != "application/json"
            or not length.isdigit()
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
        if (origin := self._origin()) is not None:
            headers["Access-Control-Allow-Origin"] = origin
        for name, value in headers.items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
