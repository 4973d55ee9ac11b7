"""What a hall offers and where: queues, windows, services, people. Plain data, read from config/*.toml.

The classes are the manual of their files: each attribute is a key. An unknown key is an error (settings.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal

STRICT: dict[str, object] = {"extra": "forbid"}


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


@dataclass(frozen=True)
class Department:
    """A body that posts staff in the hall (departments.toml)."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    id: str
    name: str
    name_en: str
    kind: Literal["local", "vertical", "group", "operator"]
    uscc: str


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
    skills_until: Mapping[str, date] = field(default_factory=dict)  # queue -> last day the skill holds
    title: str = ""
    sign_language: bool = False

    def may_serve(self, queue: str, on: date) -> bool:
        """False once the skill for `queue` has run out."""
        until = self.skills_until.get(queue)
        return until is None or on <= until


@dataclass(frozen=True)
class Catalogue:
    """All of it, with look-ups by id."""

    queues: dict[str, Queue]
    windows: dict[str, Window]
    services: dict[str, Service]
    departments: dict[str, Department]
    people: dict[str, Person]
    serving: dict[str, tuple[str, ...]] = field(default_factory=dict)  # queue -> window ids, own queues only


def parse_overflow(entry: str) -> tuple[str, str | None]:
    """("C", "S205") for "C:S205", ("B", None) for "B"."""
    queue, _, service = entry.partition(":")
    return queue, service or None
