"""What create_app wired together, for the doors to use."""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

from flask import current_app

from server.clock import Clock
from server.domain.brand import Brand
from server.domain.slips import SlipBook
from server.nearby import Hearsay
from server.settings import HallSettings, Settings
from server.store.brands import newest_brand
from server.store.current import Current
from server.store.snapshots.view import View
from server.store.unit import Store
from server.text import Texts


@dataclass(frozen=True)
class Worn:
    """The hall's look. version 0: the files'. `tag` names it in addresses; `logo`: its address, or empty."""

    version: int
    brand: Brand
    tag: str
    logo: str


@dataclass(frozen=True)
class House:
    """One hall's server: its settings, its database, its words."""

    settings: Settings
    store: Store
    texts: Texts
    clock: Clock
    current: Current
    key: bytes  # of the hashes that stand for persons; it never leaves the data folder
    era: str = ""  # of this hall's rows: a restore begins another, while no server runs
    hearsay: Hearsay = field(default_factory=Hearsay)  # what the halls nearby said last

    @property
    def slip(self) -> SlipBook:
        """The templates of all papers as they are published now."""
        return self.current.hall.slips

    @property
    def hall(self) -> HallSettings:
        """The hall as it is published now."""
        return self.current.hall

    def brand(self) -> Worn:
        """The look that the hall wears now: what a manager published, else what its files say."""
        with self.store.read() as connection:
            newest = newest_brand(connection, self.store.hall)
        if newest:
            tag = f"{newest.version}"
            return Worn(newest.version, newest.brand, tag, f"/brand/logo?v={tag}" if newest.logo_type else "")
        hall = self.hall
        tag = f"f{crc32(repr((hall.brand, hall.brand_logo)).encode()):x}"
        return Worn(0, hall.brand, tag, f"/brand/logo?v={tag}" if hall.brand_logo else "")

    def published(self) -> HallSettings:
        """The hall as the newest commit of any process has it."""
        with self.store.read() as connection:
            return View.of(connection, self.store.hall, self.hall, self.texts).settings


def house() -> House:
    """The house of the current request."""
    found = current_app.extensions["wucha"]
    assert isinstance(found, House)
    return found
