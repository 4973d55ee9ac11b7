"""The hall as it is published: its files, the newest configuration, placement and slips over them, the newest
rules.

The versions in force stand in the hall's row, so every unit and every view learns them with what it reads
anyway, in every process; what belongs to a version is read once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, bindparam, select

from server.configured import configured
from server.domain.catalogue import Catalogue
from server.domain.placement import placed
from server.settings import HallSettings
from server.store import tables as t
from server.store.config import bodies_in_force, moments
from server.store.placements import find_placement
from server.store.rules import find_rules
from server.store.slip_books import find_slips_version

_VERSIONS = select(t.hall.c.placement, t.hall.c.rules, t.hall.c.slips, t.hall.c.config).where(
    t.hall.c.id == bindparam("hall")
)


class Current:
    """`hall`: the newest settings this process has seen; they only go forward. `files`: the files alone."""

    def __init__(self, files: HallSettings) -> None:
        self._guard = Lock()
        self.files = files
        self.hall = replace(files, keep_up=self.keep_up, as_of=self.as_of)
        self._then: dict[int, Catalogue] = {}
        self._moments: tuple[int, list[tuple[datetime, int]]] = (0, [])

    def keep_up(
        self, connection: Connection, placement: int, rules: int, slips: int, config: int
    ) -> HallSettings:
        """The settings of these versions, or of newer ones that were seen already."""
        known = self.hall
        if (
            placement <= known.placement
            and rules <= known.rules_version
            and slips <= known.slips_version
            and config <= known.config
        ):
            return known
        with self._guard:
            known = self.hall
            if config > known.config or placement > known.placement:
                known = self._catalogue(
                    connection, known, max(config, known.config), max(placement, known.placement)
                )
            if rules > known.rules_version:
                known = replace(known, rules=find_rules(connection, known.id, rules), rules_version=rules)
            if slips > known.slips_version:
                body = find_slips_version(connection, known.id, slips).body
                book = replace(known.slips, templates={**known.file_slips.templates, **body})
                known = replace(known, slips=book, slips_version=slips)
            self.hall = known
        return known

    def follow(self, connection: Connection) -> HallSettings:
        """The hall as the newest commit of this database has it; the files alone where it has none."""
        row = connection.execute(_VERSIONS, {"hall": self.files.id}).one_or_none()
        return self.hall if row is None else self.keep_up(connection, *row)

    def as_of(self, connection: Connection, moment: datetime) -> Catalogue:
        """The catalogue as it was configured at `moment`, without placement; each state is made once."""
        newest, known = self._moments
        if newest != self.hall.config:
            known = moments(connection, self.hall.id)
            self._moments = (self.hall.config, known)
        config = max((count for at, count in known if at <= moment), default=0)
        if config not in self._then:
            bodies = bodies_in_force(connection, self.hall.id, config)
            self._then = {**dict(list(self._then.items())[-7:]), config: configured(self.files, bodies).files}
        return self._then[config]

    def _catalogue(
        self, connection: Connection, known: HallSettings, config: int, placement: int
    ) -> HallSettings:
        """Files, configuration and placement, one over the other."""
        if config > known.config:
            now = configured(self.files, bodies_in_force(connection, known.id, config))
            parts = ("hall", "calendar", "years", "boards", "rosters", "nearby", "files", "plan")
            known = replace(known, config=config, **{part: getattr(now, part) for part in parts})
        wish = find_placement(connection, known.id, placement).body
        return replace(known, catalogue=placed(known.files, wish), placement=placement)
