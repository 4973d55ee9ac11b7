"""The kiosk's page beside its numbers: kept whole or not at all, for the kiosk's own browser alone."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from drivers.line.clock import JumpClock
from drivers.offline.desk import OfflineDesk
from drivers.offline.door import Door
from drivers.offline.kept import MOST, SHELL, Kept
from tests.drivers.test_offline import WallClock, lending

PAGE = '<html data-id="{kiosk}" data-door="{key}"><script src="/assets/a.js"></script></html>'


def packed(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        whole = {SHELL: PAGE, "assets/a.js": "run()", "api/voices/kiosk/A.wav": "RIFF", **files}
        for name, body in whole.items():
            made.writestr(zipfile.ZipInfo(name), body)
    return out.getvalue()


class Hall:
    """The server's end over real HTTP: what it answers may be changed while it stands."""

    def __init__(self) -> None:
        self.web = ThreadingHTTPServer(("127.0.0.1", 0), self._answers())
        self.url = f"http://127.0.0.1:{self.web.server_port}"
        self.anew()
        threading.Thread(target=self.web.serve_forever, args=(0.02,), daemon=True).start()

    def anew(self) -> None:
        """weak: a proxy between us marks the ETag; elsewhere: it sends everybody to its own page, and
        answers there whatever is asked."""
        self.body, self.tag, self.up, self.asked = packed(), "", True, list[tuple[str, str]]()
        self.health, self.weak, self.elsewhere = b'{"ok":true,"revision":7}', "", ""

    def _answers(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Answers(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers.get("Authorization", "")))
                tag = outer.tag or sha256(outer.body).hexdigest()
                whole = self.path == "/api/offline/page" and outer.up
                known = self.headers.get("If-None-Match") == f'"{tag}"'
                sent_away = outer.elsewhere and self.path != outer.elsewhere
                good = 304 if whole and known else 302 if sent_away else 200
                self.send_response(good if outer.up else 503)
                self.send_header("ETag", f'{outer.weak}"{tag}"')
                self.send_header("Location", outer.elsewhere)
                body = b"" if known else outer.body if whole else outer.health
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(ConnectionError):  # what is too large is not read to its end
                    self.wfile.write(body)

        return Answers


@pytest.fixture(scope="module")
def _hall() -> Iterator[Hall]:
    made = Hall()
    yield made
    made.web.shutdown()
    made.web.server_close()


@pytest.fixture
def hall(_hall: Hall) -> Hall:
    _hall.anew()
    return _hall


def kept(folder: Path, hall: Hall, clock: JumpClock | None = None) -> Kept:
    return Kept(folder, hall.url, lambda: "host-key", clock or JumpClock())


def test_a_page_is_kept_over_a_death_and_renewed_when_it_changed(hall: Hall, tmp_path: Path) -> None:
    page = kept(tmp_path, hall)
    assert (page.shell, page.file("/assets/a.js")) == (None, None)
    assert page.refresh()
    assert hall.asked[-1] == ("/api/offline/page", "Bearer host-key")
    assert not page.refresh()  # the same again: nothing came
    again = kept(tmp_path, hall)
    assert (again.shell, again.file("/assets/a.js")) == (PAGE, b"run()")
    hall.body = packed(**{"assets/b.js": "more()"})
    assert again.refresh()
    assert again.file("/assets/b.js") == b"more()"
    assert len(list(tmp_path.iterdir())) == 1  # the old one is gone


def test_a_proxy_may_call_the_hash_weak(hall: Hall, tmp_path: Path) -> None:
    """RFC 9110, 8.8.3.2: what stands in the quotes is compared, W/ or not."""
    hall.weak = "W/"
    page = kept(tmp_path, hall)
    assert page.refresh()
    assert page.shell == PAGE
    assert not page.refresh()  # asked under the same name: 304
    assert kept(tmp_path, hall).shell == PAGE
    hall.tag = "0" * 64
    assert not page.refresh()  # torn is torn


@pytest.mark.parametrize(
    "health", [b"<html>Sign in to the network</html>", b'{"ok":false}', b"[]", b"7", b""]
)
def test_who_answers_in_the_name_of_the_server_is_not_the_server(
    hall: Hall, tmp_path: Path, health: bytes
) -> None:
    """A captive portal says 200 to everything."""
    assert kept(tmp_path, hall).answers()
    hall.health = health
    assert not kept(tmp_path, hall).answers()


def test_who_sends_away_is_not_the_server(hall: Hall, tmp_path: Path) -> None:
    hall.elsewhere = "/portal"
    assert not kept(tmp_path, hall).answers()
    assert not kept(tmp_path, hall).refresh()
    assert {path for path, _ in hall.asked} == {"/healthz", "/api/offline/page"}  # nobody went there


