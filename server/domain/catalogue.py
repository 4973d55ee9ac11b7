"""What a hall offers and where: queues, windows, services, people. Plain data, read from config/*.toml.

The classes are the manual of their files: each attribute is a key. An unknown key is an error (settings.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property
from typing import ClassVar, Literal

STRICT: dict[str, object] = {"extra": "forbid"}

Identity = Literal["none", "phone", "id_card_optional", "id_card_required"]
Mode = Literal["by_department", "grouped", "undifferentiated"]
Span = tuple[time, time]  # local opening hours; an end that is not after its start is on the next day


@dataclass(frozen=True)
class Queue:
    """A pool of services with one line of waiting tickets (queues.toml)."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    prefix: str  # letter printed before the number
    name: str
    name_en: str
    first_number: int = 1
    last_number: int = 999
    digits: int = 3
    reset: Literal["daily"] = "daily"
    target_wait_minutes: int = 30
    service_level_goal: float = 0.8  # share of tickets called within the target
    appointments: bool = False
    self_register: bool = True  # false: only staff give these numbers
    mode: Mode = "by_department"  # by_department: the windows that name it; grouped: the windows of a class
    # that holds it; undifferentiated: every comprehensive window, and those that name it
    skill: str = ""  # what a person must be able to do to call it; "" = the prefix, "*" = nothing
    hours: tuple[Span, ...] = ()  # own hours on working days instead of the hall's: early, late, staggered
    saturday: tuple[Span, ...] = ()  # own hours on Saturdays
    kiosk_open: time | None = None  # numbers from here on; None = the hall's rule
    last_ticket: time | None = None  # no number from here on, whatever the closing time says
    stop_minutes_before_close: int | None = None  # None = the hall's rule
    lunch: Literal["staffed", "open", "closed"] = "staffed"  # staffed: while a window works over lunch
    carry_over: bool = False  # its hours may run past midnight and keep the business day open until they end
    day_quota: int = 0  # numbers a day, 0 = no limit
    slot_quota: int = 0  # numbers within `slot_minutes`, 0 = no limit
    slot_minutes: int = 30
    warn_ahead: int = 0  # a citizen is asked to confirm when so many people are ahead; 0 = never

    @property
    def skill_needed(self) -> str | None:
        return None if self.skill == "*" else self.skill or self.prefix


@dataclass(frozen=True)
class Window:
    """A numbered desk (windows.toml)."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    number: str  # what people see and hear
    name: str
    kind: Literal["comprehensive", "special", "cross_province", "stuck_case", "collection", "supplement"]
    queues: tuple[str, ...]  # served in the order of the rule
    overflow: tuple[str, ...] = ()  # only when the own queues are empty; "C:S205" = one service of queue C
    default_state: Literal["open", "tidal"] = "open"
    led_address: int | None = None
    pad_id: str = ""
    zone: str = ""
    low_counter: bool = False
    lunch_duty: bool = False
    saturday: bool = False
    floor: str = ""  # 楼层, e.g. "2"; its zone's where it names none, empty where the hall has one floor
    classes: tuple[str, ...] = ()  # window classes, for queues in mode "grouped"
    out: Literal["", "repair", "closed"] = ""  # nobody works there: for a repair, or for good
    name_en: str = ""


@dataclass(frozen=True)
class Zone:
    """An area of the hall and its floor (windows.toml [[zone]])."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    name: str
    floor: str
    name_en: str = ""


@dataclass(frozen=True)
class Limit:
    """A time limit. unit: immediate, workday or calendar_day; hour where a service promises hours."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    n: int
    unit: Literal["immediate", "workday", "calendar_day", "hour", "none"]


@dataclass(frozen=True)
class Material:
    """One paper to bring. shared = fetched by the hall, the citizen brings nothing."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    name: str
    form: str
    required: bool = True
    deferrable: bool = False
    shared: bool = False
    name_en: str = ""


