"""The hall that is played: as managers have published it in the data folder, or a folder's files as they
stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from server.settings import Settings
from server.simulate.arrivals import published_arrivals, read_arrivals
from server.simulate.run import World
from server.store.current import Current
from server.store.engine import open_engine, reading
from server.store.leaves import granted
from server.store.setup import is_current, is_new


class OtherSchema(Exception):
    """The database belongs to another release; looking must not change it."""


def files_alone(settings: Settings) -> World:
    """Raises SettingsError."""
    hall = settings.hall
    return World(hall, read_arrivals(settings.config / "arrivals.toml", hall.catalogue), hall.slips)


def published(settings: Settings) -> World:
    """With what lies over the files in the hall's database; the files alone where no hall was opened yet.
    Raises OtherSchema, SettingsError."""
    kind, _, path = settings.database.partition(":///")
    if kind == "sqlite" and not Path(path).exists():
        return files_alone(settings)
    engine = open_engine(settings.database)
    try:
        if is_new(engine):
            return files_alone(settings)
        if not is_current(engine):
            raise OtherSchema
        with reading(engine) as connection:
            found = Current(settings.hall).follow(connection)
            away = tuple(granted(connection, found))
    finally:
        engine.dispose()
    hall = replace(found, keep_up=None, as_of=None)  # it is played on another database
    told = settings.config / "arrivals.toml"
    arrivals = published_arrivals(told, settings.hall.catalogue, hall.catalogue)
    return World(hall, arrivals, hall.slips, away)
