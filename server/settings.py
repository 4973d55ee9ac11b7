"""What the hall's files say: frozen dataclasses from config/*.toml, whose attributes are the keys and the
manual.

Everything is checked before anything starts, and all errors are told at once, each with file and key. Unknown
keys are errors. The environment only moves things: WUCHA_DATA, WUCHA_PORT, WUCHA_CONFIG, WUCHA_DATABASE,
WUCHA_REDIS.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, TypeAdapter, ValidationError

from server.domain.announcing import AnnounceRules, announce_troubles, is_call
from server.domain.appointments import Appointments
from server.domain.boards import BoardBook, board_troubles
from server.domain.brand import Brand, brand_trouble, logo_trouble, picture
from server.domain.calendar import HallCalendar, Hours, LocalDay, Year, calendar_of
from server.domain.catalogue import (
    STRICT,
    Catalogue,
    Department,
    Identity,
    LifeEvent,
    Mandate,
    Person,
    Queue,
    Service,
    Window,
    WindowClass,
    Zone,
    parse_overflow,
)
from server.domain.complaints import Complaint
from server.domain.deadlines import Limits
from server.domain.floorplan import Floor, check_plan, laid_out
from server.domain.nearby import Neighbour, nearby_troubles
from server.domain.placement import Placement, placed
from server.domain.ratings import RatingRule
from server.domain.remote import RemoteRules
from server.domain.rosters import LEADER, Plan, Roster
from server.domain.routing import Rules
from server.domain.slips import Known, SlipBook, SlipTemplate, check_book

T = TypeVar("T")


@dataclass(frozen=True)
class Trouble:
    """One error of a config file: where it stands and what is wrong, Chinese first."""

    file: str
    key: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.zh} / {self.en}"


class SettingsError(Exception):
    """All troubles of all files at once."""

    def __init__(self, troubles: list[Trouble]) -> None:
        super().__init__("\n".join(map(str, troubles)))
        self.troubles = troubles


@dataclass(frozen=True)
class Centre:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    name: str
    name_en: str
    level: Literal["city", "county", "township", "village"]
    region_code: str
    region_name: str
    address: str = ""
    address_en: str = ""
    hotline: str = ""
    supervision_phone: str = ""
    timezone: str = "Asia/Shanghai"
    area_code12: str = ""


@dataclass(frozen=True)
class TicketRules:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    identity: Identity = "none"  # a service may have its own
    max_active_per_person: int = 2
    max_per_person_per_day: int = 6
    max_per_phone_per_day: int = 6
    duplicate_service_same_day: Literal["allow", "warn", "refuse"] = "warn"
    multi_service_ticket: bool = True
    show_estimated_wait: bool = (
        True  # false: nobody is told, on no face or paper; accuracy is kept all the same
    )
    reprint_allowed: int = 2
    paper_out: Literal["go_on", "stop"] = (
        "go_on"  # a kiosk without paper: number and QR code on the screen, or none
    )
    guide_papers: int = 6  # one-time notices without a number that a kiosk prints in guide_minutes; 0 = none
    guide_minutes: int = 10
    warn_ahead: int = 0  # ask "so many are ahead, wait?" from here on; a queue may say its own; 0 = never


@dataclass(frozen=True)
class CallRules:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    recalls_before_no_show: int = 2
    recall_interval_seconds: int = 20
    no_show_wait_seconds: int = 60
    no_show_return_minutes: int = 30
    max_return_times: int = 1
    auto_arrive_seconds: int = 0
    min_service_seconds: int = 20
    max_hold_minutes: int = 30
    undo_seconds: int = 10  # how long a clerk may take the last move back
    near_ahead: int = 3  # the phone reminds its owner once fewer than this many are ahead
    postpone_times: int = 1  # how often the holder of a number may let others go first; 0 = never
    postpone_people: int = 3  # so many of those behind an ordinary number go before it
    postpone_minutes: int = 15  # or so much of its seniority is given up
    stand_in_minutes: int = 5  # an empty post calls B after it, the duty leader after twice that


@dataclass(frozen=True)
class PriorityClass:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    id: str
    name: str
    verify: str  # who checks it: by_staff_only ones a citizen cannot choose
    min_age: int | None = None
    name_en: str = ""

    @property
    def by_staff_only(self) -> bool:
        """Given by a person or by a list, never chosen on a kiosk."""
        return self.verify in ("duty_leader", "project_list", "open_supplement_notice")


@dataclass(frozen=True)
class PriorityRules:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    max_share_of_calls: float = 0.5
    classes: tuple[PriorityClass, ...] = ()


@dataclass(frozen=True)
class Privacy:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    ticket_identity_days: int = 30
    failed_login_lock: int = 5
    session_idle_minutes: int = 15


@dataclass(frozen=True)
class Handover:
    """How a clerk takes the ticket's references along into the department's own system (受理系统).

    `url`: an address with {number} {ticket} {leg} {service} {task_code} {window} {clerk}, each escaped; never
    anything of the citizen. Empty: no button.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    url: str = ""
    zh: str = "打开受理系统"
    en: str = "Open case system"


