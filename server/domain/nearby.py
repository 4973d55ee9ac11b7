"""Other halls a citizen could go to instead (nearby.toml), and what such a hall's own Wucha says of itself.

What a neighbour answers is a stranger's word: it is read into `Told` alone, every field bounded and without
characters that could turn a line around; whatever else it says is dropped. No field is about a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from server.domain.calendar import HallCalendar, Interval
from server.domain.catalogue import STRICT

MOST = 30  # halls in the list
FRESH = timedelta(minutes=5)  # older figures are worse than none
SIZE = 64 * 1024  # bytes of an answer

ADDRESS = re.compile(r"https?://(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,200})(:[0-9]{1,5})?/?")
# control characters, and what makes a line run the other way or vanish
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")

By = Literal["distance", "wait"]


@dataclass(frozen=True)
class Neighbour:
    """One hall of nearby.toml. `url`: the address of its Wucha server as ours reaches it, empty when it has
    none; `page`: its address for phones, where numbers may be taken. Coordinates are WGS-84 degrees."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    name: str
    name_en: str = ""
    address: str = ""
    address_en: str = ""
    phone: str = ""
    serves: str = ""  # what it handles, when that is less than everything
    serves_en: str = ""
    weekday: tuple[Interval, ...] = ()
    saturday: tuple[Interval, ...] = ()
    sunday: tuple[Interval, ...] = ()
    distance_km: Annotated[float, Field(ge=0, le=1000)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    url: str = ""
    page: str = ""

    def hours_on(self, calendar: HallCalendar, local: datetime) -> Sequence[Interval]:
        """Its stated hours of that day; holidays and moved weekends are the country's, so they are ours."""
        kinds = {"working": self.weekday, "saturday": self.saturday, "sunday": self.sunday, "rest": ()}
        return kinds[calendar.kind(local.date())]


def _plain(text: str) -> str:
    return UNSEEN.sub("", text).strip()


Name = Annotated[str, Field(max_length=80), AfterValidator(_plain)]
People = Annotated[int, Field(ge=0, le=99_999)]
Minutes = Annotated[int, Field(ge=0, le=1440)]


@dataclass(frozen=True)
class ToldWait:
    """What a number taken there now may expect, in minutes."""

    state: Literal["soon", "range", "unknown"]
    low: Minutes | None = None
    high: Minutes | None = None

    @property
    def minutes(self) -> tuple[int, int] | None:
        if self.state == "soon":
            return 0, 0
        if self.state == "range" and self.low is not None and self.high is not None:
            return min(self.low, self.high), max(self.low, self.high)
        return None


@dataclass(frozen=True)
class ToldQueue:
    """One queue of a neighbour."""

    name: Name
    waiting: People
    name_en: Name = ""
    windows_open: Annotated[int, Field(ge=0, le=999)] = 0
    estimate: ToldWait | None = None


@dataclass(frozen=True)
class ToldDay:
    state: Literal["planned", "open", "closing", "closed"]
    waiting: People


@dataclass(frozen=True)
class Told:
    """The public figures of a hall (GET /api/figures), as far as they help to choose."""

    day: ToldDay
    windows_open: Annotated[int, Field(ge=0, le=999)]
    queues: Annotated[tuple[ToldQueue, ...], Field(max_length=60)]

    @property
    def takes(self) -> bool:
        return self.day.state == "open"

    @property
    def wait(self) -> tuple[int, int] | None:
        """The shortest and the longest minutes of the queues that windows work for; None when none is
        known."""
        known = [q.estimate.minutes for q in self.queues if q.windows_open and q.estimate]
        spans = [span for span in known if span is not None]
        return (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None


_TOLD = TypeAdapter(Told)


def read_told(raw: bytes) -> Told | None:
    """The answer of a neighbour, None when it is none of ours."""
    try:
        return _TOLD.validate_json(raw, strict=True) if len(raw) <= SIZE else None
    except ValidationError:
        return None


@dataclass(frozen=True)
class Heard:
    """The last answer that could be read, and when it came by our own clock."""

    told: Told
    at: datetime

    def is_fresh(self, now: datetime) -> bool:
        return timedelta(0) <= now - self.at <= FRESH


@dataclass(frozen=True)
class Row:
    """One line of the page. told and at: None when nothing fresh is known; open_by_hours: what its stated
    hours say of now, None when it states none."""

    hall: Neighbour
    told: Told | None
    at: datetime | None
    open_by_hours: bool | None


def rows(
    halls: Iterable[Neighbour],
    heard: Mapping[str, Heard],
    calendar: HallCalendar,
    local: datetime,
    by: By = "distance",
) -> list[Row]:
    """The halls in the order asked for; who says nothing of it comes last, in the order of the file. local:
    now, aware, in the hall's own zone."""
    found = []
    for hall in halls:
        last = heard.get(hall.id)
        fresh = last if last is not None and last.is_fresh(local) else None
        states = bool(hall.weekday or hall.saturday or hall.sunday)
        now = local.time()
        by_hours = any(a <= now < b for a, b in hall.hours_on(calendar, local)) if states else None
        found.append(Row(hall, fresh.told if fresh else None, fresh.at if fresh else None, by_hours))
    return sorted(found, key=_by_wait if by == "wait" else _by_distance)


def _by_distance(row: Row) -> float:
    return float("inf") if row.hall.distance_km is None else row.hall.distance_km


def _by_wait(row: Row) -> tuple[float, float]:
    """Halls that give numbers now and know their wait, by the longest minutes; then by distance."""
    span = row.told.wait if row.told is not None and row.told.takes else None
    return (float("inf") if span is None else span[1], _by_distance(row))


def nearby_troubles(halls: Sequence[Neighbour]) -> Iterable[tuple[str, str, str]]:
    """(key, Chinese, English) of what the types cannot say."""
    if len(halls) > MOST:
        yield "hall", f"最多 {MOST} 个大厅", f"at most {MOST} halls"
    for i, hall in enumerate(halls):
        if hall.id in {h.id for h in halls[:i]}:
            yield f"hall[{i}].id", f"重复：{hall.id}", f"used twice: {hall.id}"
        for key in ("url", "page"):
            value = getattr(hall, key)
            if value and not is_address(value):
                yield (
                    f"hall[{i}].{key}",
                    "要写成 http://主机:端口，不带路径",
                    "must be http://host:port without a path",
                )
        if (hall.latitude is None) != (hall.longitude is None):
            yield f"hall[{i}].longitude", "经度和纬度要一起写", "latitude and longitude go together"


def is_address(value: str) -> bool:
    """Of a server: scheme, host and port, and nothing that could be smuggled behind them."""
    return ADDRESS.fullmatch(value) is not None