def test_a_name_that_nobody_finds_holds_nobody_up(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network a resolver tries for as long as it likes: the kiosk's page hears "no" meanwhile."""
    asked, found, find = list[object](), threading.Event(), socket.getaddrinfo

    def slow(*what: Any, **how: Any) -> Any:
        asked.append(what)
        assert found.wait(30)
        return find(*what, **how)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr("drivers.offline.kept.PROBE_S", 0.05)
    clock = JumpClock()
    page = kept(tmp_path, hall, clock)
    assert not page.answers()
    clock.sleep(2)
    assert not page.answers()
    assert len(asked) == 1  # one at a time
    monkeypatch.setattr("drivers.offline.kept.PROBE_S", 10.0)
    found.set()
    assert page.answers()


def test_what_is_not_whole_is_not_taken(hall: Hall, tmp_path: Path) -> None:
    page = kept(tmp_path, hall)
    assert page.refresh()
    for body, tag in [
        (b"x" * (MOST + 1), ""),
        (packed(**{"assets/b.js": "more()"}), "0" * 64),  # torn on the way
        (b"no zip at all", ""),
        (packed()[:200], ""),
        (packed(**{"big": "0" * (33 * 1024 * 1024)}), ""),  # small as it comes, large unpacked
        (packed(**{f"n{n}": "" for n in range(201)}), ""),
    ]:
        hall.body, hall.tag = body, tag
        assert not page.refresh()
        assert page.shell == PAGE
    hall.up = False
    assert not page.refresh()
    assert kept(tmp_path, hall).shell == PAGE


def test_what_the_disk_has_spoiled_is_not_served(hall: Hall, tmp_path: Path) -> None:
    assert kept(tmp_path, hall).refresh()
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-3] + b"xyz")
    assert kept(tmp_path, hall).shell is None
    assert not file.exists()


# --- the way in


@pytest.fixture
def way_in(hall: Hall, tmp_path: Path) -> Iterator[tuple[WallClock, int]]:
    clock = WallClock()
    page = kept(tmp_path, hall, clock)
    page.refresh()
    desk = OfflineDesk(tmp_path, lambda _: None, clock)
    port = _free_port()
    desk.lend(lending(port=port))
    door = Door(desk, page)
    door.follow()
    yield clock, port
    door.close()
    desk.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """As a browser's address line asks; a redirect is not followed."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    line.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    reply = line.getresponse()
    found = reply.status, dict(reply.headers), reply.read()
    line.close()
    return found


def test_the_way_in_leads_to_the_server_while_that_answers(way_in: tuple[WallClock, int], hall: Hall) -> None:
    clock, port = way_in
    status, headers, body = ask(port, "/touch/K1")
    assert (status, headers["Location"]) == (302, f"{hall.url}/touch/K1?door={port}")
    assert b"secret" not in body
    hall.up = False
    clock.sleep(2)
    status, headers, body = ask(port, "/touch/K1")
    assert status == 200
    assert b'data-id="K1" data-door="secret-1"' in body
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    status, headers, body = ask(port, "/assets/a.js")
    assert (status, headers["Content-Type"], body) == (200, "text/javascript", b"run()")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert ask(port, "/api/voices/kiosk/A.wav")[1]["Content-Type"] == "audio/wav"
    assert ask(port, "/api/voices/kiosk/B.wav")[0] == 401  # not kept: nothing is said


def test_the_key_is_for_the_address_line_alone(way_in: tuple[WallClock, int], hall: Hall) -> None:
    _, port = way_in
    hall.up = False
    mine = {"Authorization": "Bearer secret-1", "Host": f"127.0.0.1:{port}"}
    for path, headers, want in [
        ("/touch/K1", {"Host": "evil.example"}, 403),  # a name that points here
        ("/touch/K1", {"Sec_Fetch_Dest": "iframe"}, 403),
        ("/touch/K1", {"Sec_Fetch_Dest": "script"}, 403),
        ("/touch/K1", {"Sec_Fetch_Dest": "empty"}, 403),
        ("/touch/K1", {"Sec_Fetch_Dest": "document"}, 200),
        ("/touch/K9", {}, 200),  # nobody's: it waits
        ("/touch/%3Cb%3E", {}, 200),
        ("/assets/a.js", {"Host": "evil.example"}, 403),
        ("/K1", {**mine, "Sec_Fetch_Site": "same-origin"}, 200),
        ("/K1", {**mine, "Sec_Fetch_Site": "cross-site"}, 403),
        ("/K1", {**mine, "Origin": "http://evil.example"}, 403),
        ("/K1", {"Sec_Fetch_Site": "same-origin"}, 401),
    ]:
        status, headers_, body = ask(port, path, **headers)
        assert status == want, (path, headers)
        assert ("secret-1" in body.decode()) == (want == 200 and path == "/touch/K1")
        assert headers_.get("Access-Control-Allow-Origin") in (None, f"http://127.0.0.1:{port}")
        assert "<b>" not in body.decode()
    assert ask(port, "/api/tickets", "POST", **mine)[0] == 503  # for the server alone


def test_what_stands_behind_a_refusal_is_no_second_question(
    way_in: tuple[WallClock, int], hall: Hall
) -> None:
    """A page of another site may post any text without asking first: none of it is read as a request."""
    _, port = way_in
    hall.up = False
    inner = f"GET /touch/K1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    for kind in ("text/plain", "application/json"):
        head = f"POST /K1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://evil.example\r\n"
        head += f"Content-Type: {kind}\r\nContent-Length: {len(inner)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), 5) as line:
            line.sendall(head.encode() + inner)
            line.shutdown(socket.SHUT_WR)
            heard = b""
            with suppress(ConnectionError):
                while more := line.recv(4096):
                    heard += more
        assert heard.count(b"HTTP/1.1") == 1, heard
        assert heard.startswith(b"HTTP/1.1 403")
        assert b"secret-1" not in heard