@dataclass(frozen=True)
class Offline:
    """离线取号: the device host beside a kiosk holds numbers of its own and gives them while the server
    cannot be reached. `numbers`: so many of each queue; `queues`: which, by prefix, empty = all that
    citizens take themselves without a quota. `valid_minutes`: given for so long after the server was last
    heard. `port`: where the host listens for the kiosk's own browser, on 127.0.0.1 alone. `origins`:
    addresses the kiosk's page may come from beside the hall's own and the one the host uses."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    enabled: bool = False
    numbers: int = 20
    queues: tuple[str, ...] = ()
    valid_minutes: int = 240
    port: int = 8610
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Messages:
    """留言: `per_hour` from one network address. A hall's WiFi, or a proxy in front of the server, is one
    address for everybody behind it."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    per_hour: int = 30


HANDED_OVER = ("number", "ticket", "leg", "service", "task_code", "window", "clerk")
UNSAFE_SCHEMES = ("javascript:", "data:", "vbscript:", "file:", "blob:")


@dataclass(frozen=True)
class HallFile:
    """hall.toml"""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    centre: Centre
    hours: Hours
    ticket: TicketRules = field(default_factory=TicketRules)
    call: CallRules = field(default_factory=CallRules)
    announce: AnnounceRules = field(default_factory=AnnounceRules)
    priority: PriorityRules = field(default_factory=PriorityRules)
    appointment: Appointments = field(default_factory=Appointments)
    privacy: Privacy = field(default_factory=Privacy)
    handover: Handover = field(default_factory=Handover)
    remote: RemoteRules = field(default_factory=RemoteRules)
    offline: Offline = field(default_factory=Offline)
    messages: Messages = field(default_factory=Messages)


@dataclass(frozen=True)
class Reason:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    code: str
    text: str
    first: bool = False


@dataclass(frozen=True)
class Level:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    value: int
    name: str
    name_en: str
    reason: tuple[Reason, ...]


@dataclass(frozen=True)
class RatingAsk:
    """rating.toml [rule]"""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    timeout_seconds: int = 60
    reason_required_max_level: int = 2
    free_text_max: int = 200


@dataclass(frozen=True)
class BadRatings:
    """rating.toml [bad]: which levels are bad, whether each opens an order to follow it up, and in how many
    working days."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    levels: tuple[int, ...] = (1, 2)
    open_work_order: bool = True
    first_contact_workdays: Annotated[int, Field(ge=0, le=60)] = 1
    rectify_workdays: Annotated[int, Field(ge=1, le=60)] = 5
    extended_workdays: Annotated[int, Field(ge=1, le=60)] = 15
    review_workdays: Annotated[int, Field(ge=0, le=60)] = 10

    @property
    def limits(self) -> Limits:
        return Limits(
            self.first_contact_workdays, self.rectify_workdays, self.extended_workdays, self.review_workdays
        )


@dataclass(frozen=True)
class Worded:
    """An option with its words: a pause reason or an outcome (choices.toml)."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    id: str
    zh: str
    en: str


