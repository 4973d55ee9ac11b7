"""What a slip says: a template (config/slips/*.toml) filled with one ticket's facts, as device-neutral parts.

A part is one of {"text", "size", "align", "bold"}, {"rule"}, {"qr", "size"}, {"feed"}. A line with `when` is
left out unless that fact is true; a line whose text comes out empty is left out too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from server.domain.catalogue import STRICT

Part = dict[str, object]
FACTS = (  # what a line of a ticket's slip may name
    *("number", "hall", "service", "service_en", "queue", "ahead", "windows", "taken_at"),
    *("url", "copy", "reprint", "hotline", "appointment"),
    *("wait", "wait_soon", "wait_unknown", "further", "items"),
)


@dataclass(frozen=True)
class Line:
    """One [[line]] of a slip template; {name} takes the fact `name`."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    text: str = ""
    qr: str = ""
    rule: bool = False
    feed: int = 0
    size: int = 1  # 1..4 times the font; module size in dots for a QR code
    align: Literal["left", "center", "right"] = "left"
    bold: bool = False
    when: str = ""


@dataclass(frozen=True)
class SlipTemplate:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    line: Sequence[Line]


def compose(template: SlipTemplate, facts: Mapping[str, object]) -> list[Part]:
    """The parts of one slip. Raises KeyError for a fact that the template names and nobody gave."""
    parts: list[Part] = []
    for line in template.line:
        if line.when and not facts[line.when]:
            continue
        if line.rule:
            parts.append({"rule": True})
        elif line.feed:
            parts.append({"feed": line.feed})
        elif line.qr:
            parts.append({"qr": line.qr.format_map(facts), "size": line.size})
        elif text := line.text.format_map(facts).strip():
            parts.append({"text": text, "size": line.size, "align": line.align, "bold": line.bold})
    return parts
