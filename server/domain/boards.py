"""What each board of the hall shows, as data (boards.toml): parts, windows, pages, notices.

A board that is not named shows what the entry "*" says, and without one everything. Nothing here is personal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from server.domain.catalogue import STRICT, Catalogue

Part = Literal["calls", "windows", "queues", "next", "media", "figures"]
EVERY = "*"
IMAGES, VIDEOS = frozenset({"png", "jpg", "jpeg", "webp", "svg"}), frozenset({"mp4", "webm"})


@dataclass(frozen=True)
class Board:
    """One board. Numbers of 0 let the board decide by what there is."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str = EVERY  # the board's name in its address, /hall/<id>
    parts: tuple[Part, ...] = ("calls", "windows", "queues")
    areas: tuple[str, ...] = ()  # only windows of these areas (windows.toml, zone); none named: all
    queues: tuple[str, ...] = ()  # only these queues; none named: all
    calls: Annotated[int, Field(ge=1, le=9)] = 5  # how many calls
    columns: Annotated[int, Field(ge=0, le=6)] = 0  # of the windows
    rows: Annotated[int, Field(ge=0, le=20)] = 0  # of windows on one page
    page_s: Annotated[int, Field(ge=4, le=120)] = 10  # how long a page of windows stays
    media_s: Annotated[int, Field(ge=4, le=600)] = 12  # how long a picture stays; a video runs to its end
    side: Annotated[int, Field(ge=0, le=75)] = 0  # share of the width that the calls take, percent
    theme: Literal["dark", "light"] = "dark"
    lang: Literal["zh", "en", "both"] = "zh"  # both: by turns


@dataclass(frozen=True)
class Notice:
    """One line for the hall; `since` and `until` are in the hall's own time."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    zh: str
    en: str = ""
    boards: tuple[str, ...] = ()  # none named: all
    urgent: bool = False  # stays on and stands out
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Medium:
    """A picture or film that was uploaded and published; `since` and `until` are in the hall's own time."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    name: str
    file: str
    boards: tuple[str, ...] = ()  # none named: all
    order: int = 0
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class BoardBook:
    """boards.toml"""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    board: tuple[Board, ...] = ()
    notice: tuple[Notice, ...] = field(default_factory=tuple)
    medium: tuple[Medium, ...] = ()  # published only; a hall's own files are in its `media/`

    def of(self, name: str) -> Board:
        """The layout of the board `name`."""
        own = next((b for b in self.board if b.id == name), None)
        every = next((b for b in self.board if b.id == EVERY), Board())
        return own or replace(every, id=name)

    def notices(self, name: str, local: datetime) -> list[Notice]:
        """What the board `name` says at `local` (the hall's own time, naive), urgent ones first."""
        due = (
            n
            for n in self.notice
            if (not n.boards or name in n.boards)
            and (n.since is None or n.since <= local)
            and (n.until is None or local < n.until)
        )
        return sorted(due, key=lambda n: not n.urgent)

    def media(self, name: str, local: datetime) -> list[Medium]:
        """What the board `name` shows at `local` of what was uploaded, in order."""
        due = (
            m
            for m in self.medium
            if (not m.boards or name in m.boards)
            and (m.since is None or m.since <= local)
            and (m.until is None or local < m.until)
        )
        return sorted(due, key=lambda m: (m.order, m.id))


def board_troubles(book: BoardBook, catalogue: Catalogue) -> Iterable[tuple[str, str, str]]:
    """(key, Chinese, English) for everything that names what the hall has not."""
    areas = {w.zone for w in catalogue.windows.values()}
    for i, board in enumerate(book.board):
        if board.id in {b.id for b in book.board[:i]}:
            yield f"board[{i}].id", f"重复：{board.id}", f"used twice: {board.id}"
        if not board.parts:
            yield f"board[{i}].parts", "至少要有一个部分", "at least one part is needed"
        yield from _unknown(f"board[{i}].areas", board.areas, areas, "没有这个区", "no such area")
        yield from _unknown(
            f"board[{i}].queues", board.queues, catalogue.queues, "没有这个队列", "no such queue"
        )
    for i, notice in enumerate(book.notice):
        for key in ("since", "until"):
            moment = getattr(notice, key)
            if moment is not None and moment.tzinfo is not None:
                yield f"notice[{i}].{key}", "不要写时区", "a time of the hall has no offset"


def _unknown(
    key: str, named: Iterable[str], known: Collection[str], zh: str, en: str
) -> Iterable[tuple[str, str, str]]:
    for name in named:
        if name not in known:
            yield key, f"{zh}：{name}", f"{en}: {name}"


def is_medium(name: str) -> bool:
    """May a board show a file of this name? Pictures and videos only, no hidden ones."""
    return not name.startswith(".") and _ending(name) in IMAGES | VIDEOS


def is_video(name: str) -> bool:
    return _ending(name) in VIDEOS


def _ending(name: str) -> str:
    return name.lower().rpartition(".")[2] if "." in name else ""
