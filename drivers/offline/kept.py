"""The kiosk's page on the host's own disk, for a browser that starts while the server is away.

The server packs the page and what it loads into one ZIP, whose SHA-256 is its ETag (server/web/kept_page.py).
It is kept whole under that hash or not at all: what arrives torn is not taken, what the disk has spoiled is
not served. Nothing in it is secret; who may give numbers stands in the lending."""

from __future__ import annotations

import json
import logging
import os
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.client import HTTPException
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from drivers.line.clock import Clock

log = logging.getLogger(__name__)
SHELL: Final = "page.html"
NAME: Final = "kiosk-page-{}.zip"
MOST: Final = 8 * 1024 * 1024  # bytes as they come
MOST_WHOLE: Final = 32 * 1024 * 1024  # and unpacked
MOST_FILES: Final = 200
FETCH_S: Final = 20.0
PROBE_S: Final = 1.5
SURE_S: Final = 1.0  # an answer about the server holds so long
HEALTH: Final = 1024  # bytes of what the server says to that


class _NoOther(urllib.request.HTTPRedirectHandler):
    """Who sends us on is not the server: a network that wants a sign-in sends everybody to its own page."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_web = urllib.request.build_opener(_NoOther)


class _Look:
    """One question whether the server is there, on a thread of its own: a name may take a resolver half a
    minute where the network is gone, and no time limit of a socket ends that."""

    def __init__(self, probe: Callable[[], bool], now: float) -> None:
        self.at, self.over, self._there = now, threading.Event(), False
        self._probe = probe
        threading.Thread(target=self._run, name="is the server there", daemon=True).start()

    def _run(self) -> None:
        try:
            self._there = self._probe()
        finally:
            self.over.set()

    def found(self, now: float) -> bool:
        """What it has found by PROBE_S after it was begun; no answer by then is a no."""
        return self.over.wait(max(0.0, self.at + PROBE_S - now)) and self._there


class Kept:
    """`server`: the address the host itself uses; `key`: shows the host's key. Safe for several threads."""

    def __init__(self, folder: Path, server: str, key: Callable[[], str], clock: Clock) -> None:
        self._folder, self._key, self._clock = folder, key, clock
        self.server = server.rstrip("/") if urlsplit(server).scheme in ("http", "https") else ""
        self._fetching, self._asking = threading.Lock(), threading.Lock()
        self._look: _Look | None = None
        self._tag, self._files = self._read()

    # --- what the door serves

    def file(self, path: str) -> bytes | None:
        """One file that the page loads, by its path; None when it is not kept."""
        return self._files.get(path[1:]) if path != f"/{SHELL}" else None

    @property
    def shell(self) -> str | None:
        """The page itself, with {kiosk} and {key} left open."""
        found = self._files.get(SHELL)
        return found.decode("utf-8") if found is not None else None

    def answers(self) -> bool:
        """Is the server there? Asked over HTTP, as the kiosk's browser would; known within PROBE_S."""
        now = self._clock.now()
        with self._asking:
            look = self._look
            if look is None or (look.over.is_set() and now - look.at >= SURE_S):
                look = self._look = _Look(self._probe, now)
        return look.found(now)

    def _probe(self) -> bool:
        """Does the server itself say that it is well? Whoever stands between us may say 200 to everything."""
        if not self.server:
            return False
        try:
            with _web.open(f"{self.server}/healthz", timeout=PROBE_S) as reply:
                said = json.loads(reply.read(HEALTH))
        except (OSError, HTTPException, ValueError):
            return False
        return isinstance(said, dict) and said.get("ok") is True

    # --- keeping it fresh

    def refresh_soon(self) -> None:
        """Fetch what is new on a thread of its own; at most one at a time."""
        if self._fetching.acquire(blocking=False):
            threading.Thread(target=self._fetch_then_free, name="kiosk page", daemon=True).start()

    def _fetch_then_free(self) -> None:
        try:
            self.refresh()
        finally:
            self._fetching.release()

    def refresh(self) -> bool:
        """Take what the server has now; True when something new is kept. A failure keeps what there is."""
        if not self.server:
            return False
        try:
            asked = urllib.request.Request(f"{self.server}/api/offline/page")
            asked.add_unredirected_header("Authorization", f"Bearer {self._key()}")
            if self._tag:
                asked.add_header("If-None-Match", f'"{self._tag}"')
            with _web.open(asked, timeout=FETCH_S) as reply:
                tag, body = _opaque(reply.headers.get("ETag", "")), reply.read(MOST + 1)
            files = _opened(tag, body)
            self._keep(tag, body)
        except urllib.error.HTTPError as no:
            no.close()
            if no.code != 304:
                log.warning("the kiosk's page is not renewed: HTTP %d", no.code)
            return False
        except (OSError, HTTPException, ValueError) as error:
            log.warning("the kiosk's page is not renewed: %s", error)
            return False
        self._tag, self._files = tag, files
        log.info("the kiosk's page is kept: %d files, %d bytes", len(files), len(body))
        return True

    def _keep(self, tag: str, body: bytes) -> None:
        """On the disk before the old one goes. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / NAME.format(tag)
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        for old in self._folder.glob(NAME.format("*")):
            if old != path:
                old.unlink(missing_ok=True)

    def _read(self) -> tuple[str, Mapping[str, bytes]]:
        """What an earlier host kept. A file that is not what its name says is dropped."""
        for path in sorted(
            self._folder.glob(NAME.format("*")), key=lambda p: p.stat().st_mtime, reverse=True
        ):
            tag = path.stem.removeprefix(NAME.format("").removesuffix(".zip"))
            try:
                with path.open("rb") as file:
                    return tag, _opened(tag, file.read(MOST + 1))
            except (OSError, ValueError) as error:
                log.error("the kept page of the kiosk cannot be used: %s", error)
                path.unlink(missing_ok=True)
        return "", {}


def _opaque(etag: str) -> str:
    """What stands in the quotes; a proxy on the way may have made it weak. Source: RFC 9110, 8.8.3."""
    return etag.removeprefix("W/").strip('"')


def _opened(tag: str, body: bytes) -> Mapping[str, bytes]:
    """The files of a page. Raises ValueError for one that is too large, not whole or no page."""
    if len(body) > MOST:
        raise ValueError(f"more than {MOST} bytes")
    if sha256(body).hexdigest() != tag:
        raise ValueError("not what its hash says")
    try:
        with zipfile.ZipFile(BytesIO(body)) as packed:
            rows = packed.infolist()
            if len(rows) > MOST_FILES or sum(row.file_size for row in rows) > MOST_WHOLE:
                raise ValueError("too much inside")
            files = {row.filename: packed.read(row) for row in rows}
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError(f"no ZIP: {error}") from error
    if SHELL not in files:
        raise ValueError("no page inside")
    return files
