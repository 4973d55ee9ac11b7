"""Fixtures by noun: a clock that is ours, the demo hall, a store on both engines, the wired app."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as property_settings
from sqlalchemy import create_engine, text

from server.domain.actors import Actor
from server.domain.slips import SlipBook
from server.settings import HallSettings, Settings, read_hall
from server.store.engine import open_engine
from server.store.setup import ensure_hall, migrate
from server.store.unit import Store
from tests import postgres

T = TypeVar("T")

if TYPE_CHECKING:
    from server.app import App

# A busy machine is no wrong answer: examples have no deadline, a test has its timeout.
property_settings.register_profile("hall", deadline=None, suppress_health_check=[HealthCheck.too_slow])
property_settings.load_profile("hall")

ROOT = Path(__file__).resolve().parent.parent
SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_NINE = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)  # an ordinary working Monday


class Clock:
    """The tests' clock: stands still until moved."""

    def __init__(self, at: datetime = MONDAY_NINE) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def hall() -> HallSettings:
    return read_hall(ROOT / "config" / "demo", ROOT / "config")


@pytest.fixture(scope="session")
def template(hall: HallSettings) -> SlipBook:
    return hall.slips


@pytest.fixture(scope="session")
def pg_url() -> Iterator[str]:
    if postgres.binaries() is None:
        pytest.skip(postgres.SKIPPED)
    with postgres.cluster() as url:
        yield url


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/wucha.db")
        migrate(engine)
        engine.dispose()  # the last one out writes the log into the file
        return Path(folder, "wucha.db").read_bytes()


def fresh_sqlite(folder: Path) -> str:
    """A migrated database in `folder`, copied: to migrate one takes 0.1 s. One that is there stays."""
    path = folder / "wucha.db"
    if not path.exists():
        path.write_bytes(_migrated())
    return f"sqlite:///{path}"


_names = itertools.count()


def fresh_pg(pg_url: str) -> str:
    """A migrated database cloned from a template, about 0.1 s each."""
    name = f"t{os.getpid()}_{next(_names)}"
    engine = create_engine(pg_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        known = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = 'wucha_template'")).first()
        if known is None:
            connection.execute(text("CREATE DATABASE wucha_template"))
            seed = open_engine(pg_url.replace("/postgres?", "/wucha_template?"))
            migrate(seed)
            seed.dispose()
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE wucha_template"))
    engine.dispose()
    return pg_url.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a hall, once per engine."""
    if request.param == "sqlite":
        return fresh_sqlite(tmp_path)
    return fresh_pg(request.getfixturevalue("pg_url"))


@pytest.fixture
def store(database: str, hall: HallSettings, clock: Clock) -> Iterator[Store]:
    engine = open_engine(database)
    ensure_hall(engine, hall.id, clock())
    yield Store(engine, hall.id, clock)
    engine.dispose()


@pytest.fixture
def make_settings(tmp_path: Path, hall: HallSettings) -> Callable[..., Settings]:
    def make(**changes: object) -> Settings:
        values: dict[str, object] = {
            "data": tmp_path,
            "config": ROOT / "config" / "demo",
            "common": ROOT / "config",
            "database": changes.get("database") or fresh_sqlite(tmp_path),
            "hall": hall,
            "password_cost": "test",
            **changes,
        }
        return Settings(**values)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def wired_once() -> Iterator[None]:
    """What every app of a test reads and compiles alike is read and compiled once: it is nine tenths of the
    time that `create_app` takes."""
    from werkzeug.routing import Rule

    import server.app

    built, build = {}, Rule._compile_builder  # of 250 addresses; nobody here asks for one to be built

    def builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (rule.rule, str(rule.defaults), append_unknown)
        if key not in built:
            built[key] = build(rule, append_unknown)
        return built[key]

    def once(make: Callable[[Path], T], folder: Path) -> Callable[[Path], T]:
        made = make(folder)
        return lambda asked: made if asked == folder else make(asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", builder)
        patch.setattr(server.app, "Texts", once(server.app.Texts, ROOT / "config" / "text"))
        patch.setattr(
            server.app, "printer_models", once(server.app.printer_models, ROOT / "config" / "profiles")
        )
        yield


@pytest.fixture
def app(wired_once: None, make_settings: Callable[..., Settings], clock: Clock) -> Iterator[App]:
    """The wired server on SQLite; the publisher is flushed by hand."""
    from server.app import create_app  # a rule's test need not load Flask

    made = create_app(make_settings(), clock)
    yield made
    made.house.store.engine.dispose()


KIOSK = Actor("device", "kiosk-1", "kiosk", kiosk="K1")


def clerk(person: str) -> Actor:
    return Actor("staff", person, "clerk", proof=f"session-{person}")
