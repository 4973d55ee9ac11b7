"""Pages: the shell of every face, the start page, the set-up, and plain HTML where nothing is built."""

from __future__ import annotations

import re
from mimetypes import guess_type
from os.path import isfile  # to which a name too long is no file; to Path it is a fault
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response, render_template, request, send_from_directory

from server.actions.set_up import first_admin
from server.domain.refusals import NotFound
from server.house import house
from server.store.people import accounts
from server.store.snapshots import public
from server.store.snapshots.view import View
from server.web.assets import DIST, Built, built
from server.web.headers import csp_with

bp = APIBlueprint(
    "pages",
    __name__,
    enable_openapi=False,
    template_folder="templates",
    static_folder="static",
    static_url_path="/parts",
)

# face -> its entry; the address is /<face>/<id> for devices, /<face> for people
SOURCES = {
    "touch": "kiosk/touch/main.ts",
    "pad": "kiosk/pad/main.ts",
    "hall": "display/hall/main.ts",
    "window": "display/window/main.ts",
    "clerk": "display/clerk/main.ts",
    "guide": "kiosk/guide/main.ts",
    "manager": "display/manager/main.ts",
    "bench": "server/web/bench/main.ts",
}
AT_WINDOW = frozenset({"pad", "window"})
ICON = Path(__file__).resolve().parent / "static" / "icon.svg"
PLACE = re.compile(r"[A-Za-z0-9_:-]{1,40}")
LANGS = {"zh": "zh-CN", "en": "en"}
YEAR_S = 365 * 24 * 3600
KIOSKS, BOARDS = ("K1", "K2"), ("B1",)  # offered on the start page; any other name can be typed there


@bp.get("/")
def get_start() -> Response:
    """Every face of the hall by its address; who may enrol devices makes their links here."""
    windows = house().hall.catalogue.windows.values()
    facts = {
        "by_phone": house().hall.hall.remote.enabled,
        "windows": windows,
        "kiosks": KIOSKS,
        "boards": BOARDS,
        "is_set_up": _is_set_up(),
    }
    return _page("start.html", **facts)


@bp.get("/setup")
def get_setup() -> Response:
    """The first start: code and password, then all one-time passwords to print."""
    return _page("setup.html", is_set_up=_is_set_up(), admin=first_admin(house().hall))


@bp.get("/<any(touch, pad, hall, window):face>/<place>")
def get_device_face(face: str, place: str) -> Response:
    """The shell of a device's face. Its data come later, with the device's key."""
    known = place in house().hall.catalogue.windows if face in AT_WINDOW else PLACE.fullmatch(place)
    if not known:
        raise NotFound()
    return _shell(face, place)


@bp.get("/<any(clerk, guide, manager, bench):face>")
def get_staff_face(face: str) -> Response:
    """The shell of a face for people, who sign in there."""
    return _shell(face)


@bp.get("/assets/<path:name>")
def get_asset(name: str) -> Response:
    """A built file, packed for whoever takes it so. Its name holds its hash, so it may be kept for ever."""
    if name.startswith(".") or "/." in name:
        raise NotFound()
    packed = "gzip" in request.accept_encodings and isfile(DIST / f"{name}.gz")
    reply = send_from_directory(
        DIST, f"{name}.gz" if packed else name, mimetype=guess_type(name)[0], max_age=YEAR_S
    )
    if packed:
        reply.headers["Content-Encoding"] = "gzip"
    reply.vary.add("Accept-Encoding")
    reply.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    return reply


def _shell(face: str, place: str = "") -> Response:
    files = built(SOURCES[face])
    if files is None:
        return _page("unbuilt.html", face=face, place=place, calls=_calls() if face == "hall" else None)
    reply = _page("shell.html", face=face, place=place, files=files)
    reply.headers["Cache-Control"] = "no-cache"  # a running face asks here whether it is outdated
    offline = house().hall.hall.offline
    if face == "touch" and offline.enabled:
        reply.headers["Content-Security-Policy"] = csp_with(offline.port)
    return reply


def kept_shell(face: str) -> tuple[str, Built] | None:
    """A face's shell for whoever serves it while we are away, with `{kiosk}` and `{key}` left open, and the
    files it loads; None when nothing is built."""
    files = built(SOURCES[face])
    if files is None:
        return None
    return _page("shell.html", face=face, place="{kiosk}", files=files, door="{key}").get_data(True), files


def _page(template: str, **facts: Any) -> Response:
    """A page in the language of ?lang, Chinese when it is not said."""
    h = house()
    lang = request.args.get("lang", "zh")
    lang = lang if lang in LANGS else "zh"
    centre = h.hall.hall.centre

    def t(key: str, **words: object) -> str:
        return h.texts.say(key, lang, **words)

    known = {
        "t": t,
        "brand": h.brand(),
        "lang": lang,
        "html_lang": LANGS[lang],
        "hall": centre.name if lang == "zh" else centre.name_en,
    }
    return make_response(render_template(template, **known, **facts))


def _calls() -> list[dict[str, Any]]:
    """The last calls, as the unbuilt board shows them; public like the board itself."""
    h = house()
    with h.store.read() as connection:
        return public.calls_value(View.of(connection, h.store.hall, h.hall, h.texts))


def _is_set_up() -> bool:
    h = house()
    with h.store.read() as connection:
        return bool(accounts(connection, h.store.hall))
