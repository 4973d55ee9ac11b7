"""The cards that can be laid on a virtual reader: config/demo/cards.toml, one [[card]] each, all invented.

The record of a card is put together here by the places of its fields, as the chip holds them (HARDWARE 4.2).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.errors import SpecError
from drivers.shapes import is_a

FILE = Path(__file__).resolve().parents[2] / "config" / "demo" / "cards.toml"
TEXTS = (
    "name", "name_en", "sex", "nation", "birth", "address", "number", "issuer", "valid_from", "valid_to",
    "pass_number", "issues", "nationality", "version", "newest_address",
)  # fmt: skip
#: type character -> (field, first byte, bytes); what is not listed stays blank
PLACES: dict[str, tuple[tuple[str, int, int], ...]] = {
    " ": (
        ("name", 0, 30), ("sex", 30, 2), ("nation", 32, 4), ("birth", 36, 16), ("address", 52, 70),
        ("number", 122, 36), ("issuer", 158, 30), ("valid_from", 188, 16), ("valid_to", 204, 16),
    ),
    "J": (
        ("name", 0, 30), ("sex", 30, 2), ("birth", 36, 16), ("address", 52, 70), ("number", 122, 36),
        ("issuer", 158, 30), ("valid_from", 188, 16), ("valid_to", 204, 16), ("pass_number", 220, 18),
        ("issues", 238, 4),
    ),
    "I": (
        ("name_en", 0, 120), ("sex", 120, 2), ("number", 122, 30), ("nationality", 152, 6), ("name", 158, 30),
        ("valid_from", 188, 16), ("valid_to", 204, 16), ("birth", 220, 16), ("version", 236, 4),
        ("issuer", 240, 8),
    ),
    "Y": (
        ("name", 0, 30), ("sex", 30, 2), ("issues", 32, 4), ("birth", 36, 16), ("name_en", 52, 70),
        ("number", 122, 36), ("valid_from", 188, 16), ("valid_to", 204, 16), ("nationality", 242, 6),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class DemoCard:
    """One card. title: what the bench page calls it; letter: its type character; said: field -> text."""

    id: str
    title: str
    letter: str
    said: Mapping[str, str]

    def record(self, letter: str | None = None) -> bytes:
        """256 bytes UTF-16LE; `letter` instead of the card's own for a fault."""
        whole = bytearray(" ".encode("utf-16-le") * 128)
        for field, at, size in PLACES[self.letter]:
            text = self.said.get(field, "").encode("utf-16-le")[:size]
            whole[at : at + len(text)] = text
        whole[248:250] = (letter or self.letter).encode("utf-16-le")
        return bytes(whole)

    def newest_address(self) -> bytes:
        text = self.said.get("newest_address", "").encode("utf-16-le")
        return (text + " ".encode("utf-16-le") * 35)[:70] if text else b""


def load_cards(path: Path = FILE) -> dict[str, DemoCard]:
    """The cards by id. Raises SpecError naming file and card."""
    try:
        rows: Any = tomllib.loads(path.read_text("utf-8")).get("card", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError([f"{path}: 读不了 / cannot be read: {error}"]) from error
    cards: dict[str, DemoCard] = {}
    for at, row in enumerate(rows):
        facts = dict(row)
        id, title, letter = (facts.pop(key, None) for key in ("id", "title", "type"))
        sound = is_a(id, str) and is_a(title, str) and letter in PLACES and id not in cards
        if not sound or not all(key in TEXTS and is_a(text, str) for key, text in facts.items()):
            raise SpecError([f"{path}: card[{at}]: 这张卡写错了 / this card is wrong"])
        cards[id] = DemoCard(id, title, letter, facts)
    return cards
