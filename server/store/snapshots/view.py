"""The eyes of a snapshot: one read transaction, one hall, one moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.domain.catalogue import Catalogue
from server.settings import HallSettings
from server.store import tables as t
from server.store.days import latest_day
from server.text import Texts

Rows = dict[str, dict[str, Any] | None]
Ids = Collection[str]
ALL: Ids = ("*",)  # every row of the collection

_H = t.hall.c
_VERSIONS = (_H.placement, _H.rules, _H.slips, _H.config)
_MOMENT = select(_H.day, _H.revision, _H.last_at, *_VERSIONS).where(_H.id == bindparam("hall"))


@dataclass(frozen=True)
class View:
    """`day` is the hall's business day (None: closed); `revision` the last commit this view sees."""

    connection: Connection
    hall: str
    settings: HallSettings
    texts: Texts
    day: str | None
    revision: int
    at: datetime

    @classmethod
    def of(cls, connection: Connection, hall: str, settings: HallSettings, texts: Texts) -> View:
        row = connection.execute(_MOMENT, {"hall": hall}).one()
        if settings.keep_up is not None:
            settings = settings.keep_up(connection, row.placement, row.rules, row.slips, row.config)
        return cls(connection, hall, settings, texts, row.day, row.revision, row.last_at)

    def last_day(self) -> str | None:
        """The business day, or once it is closed the one that was opened last."""
        return self.day or latest_day(self.connection, self.hall)

    def names_at(self, moment: datetime) -> Catalogue:
        """What things were called at `moment`."""
        then = self.settings.as_of
        return self.settings.catalogue if then is None else then(self.connection, moment)


def wanted(ids: Ids, known: Collection[str]) -> list[str]:
    """The known ids that are asked for."""
    return list(known) if "*" in ids else [i for i in known if i in ids]


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