@dataclass(frozen=True)
class Choices:
    """choices.toml: what a clerk or a guide may choose from."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    pause_reason: tuple[Worded, ...]
    outcome: tuple[Worded, ...]
    choice_reason: tuple[Worded, ...] = ()  # why a number may be called by choice
    enquiry_kind: tuple[Worded, ...] = ()  # 咨询: what people ask at the door
    aid_kind: tuple[Worded, ...] = ()  # 帮办: what a guide helps with


@dataclass(frozen=True)
class TidalTrigger:
    """windows.toml [tidal_trigger]: any one of the conditions asks for a tidal window of that queue."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    queues: tuple[str, ...] = ()
    queue_length_at_least: int = 8
    oldest_wait_minutes_at_least: int = 20
    close_after_minutes_clear: int = 20
    needs: Literal["automatic", "duty_leader_confirm"] = "duty_leader_confirm"


@dataclass(frozen=True)
class Dispatch:
    """rules.toml [dispatch]: windows that are given the next citizen without pressing, after a rest."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    windows: tuple[str, ...] = ()
    rest_s: int = 15


@dataclass(frozen=True, eq=False)
class HallSettings:
    """Everything the hall's own files say. Compared by identity: a reload makes a new one."""

    hall: HallFile
    catalogue: Catalogue
    calendar: HallCalendar
    rating: RatingAsk
    levels: tuple[Level, ...]
    choices: Choices
    rules: Rules
    tidal: TidalTrigger = field(default_factory=TidalTrigger)
    dispatch: Dispatch = field(default_factory=Dispatch)
    boards: BoardBook = field(default_factory=BoardBook)
    rosters: Mapping[str, Roster] = field(default_factory=dict)  # window -> who sits there when
    photos: Mapping[str, Path] = field(default_factory=dict)  # person -> picture for the badge
    drawn: tuple[Floor, ...] = ()  # plan.toml
    plan: tuple[Floor, ...] = ()  # the same with every window placed
    brand: Brand = field(default_factory=Brand)  # brand.toml; what a manager publishes goes before it
    brand_logo: tuple[bytes, str] | None = None  # (file, type) of logo.png or logo.jpg beside it
    nearby: tuple[Neighbour, ...] = ()  # nearby.toml: where a citizen could go instead
    zones: Mapping[str, str] = field(default_factory=dict)  # area of windows.toml -> its English name
    # as configured, before any placement
    files: Catalogue = field(default_factory=lambda: Catalogue({}, {}, {}, {}, {}))
    years: tuple[Year, ...] = ()  # the official tables that `calendar` was made of
    read_as: str = ""  # a digest of the files as they were read
    config: int = 0  # how often something configured came into force; 0 = the files alone
    placement: int = 0  # version of the published placement in `catalogue`; 0 = the files alone
    rules_version: int = 0  # version of `rules`; 0 = the file as it was read at the start
    bad: BadRatings = field(default_factory=BadRatings)
    complaint: Limits = field(default_factory=Limits)
    slips: SlipBook = field(default_factory=SlipBook)  # templates of all papers, as published
    file_slips: SlipBook = field(default_factory=SlipBook)  # before anything was published
    slips_version: int = 0
    # (connection, placement, rules, slips, config) -> the settings of these versions; set by
    # server/store/current.py
    keep_up: Callable[[Any, int, int, int, int], HallSettings] | None = None
    # (connection, moment) -> the catalogue as it was configured then: what is past keeps its names
    as_of: Callable[[Any, datetime], Catalogue] | None = None

    @property
    def id(self) -> str:
        return self.hall.centre.area_code12 or self.hall.centre.region_code

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.hall.centre.timezone)

    @property
    def version(self) -> str:
        """Of what faces are told once and not with every picture: files, configuration, placement. Equal in
        every process that read the same files, and after a restart."""
        return f"{self.read_as}.{self.config}.{self.placement}"

    @property
    def duties(self) -> Plan:
        """Who is expected where."""
        return Plan(self.catalogue, self.files, self.calendar, self.rosters)

    def identity_of(self, service: Service) -> Identity:
        """Whether a kiosk asks for an identity card before it gives a number for `service`."""
        return service.identity or self.hall.ticket.identity

    def limits_of(self, complaint: Complaint) -> Limits:
        """A rating that is followed up has a leg; so has the second look at it."""
        return self.bad.limits if complaint.leg is not None else self.complaint

    @property
    def rating_rule(self) -> RatingRule:
        return RatingRule(
            reasons={level.value: frozenset(r.code for r in level.reason) for level in self.levels},
            reason_max_level=self.rating.reason_required_max_level,
            pad_timeout=timedelta(seconds=self.rating.timeout_seconds),
            link_timeout=timedelta(hours=24),
        )


