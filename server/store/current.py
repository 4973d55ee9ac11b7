"""The hall as it is published: its files, the newest placement and slips over them, the newest rules.

The versions in force stand in the hall's row, so every unit and every view learns them with what it reads
anyway, in every process; what belongs to a version is read once.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from sqlalchemy import Connection

from server.domain.placement import placed
from server.settings import HallSettings
from server.store.placements import find_placement
from server.store.rules import find_rules
from server.store.slip_books import find_slips_version


class Current:
    """`hall`: the newest settings this process has seen. They only go forward."""

    def __init__(self, files: HallSettings) -> None:
        self._guard = Lock()
        self._files = files
        self.hall = replace(files, keep_up=self.keep_up)

    def keep_up(self, connection: Connection, placement: int, rules: int, slips: int) -> HallSettings:
        """The settings of these versions, or of newer ones that were seen already."""
        known = self.hall
        if placement <= known.placement and rules <= known.rules_version and slips <= known.slips_version:
            return known
        with self._guard:
            known = self.hall
            if placement > known.placement:
                wish = find_placement(connection, known.id, placement).body
                known = replace(known, catalogue=placed(self._files.files, wish), placement=placement)
            if rules > known.rules_version:
                known = replace(known, rules=find_rules(connection, known.id, rules), rules_version=rules)
            if slips > known.slips_version:
                body = find_slips_version(connection, known.id, slips).body
                book = replace(known.slips, templates={**known.file_slips.templates, **body})
                known = replace(known, slips=book, slips_version=slips)
            self.hall = known
        return known
