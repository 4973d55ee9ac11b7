"""Where things stand in the hall: floors with their areas, windows, kiosks and boards, for the
manager's picture and the kiosk's map. The hall's plan.toml says it, or what a manager published over
it; what that leaves out, or a hall without one, is laid out from the windows' floors and areas.

Lengths are in one unit of the hall's own choice (metres, paces): x to the right, y downwards, from the
upper left corner of the floor. A spot is named by its middle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import ClassVar, Literal

from server.domain.catalogue import STRICT, Window

TILE = (3.8, 2.8)  # how large the manager's picture draws a window: two that are nearer lie on each other
BOARD = (3.0, 0.6)  # and a board
HAIR = 1e-6  # lengths are added up in floating point
CELL = (4.0, 3.0)  # what a window takes of a floor that is laid out by itself
GAP, HEAD = 1.0, 1.5  # between areas; over the windows of an area, for its name
ACROSS = 28.0  # about how wide such a floor is
SIDE = 1000  # the longest a floor may be

Kind = Literal["window", "kiosk", "board", "entrance", "desk", "lift", "stairs", "toilet", "seats"]


@dataclass(frozen=True)
class Area:
    """An area of windows.toml (`zone`) as a box."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    name: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Spot:
    """One thing. `id`: of the window, kiosk or board; `name`: what else is written beside it."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    kind: Kind
    x: float
    y: float
    id: str = ""
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True)
class Floor:
    """`id`: as windows.toml names the floor. `drawn`: false when nobody measured it."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    id: str
    width: float
    height: float
    name: str = ""
    name_en: str = ""
    zone: tuple[Area, ...] = ()
    spot: tuple[Spot, ...] = ()
    drawn: bool = True


@dataclass(frozen=True)
class Misplaced:
    """What is wrong with a plan, and where: by its key in the file, and by floor, part of it and code."""

    key: str
    zh: str
    en: str
    floor: str = ""
    part: str = ""
    code: str = ""
    facts: Mapping[str, str | float] = field(default_factory=dict)


def check_plan(floors: Sequence[Floor], windows: Collection[str]) -> list[Misplaced]:
    """Every mistake of a plan, before anybody looks at it. windows: the ids there are."""
    found: list[Misplaced] = []
    seen: set[tuple[str, str]] = set()
    ids: set[str] = set()
    for n, floor in enumerate(floors):
        key = f"floor[{n}]"

        def no(at: str, zh: str, en: str, part: str, code: str, thing: str = "", id: str = floor.id) -> None:
            found.append(Misplaced(at, zh, en, id, part, code, {"value": thing}))

        if floor.id in ids:
            no(
                f"{key}.id",
                f"楼层 {floor.id} 出现了两次",
                f"floor {floor.id} appears twice",
                "id",
                "twice",
                floor.id,
            )
        ids.add(floor.id)
        if not (0 < floor.width <= SIDE and 0 < floor.height <= SIDE):
            no(
                key,
                "长和宽应在 0 到 1000 之间",
                "width and height must lie between 0 and 1000",
                "width",
                "plan-size",
            )
        for i, spot in enumerate(floor.spot):
            at = f"{key}.spot[{i}]"
            if not (0 <= spot.x <= floor.width and 0 <= spot.y <= floor.height):
                no(at, "在楼层之外", "lies outside its floor", "spot", "plan-outside", spot.id or spot.name)
            if spot.kind == "window" and spot.id not in windows:
                no(f"{at}.id", f"没有窗口 {spot.id}", f"no window {spot.id}", "spot", "ref", spot.id)
            if spot.id and (spot.kind, spot.id) in seen:
                no(f"{at}.id", f"{spot.id} 出现了两次", f"{spot.id} appears twice", "spot", "twice", spot.id)
            seen.add((spot.kind, spot.id))
        for i, area in enumerate(floor.zone):
            if min(area.x, area.y) < 0 or area.x + area.w > floor.width or area.y + area.h > floor.height:
                no(
                    f"{key}.zone[{i}]",
                    "在楼层之外",
                    "lies outside its floor",
                    "zone",
                    "plan-outside",
                    area.name,
                )
    return found


def lying_on(floor: Floor) -> list[tuple[Spot, Spot]]:
    """What the manager's picture would draw over each other: windows, or a window and a board."""
    sizes = {"window": TILE, "board": BOARD}
    drawn = [spot for spot in floor.spot if spot.kind in sizes]

    def near(a: Spot, b: Spot) -> bool:
        (w, h), (v, g) = sizes[a.kind], sizes[b.kind]
        return abs(a.x - b.x) < (w + v) / 2 - HAIR and abs(a.y - b.y) < (h + g) / 2 - HAIR

    return [
        (a, b) for n, b in enumerate(drawn) for a in drawn[:n] if "window" in (a.kind, b.kind) and near(a, b)
    ]


def floor_of(window: Window, floors: Iterable[Floor]) -> str:
    """The floor a window stands on: the plan's, else what windows.toml says."""
    for floor in floors:
        if any(spot.kind == "window" and spot.id == window.id for spot in floor.spot):
            return floor.id
    return window.floor


def laid_out(floors: Sequence[Floor], windows: Iterable[Window]) -> tuple[Floor, ...]:
    """Every window on its floor: where the plan puts it, else below what is drawn, area by area."""
    placed = {spot.id for floor in floors for spot in floor.spot if spot.kind == "window"}
    missing: dict[str, list[Window]] = {}
    for window in windows:
        if window.id not in placed:
            missing.setdefault(window.floor, []).append(window)
    known = {floor.id: floor for floor in floors}
    for id in missing:
        known.setdefault(id, Floor(id, width=0, height=0, drawn=False))
    only = len(known) == 1
    return tuple(
        _with_rest(floor, missing.get(floor.id, ()))
        for floor in (known.values() if only else sorted(known.values(), key=lambda f: (f.id.zfill(8), f.id)))
    )


def _with_rest(floor: Floor, windows: Sequence[Window]) -> Floor:
    """The floor made higher by the areas of windows nobody placed."""
    if not windows:
        return floor
    by_area: dict[str, list[Window]] = {}
    for window in windows:
        by_area.setdefault(window.zone, []).append(window)
    width = max(floor.width, min(ACROSS, _width(max(map(len, by_area.values())))) + 2 * GAP)
    x, y, row = GAP, floor.height + GAP, 0.0
    zones, spots = list(floor.zone), list(floor.spot)
    for name, mine in by_area.items():
        across = max(1, min(len(mine), int((width - 2 * GAP) // CELL[0])))
        w, h = across * CELL[0], HEAD + ceil(len(mine) / across) * CELL[1]
        if x > GAP and x + w > width - GAP:
            x, y, row = GAP, y + row + GAP, 0.0
        zones.append(Area(name, x, y, w, h))
        for i, window in enumerate(mine):
            at_x, at_y = x + (i % across + 0.5) * CELL[0], y + HEAD + (i // across + 0.5) * CELL[1]
            spots.append(Spot("window", at_x, at_y, window.id))
        x, row = x + w + GAP, max(row, h)
    width = max(width, *(area.x + area.w + GAP for area in zones))
    return replace(floor, width=width, height=y + row + GAP, zone=tuple(zones), spot=tuple(spots))


def _width(windows: int) -> float:
    return windows * CELL[0]