@dataclass(frozen=True)
class Service:
    """What a citizen can come for (services.toml)."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    name: str
    name_en: str
    queue: str
    avg_minutes: float
    department: str = ""
    theme: str = ""
    task_code: str = ""
    handle_item: str = ""
    basic_code: str = ""
    item_type: str = ""
    case_type: str = ""
    audience: str = ""
    legal_limit: Limit | None = None
    promised_limit: Limit | None = None
    fee_yuan: float | None = None
    fee_basis: str = ""
    legal_basis: str = ""
    visits: int = 1
    channels: tuple[str, ...] = ("hall",)
    appointment: bool = False
    agent_allowed: bool = False
    cross_province: bool = False
    deferrable: bool = False
    site_inspection: bool = False
    green_channel: bool = False
    notify_promise: bool = False
    priority_groups: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    result: str = ""
    result_delivery: tuple[str, ...] = ()
    materials: tuple[Material, ...] = ()
    popular: bool = False
    day_quota: int = 0  # numbers a day, 0 = no limit
    identity: Identity | None = None  # whether kiosks ask for an identity card; None = the hall's rule
    also: tuple[str, ...] = ()  # what people call it: 驾照, 准生证; found by search, never shown as its name
    closed: bool = False  # no new numbers and bookings; who has one is served
    result_en: str = ""
    fee_basis_en: str = ""
    theme_en: str = ""  # one service of a theme says it for all


@dataclass(frozen=True)
class Department:
    """A body that posts staff in the hall (departments.toml)."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    name: str
    name_en: str
    kind: Literal["local", "vertical", "group", "operator"]
    uscc: str
    place: str = ""  # where it is found: its rooms, its own address
    phone: str = ""
    place_en: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody who works in the hall (staff.toml). skills = queues this person may serve."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    name: str
    badge: str
    department: str
    role: Literal[
        "clerk",
        "back_clerk",
        "guide",
        "duty_leader",
        "supervisor",
        "manager",
        "chief_representative",
        "admin",
    ]
    a_window: str = ""
    b_windows: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    title: str = ""  # the post, on the badge
    duties: str = ""  # what this person answers for, on the badge
    sign_language: bool = False
    skill_until: Mapping[str, date] = field(default_factory=dict)  # skill -> its last day; none = no end
    photo: str = ""  # an upload (server/uploads.py), for the badge; "" = the file of the hall, or initials
    left: bool = False  # works here no longer: may not sign in, stays in what was
    title_en: str = ""
    name_en: str = ""  # as a passport writes it
    duties_en: str = ""


@dataclass(frozen=True)
class WindowClass:
    """A kind of comprehensive window (综合窗口类别): the queues that windows of this class take together."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    name: str
    name_en: str
    queues: tuple[str, ...]


@dataclass(frozen=True)
class Mandate:
    """委托受理: a department lets comprehensive windows take in one of its items, or all of them ("*")."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    department: str
    service: str
    since: date
    until: date | None = None
    document: str = ""  # number of the written agreement


@dataclass(frozen=True)
class LifeEvent:
    """一件事: what happens to a person or a firm, and the services of this hall that go with it, in order."""

    id: str
    name: str
    name_en: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """All of it, with look-ups by id."""

    queues: dict[str, Queue]
    windows: dict[str, Window]
    services: dict[str, Service]
    departments: dict[str, Department]
    people: dict[str, Person]
    serving: dict[str, tuple[str, ...]] = field(default_factory=dict)  # queue -> window ids, own queues only
    classes: dict[str, WindowClass] = field(default_factory=dict)
    mandates: tuple[Mandate, ...] = ()
    events: tuple[LifeEvent, ...] = ()

    @cached_property
    def mean_minutes(self) -> Mapping[str, float]:
        """service -> expected minutes."""
        return {service.id: service.avg_minutes for service in self.services.values()}

    @cached_property
    def themes_en(self) -> Mapping[str, str]:
        """theme -> its English name, where the hall gave one; the first service that says it has the word."""
        said: dict[str, str] = {}
        for service in self.services.values():
            if service.theme and service.theme_en:
                said.setdefault(service.theme, service.theme_en)
        return said

    @cached_property
    def mean_all(self) -> float:
        """Minutes, over all services."""
        return sum(self.mean_minutes.values()) / len(self.mean_minutes)


def parse_overflow(entry: str) -> tuple[str, str | None]:
    """("C", "S205") for "C:S205", ("B", None) for "B"."""
    queue, _, service = entry.partition(":")
    return queue, service or None
