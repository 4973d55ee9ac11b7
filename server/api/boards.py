"""What a board shows beside the live picture: its layout, its notices, its pictures and videos; the badges'
photos; the day's public figures."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import send_file
from flask.typing import ResponseReturnValue

from server.configured import book_of
from server.domain.boards import BoardBook, is_medium, is_video
from server.domain.refusals import NotFound
from server.house import house
from server.settings import SettingsError, read_boards
from server.store.config import bodies_in_force
from server.store.snapshots.figures import figures_value
from server.store.snapshots.view import View

bp = APIBlueprint("boards", __name__)
PLACE = re.compile(r"[A-Za-z0-9_:-]{1,40}")
log = logging.getLogger(__name__)


@bp.get("/api/boards/<name>")
def get_board(name: str) -> ResponseReturnValue:
    """Layout, notices of now and media of the board `name`. Read anew each time: a new notice needs no
    restart."""
    h = house()
    book, local = _book(), h.clock().astimezone(h.hall.zone).replace(tzinfo=None)
    board = book.of(name)
    return {
        "id": name,
        "version": h.published().version,
        **{key: getattr(board, key) for key in LAYOUT},
        "notices": [{"zh": n.zh, "en": n.en, "urgent": n.urgent} for n in book.notices(name, local)],
        "media": [
            *({"src": f"/uploads/{m.file}", "video": is_video(m.file)} for m in book.media(name, local)),
            *(_medium(path, name) for path in _media(name)),
        ],
    }


LAYOUT = (
    *("parts", "areas", "queues", "calls", "columns", "rows", "page_s", "media_s", "side", "theme", "lang"),
)


@bp.get("/api/figures")
def get_figures() -> ResponseReturnValue:
    """The figures of the day that the hall makes public."""
    h = house()
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        return figures_value(view, h.clock().astimezone(h.hall.zone).date())


@bp.get("/media/<name>")
@bp.get("/media/<board>/<name>", endpoint="get_own_medium")
def get_medium(name: str, board: str = "") -> ResponseReturnValue:
    """A picture or video of the boards; parts of a video are given when asked for."""
    shown = (p for p in _media(board) if p.name == name and (not board or p.parent.name == board))
    path = next(shown, None)
    if path is None:
        raise NotFound()
    return send_file(path, conditional=True, max_age=60)


@bp.get("/photos/<person>")
def get_photo(person: str) -> ResponseReturnValue:
    """The photo of a badge."""
    path = house().hall.photos.get(person)
    if path is None or not path.is_file():
        raise NotFound()
    return send_file(path, conditional=True, max_age=3600)


def _book() -> BoardBook:
    """What was published, else boards.toml as it stands; while that has an error, as it was at the start."""
    h = house()
    with h.store.read() as connection:
        hall = View.of(connection, h.store.hall, h.hall, h.texts).settings
        bodies = bodies_in_force(connection, h.store.hall, hall.config)
    if bodies.get("boards") and bodies.get("notices"):
        return hall.boards
    try:
        return book_of(read_boards(h.settings.config / "boards.toml", h.current.files.files), bodies)
    except SettingsError as error:
        log.warning("boards.toml is not used: %s", error)
        return hall.boards


def _media(board: str) -> list[Path]:
    """The board's own files, then everybody's, each in the order of their names; the data folder's hide the
    config's."""
    h = house()
    found: list[Path] = []
    for place in (board, ".") if PLACE.fullmatch(board) else (".",):
        by_name: dict[str, Path] = {}
        for root in (h.settings.config / "media", h.settings.data / "media"):
            shown = (p for p in (root / place).glob("*") if p.is_file() and is_medium(p.name))
            by_name |= {p.name: p for p in shown}
        found += [by_name[name] for name in sorted(by_name)]
    return found


def _medium(path: Path, board: str) -> dict[str, Any]:
    own = f"{board}/" if path.parent.name == board else ""
    return {"src": f"/media/{own}{path.name}", "video": is_video(path.name)}