HOST_KEY = "host.key"  # in the data folder: the key of this machine's own device host


@dataclass(frozen=True)
class Settings:
    """Where things are, and the hall."""

    data: Path
    config: Path  # folder of the hall's files, e.g. config/demo
    common: Path  # folder of rules.toml, text/, voice/, slips/, devices.toml
    database: str
    hall: HallSettings
    demo: bool = False
    host: str = "127.0.0.1"
    port: int = 8600
    redis: str | None = None
    one_frame: bool = True  # the broadcast of server/live/broadcast.py; false = stock Flask-SocketIO
    password_cost: Literal["full", "test"] = "full"
    metrics: tuple[IPv4Network | IPv6Network, ...] = ()  # who may ask /metrics
    public_url: str = ""  # what the slip's QR code points to; default http://host:port

    @property
    def pictures(self) -> tuple[Path, Path]:
        """Where pictures for slips are: those the manager uploaded first."""
        return self.data / "slips", self.common / "slips"

    @property
    def uploads(self) -> Path:
        """Where photos, pictures and films are that managers uploaded."""
        return self.data / "uploads"

    @property
    def url(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"


@cache
def _shape(kind: type[T]) -> TypeAdapter[T]:
    """Made once per kind: making one takes longer than reading a file with it."""
    return TypeAdapter(kind)


class Reader:
    """Reads files of one folder and gathers every trouble instead of stopping at the first."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []

    def load(self, path: Path, *known: str) -> dict[str, Any]:
        """The file's tables. With `known`, any other at its top is a trouble."""
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            self.troubles.append(Trouble(str(path), "-", "文件不存在", "the file is missing"))
        except OSError as error:
            self.no(path, "-", "文件读不了", f"the file cannot be read: {error.strerror}")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.troubles.append(
                Trouble(str(path), "-", f"不是有效的 TOML：{error}", f"not valid TOML: {error}")
            )
        else:
            for key in found.keys() - known if known else ():
                self.no(path, key, "不认识的键", "unknown key")
            return found
        return {}

    def parse(self, kind: type[T], value: object, path: Path, prefix: str = "") -> T | None:
        try:
            return _shape(kind).validate_python(value)
        except ValidationError as error:
            for e in error.errors():
                key = ".".join([prefix, *map(str, e["loc"])]).strip(".")
                zh = "不认识的键" if e["type"] == "unexpected_keyword_argument" else "值不正确"
                self.troubles.append(Trouble(str(path), key, zh, e["msg"]))
            return None

    def parse_all(self, kind: type[T], values: object, path: Path, prefix: str) -> list[T]:
        if not isinstance(values, list):
            self.no(path, prefix, "应为表的数组", "must be an array of tables")
            return []
        if not values and not any(trouble.file == str(path) for trouble in self.troubles):
            self.no(path, prefix, "至少要有一个", "at least one is needed")
        found = [self.parse(kind, v, path, f"{prefix}[{i}]") for i, v in enumerate(values)]
        return [x for x in found if x is not None]

    def no(self, path: Path, key: str, zh: str, en: str) -> None:
        self.troubles.append(Trouble(str(path), key, zh, en))


def _read_slips(r: Reader, folder: Path, catalogue: Catalogue) -> SlipBook:
    """Every template of the folder, tried out before the first citizen needs it."""
    found: dict[str, SlipTemplate] = {}
    for path in sorted({folder / "ticket.toml", *folder.glob("*.toml")}):
        template = r.parse(SlipTemplate, r.load(path), path)
        if template is not None:
            found[path.stem] = template
    images = {path.stem for path in folder.glob("*.png")}
    known = Known(catalogue.services, catalogue.queues, images)
    whole = not any(trouble.file.startswith(str(folder)) for trouble in r.troubles)
    for trouble in check_book(found, known) if whole else ():
        name, _, key = trouble.key.partition(".")
        r.no(folder / f"{name}.toml", key or "paper", trouble.zh, trouble.en)
    return SlipBook(found)


def _check_offline(r: Reader, path: Path, rules: Offline, catalogue: Catalogue) -> None:
    for key, value, low, high in (
        ("numbers", rules.numbers, 1, 200),
        ("valid_minutes", rules.valid_minutes, 1, 1440),
        ("port", rules.port, 1, 65535),
    ):
        if not low <= value <= high:
            r.no(path, f"offline.{key}", f"须在 {low} 到 {high} 之间", f"must be in {low}..{high}")
    for queue in rules.queues if catalogue.queues else ():
        if queue not in catalogue.queues:
            r.no(path, "offline.queues", f"没有队列 {queue}", f"no queue {queue}")


def _fill(r: Reader, path: Path, key: str, template: str, names: Iterable[str]) -> None:
    """A trouble unless {names} are all that the template asks for."""
    try:
        template.format_map(dict.fromkeys(names, "1"))
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        r.no(path, key, f"占位符不正确：{error}", f"a placeholder is wrong: {error}")


def call_languages(common: Path) -> list[str]:
    """The languages in which calls can be spoken: phrase files that name number and window."""
    found = []
    for path in sorted((common / "voice").glob("*.toml")):
        try:
            row = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue  # whoever reads the whole file says so
        if is_call(row.get("sentence")):
            found.append(path.stem)
    return found


def read_hall(folder: Path, common: Path) -> HallSettings:
    """All files of a hall. Raises SettingsError with every trouble found."""
    r = Reader()
    path = folder / "hall.toml"
    raw = r.load(path)
    priority = raw.get("priority")
    if isinstance(priority, dict) and "class" in priority:
        priority["classes"] = priority.pop("class")
    hall = r.parse(HallFile, raw, path) if raw else None
    if hall and hall.centre.timezone not in available_timezones():
        r.no(path, "centre.timezone", "没有这个时区", "no such time zone")
    for key in ("template_zh", "template_en") if hall else ():
        _fill(r, path, f"announce.{key}", getattr(hall.announce, key), ("ticket", "window"))
    if hall:
        _fill(r, path, "handover.url", hall.handover.url, HANDED_OVER)
        if hall.handover.url.strip().lower().startswith(UNSAFE_SCHEMES):
            r.no(path, "handover.url", "不能用这种地址", "no address of this kind")
    catalogue = _read_catalogue(r, folder)
    _check_offline(r, path, hall.offline if hall else Offline(), catalogue)
    years, local = _read_calendar(r, folder / "calendar.toml")
    rating, levels = _read_rating(r, folder / "rating.toml")
    bad, complaint = _read_follow_up(r, folder / "rating.toml")
    choices_path = common / "choices.toml"
    choices = r.parse(Choices, r.load(choices_path), choices_path)
    rules_path = common / "rules.toml"
    raw_rules = r.load(rules_path, "gate", "dispatch")
    rules = _read_rules(r, raw_rules, rules_path)
    dispatch = r.parse(Dispatch, raw_rules.get("dispatch", {}), rules_path, "dispatch")
    for w in dispatch.windows if dispatch else ():
        if w not in catalogue.windows:
            r.no(rules_path, "dispatch.windows", f"没有窗口 {w}", f"no window {w}")
    windows_path = folder / "windows.toml"
    trigger = Reader().load(windows_path).get("tidal_trigger", {})
    tidal = r.parse(TidalTrigger, trigger, windows_path, "tidal_trigger")
    for q in tidal.queues if tidal and not r.troubles else ():
        if q not in catalogue.queues:
            r.no(windows_path, "tidal_trigger.queues", f"没有队列 {q}", f"no queue {q}")
    if hall:
        for key, zh, en in announce_troubles(hall.announce, catalogue.windows, call_languages(common)):
            r.no(path, f"announce.{key}", zh, en)
    for key, names, known in _remote_names(hall, catalogue) if hall else ():
        for name in names:
            if name not in known and not r.troubles:
                r.no(path, f"remote.{key}", f"没有 {name}", f"no {name}")
    boards = _read_boards(r, folder / "boards.toml", catalogue)
    rosters = _read_rosters(r, folder / "rosters.toml", catalogue)
    nearby = _read_nearby(r, folder / "nearby.toml")
    slips = _read_slips(r, common / "slips", catalogue)
    for text in {common / "text" / "zh.toml", *(common / "text").glob("*.toml")}:
        r.load(text)
    if r.troubles or hall is None or choices is None or rules is None or rating is None:
        raise SettingsError(r.troubles)
    assert tidal is not None
    assert dispatch is not None
    assert bad is not None
    assert complaint is not None
    now = placed(catalogue, Placement())
    drawn = _read_plan(r, folder / "plan.toml", catalogue)
    look = (drawn, laid_out(drawn, catalogue.windows.values()), *_read_brand(r, folder))
    if r.troubles:
        raise SettingsError(r.troubles)
    kept = (tidal, dispatch, boards, rosters, _photos(folder / "photos", catalogue), *look)
    more: dict[str, Any] = {"slips": slips, "file_slips": slips, "years": years, "files": catalogue}
    more |= {"bad": bad, "complaint": complaint, "nearby": nearby}
    read = [path.read_bytes() for path in (*sorted(folder.glob("*.toml")), choices_path)]
    more["read_as"] = sha256(b"".join(read)).hexdigest()[:12]
    areas = Reader().load(windows_path).get("zone", [])
    more["zones"] = {area["name"]: area["name_en"] for area in areas if area.get("name_en")}
    calendar = calendar_of(hall.hours, years, local)
    return HallSettings(hall, now, calendar, rating, tuple(levels), choices, rules, *kept, **more)


def _remote_names(
    hall: HallFile, catalogue: Catalogue
) -> tuple[tuple[str, tuple[str, ...], Mapping[str, object]], ...]:
    rules = hall.remote
    services = ("closed_services", rules.closed_services, catalogue.services)
    return ("queues", rules.queues, catalogue.queues), services


def read_boards(path: Path, catalogue: Catalogue) -> BoardBook:
    """boards.toml, checked whole; without one every board shows everything. Raises SettingsError."""
    r = Reader()
    found = _read_boards(r, path, catalogue)
    if r.troubles:
        raise SettingsError(r.troubles)
    return found


def _read_plan(r: Reader, path: Path, catalogue: Catalogue) -> tuple[Floor, ...]:
    """plan.toml, as it stands."""
    raw = r.load(path, "floor").get("floor", []) if path.exists() else []
    floors = tuple(r.parse_all(Floor, raw, path, "floor")) if raw else ()
    wrong = check_plan(floors, catalogue.windows)
    for trouble in wrong:
        r.no(path, trouble.key, trouble.zh, trouble.en)
    return () if wrong else floors


def _read_brand(r: Reader, folder: Path) -> tuple[Brand, tuple[bytes, str] | None]:
    """brand.toml and the logo beside it; without them the hall looks as Wucha does."""
    path = folder / "brand.toml"
    brand = (r.parse(Brand, r.load(path), path) if path.exists() else None) or Brand()
    trouble = brand_trouble(brand)
    if trouble:
        r.no(path, *trouble)
    logo = next((f for name in ("logo.png", "logo.jpg") if (f := folder / name).is_file()), None)
    if logo is None:
        return brand, None
    data = logo.read_bytes()
    seen = picture(data)
    if logo_trouble(data) or seen is None:
        r.no(logo, "-", "不能作标志：要 PNG 或 JPEG，200 KB 以内", "no logo: PNG or JPEG, at most 200 kB")
        return brand, None
    return brand, (data, seen[0])


def _read_boards(r: Reader, path: Path, catalogue: Catalogue) -> BoardBook:
    if not path.exists():
        return BoardBook()
    book = r.parse(BoardBook, r.load(path), path)
    for key, zh, en in board_troubles(book, catalogue) if book else ():
        r.no(path, key, zh, en)
    return book or BoardBook()


def _read_rosters(r: Reader, path: Path, catalogue: Catalogue) -> dict[str, Roster]:
    """rosters.toml; without it the main person of each window is expected in its hours."""
    if not path.exists():
        return {}
    found = r.parse_all(Roster, r.load(path, "roster").get("roster", []), path, "roster")
    whole = not r.troubles  # else a window or person may only seem to be missing
    for i, roster in enumerate(found):
        if whole and roster.window not in (*catalogue.windows, LEADER):
            r.no(path, f"roster[{i}].window", f"没有窗口 {roster.window}", f"no window {roster.window}")
        for row in (*roster.week, *roster.days):
            if whole and row.person and row.person not in catalogue.people:
                r.no(path, f"roster[{i}].person", f"没有人员 {row.person}", f"no person {row.person}")
            if row.end <= row.start:
                r.no(path, f"roster[{i}].end", "结束要晚于开始", "must be after the start")
    _unique(r, path, "roster.window", [x.window for x in found])
    return {x.window: x for x in found}


def _read_nearby(r: Reader, path: Path) -> tuple[Neighbour, ...]:
    """nearby.toml; without it the hall names no other."""
    if not path.exists():
        return ()
    found = r.parse_all(Neighbour, r.load(path, "hall").get("hall", []), path, "hall")
    for key, zh, en in nearby_troubles(found):
        r.no(path, key, zh, en)
    return tuple(found)


def _photos(folder: Path, catalogue: Catalogue) -> dict[str, Path]:
    """photos/<person>.jpg and the like; who has none gets initials."""
    found = {path.stem: path for path in sorted(folder.glob("*")) if path.suffix in (".jpg", ".png", ".webp")}
    return {person: path for person, path in found.items() if person in catalogue.people}


def read_rules(path: Path) -> Rules:
    """rules.toml, checked whole. Raises SettingsError."""
    r = Reader()
    found = _read_rules(r, r.load(path, "gate", "dispatch"), path)
    if found is None or r.troubles:
        raise SettingsError(r.troubles)
    return found


def _read_rules(r: Reader, raw: Mapping[str, Any], path: Path) -> Rules | None:
    return r.parse(Rules, raw.get("gate", {}), path, "gate")


def _on_floors(r: Reader, windows: list[Window], zones: Any, path: Path) -> list[Window]:
    """The windows, each on the floor of its zone unless it names one itself."""
    floors = {z.name: z.floor for z in r.parse_all(Zone, zones, path, "zone")} if zones else {}
    for name in floors.keys() - {w.zone for w in windows}:
        r.no(path, "zone.name", f"没有窗口在{name}", f"no window is in {name}")
    return [replace(w, floor=w.floor or floors.get(w.zone, "")) for w in windows]


def _read_catalogue(r: Reader, folder: Path) -> Catalogue:
    paths = {n: folder / f"{n}.toml" for n in ("queues", "windows", "services", "departments", "staff")}
    known = {
        "queues": ("queue",),
        "windows": ("window", "class", "zone", "tidal_trigger"),
        "services": ("service", "hall_service"),
        "departments": ("department",),
        "staff": ("staff",),
    }
    raw = {name: r.load(path, *known[name]) for name, path in paths.items()}
    queues = r.parse_all(Queue, raw["queues"].get("queue", []), paths["queues"], "queue")
    windows = r.parse_all(Window, raw["windows"].get("window", []), paths["windows"], "window")
    windows = _on_floors(r, windows, raw["windows"].get("zone"), paths["windows"])
    items = r.parse_all(Service, raw["services"].get("service", []), paths["services"], "service")
    own = raw["services"].get("hall_service", [])
    if isinstance(own, list):
        own = [_hall_service(s) for s in own if not (isinstance(s, dict) and s.get("queue") == "")]
    if own:
        items += r.parse_all(Service, own, paths["services"], "hall_service")
    departments = r.parse_all(
        Department, raw["departments"].get("department", []), paths["departments"], "department"
    )
    people = r.parse_all(Person, raw["staff"].get("staff", []), paths["staff"], "staff")
    own_classes = raw["windows"].get("class")
    classes = r.parse_all(WindowClass, own_classes, paths["windows"], "class") if own_classes else []
    by_queue = {q.prefix: q for q in queues}
    whole = not any(trouble.file == str(paths["queues"]) for trouble in r.troubles)  # else all would miss one
    for i, service in enumerate(items):
        if whole and service.queue not in by_queue:
            r.no(
                paths["services"],
                f"service[{i}].queue",
                f"没有队列 {service.queue}",
                f"no queue {service.queue}",
            )
    for i, window in enumerate(windows):
        for q in (*window.queues, *(parse_overflow(o)[0] for o in window.overflow)):
            if whole and q not in by_queue:
                r.no(paths["windows"], f"window[{i}].queues", f"没有队列 {q}", f"no queue {q}")
    _unique(r, paths["windows"], "window.id", [w.id for w in windows])
    _unique(r, paths["windows"], "window.number", [w.number for w in windows])
    _unique(r, paths["services"], "service.id", [s.id for s in items])
    _unique(r, paths["queues"], "queue.prefix", [q.prefix for q in queues])
    _unique(r, paths["staff"], "staff.id", [p.id for p in people])
    serving = {q: tuple(w.id for w in windows if q in w.queues) for q in by_queue}
    return Catalogue(
        queues=by_queue,
        windows={w.id: w for w in windows},
        services={s.id: s for s in items},
        departments={d.id: d for d in departments},
        people={p.id: p for p in people},
        serving=serving,
        classes={c.id: c for c in classes},
        mandates=_read_mandates(r, folder / "mandates.toml"),
        events=_read_events(r, folder / "packages.toml", {s.id for s in items}),
    )


def _read_events(r: Reader, path: Path, services: set[str]) -> tuple[LifeEvent, ...]:
    """一件事 as somebody looks for it: of each package the steps that this hall takes in itself."""
    if not path.exists():
        return ()
    found = []
    for i, package in enumerate(r.load(path, "package").get("package", [])):
        names = [package.get(key) for key in ("id", "name")]
        steps = [step.get("service") for step in package.get("steps", [])]
        if not all(isinstance(word, str) and word for word in (*names, *steps)):
            r.no(
                path,
                f"package[{i}]",
                "要有 id、name，每个步骤要有 service",
                "needs id, name and steps with a service",
            )
            continue
        own = tuple(step for step in steps if step in services)
        if own:
            found.append(LifeEvent(package["id"], package["name"], package.get("name_en", ""), own))
    return tuple(found)


def _read_mandates(r: Reader, path: Path) -> tuple[Mandate, ...]:
    """委托受理: a hall without comprehensive windows needs no such file."""
    if not path.exists():
        return ()
    return tuple(r.parse_all(Mandate, r.load(path, "mandate").get("mandate", []), path, "mandate"))


def _hall_service(raw: object) -> object:
    """A service of the hall itself (collection, enquiry): a service without codes; its `note` is for the
    reader."""
    return {k: v for k, v in raw.items() if k != "note"} if isinstance(raw, dict) else raw


def _unique(r: Reader, path: Path, key: str, ids: list[str]) -> None:
    for twice in {x for x in ids if ids.count(x) > 1}:
        r.no(path, key, f"重复：{twice}", f"used twice: {twice}")


def _read_calendar(r: Reader, path: Path) -> tuple[tuple[Year, ...], tuple[LocalDay, ...]]:
    raw = r.load(path, "rule", "holiday", "local")
    holidays = raw.get("holiday")
    years = r.parse_all(Year, holidays, path, "holiday") if holidays is not None else []
    own = r.parse_all(LocalDay, raw["local"], path, "local") if raw.get("local") else []
    return tuple(years), tuple(own)


def _read_rating(r: Reader, path: Path) -> tuple[RatingAsk | None, list[Level]]:
    raw = r.load(path, "rule", "bad", "complaint", "channel", "level", "anti_cheat")
    rule = raw.get("rule", {})
    return r.parse(RatingAsk, rule, path, "rule"), r.parse_all(Level, raw.get("level", []), path, "level")


def _read_follow_up(r: Reader, path: Path) -> tuple[BadRatings | None, Limits | None]:
    raw = Reader().load(path)
    bad = r.parse(BadRatings, raw.get("bad", {}), path, "bad")
    return bad, r.parse(Limits, raw.get("complaint", {}), path, "complaint")
