"""What a slip says: a template (config/slips/*.toml, or one that a manager published) filled with the
facts of one paper, as device-neutral parts.

A part is one of {"text", "size", "align", "bold", "underline"}, {"rule"}, {"qr", "size"}, {"barcode"},
{"image", "mm", "align"}, {"feed"}. A line with `when` is left out unless that fact is true; a line whose text
comes out empty is left out too; lines in a row with the same `each` are printed together, once per row of
that list.

Which template a paper gets: of all that fit, the one that says most about whom it is for: this service,
then this kiosk, then this queue, then this width of paper.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from string import Formatter
from typing import ClassVar, Literal

from server.domain.catalogue import STRICT
from server.domain.papers import PAPERS, TICKET, PaperKind

Part = dict[str, object]
FACTS = PAPERS[TICKET].facts  # what a line of a ticket's slip may name
CONTENTS = ("text", "qr", "barcode", "image", "rule", "feed")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MOST_LINES, MOST_TEXT = 120, 300
MM = (58, 80)


@dataclass(frozen=True)
class Line:
    """One [[line]] of a slip template; {name} takes the fact `name`."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    text: str = ""
    qr: str = ""
    barcode: str = ""  # CODE128, ASCII only
    image: str = ""  # name of a picture: config/slips/*.png, or one that was uploaded
    rule: bool = False
    feed: int = 0
    size: int = 1  # 1..8 times the font; module size in dots, 1..16, for a QR code
    mm: int = 24  # width of a picture
    align: Literal["left", "center", "right"] = "left"
    bold: bool = False
    underline: bool = False
    when: str = ""
    each: str = ""

    @property
    def contents(self) -> list[str]:
        return [name for name in CONTENTS if getattr(self, name)]


@dataclass(frozen=True)
class SlipTemplate:
    """line: top to bottom. paper: which paper it is, a word of papers.PAPERS. mm: only for paper 58 or 80
    mm wide. services, queues, kiosks: only for these; empty = for all."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    line: Sequence[Line]
    title: str = ""
    title_en: str = ""
    paper: str = TICKET
    mm: int = 0
    services: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    kiosks: tuple[str, ...] = ()

    @property
    def for_all(self) -> bool:
        return not (self.mm or self.services or self.queues or self.kiosks)


@dataclass(frozen=True)
class Wanted:
    """What is to be printed for whom. mm: width of the printer's paper, 0 = nobody knows."""

    paper: str = TICKET
    service: str = ""
    queue: str = ""
    kiosk: str = ""
    mm: int = 0


@dataclass(frozen=True)
class PrinterModel:
    """What the server must know of a printer's model. mm: paper width; roll_m: metres on a new roll."""

    mm: int
    roll_m: int


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a template: where (`line.3.text`), Chinese and English."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True)
class SlipBook:
    """All templates in force, by name, and the printers' models by theirs."""

    templates: Mapping[str, SlipTemplate] = field(default_factory=dict)
    models: Mapping[str, PrinterModel] = field(default_factory=dict)

    def choose(self, wanted: Wanted) -> SlipTemplate:
        """Raises KeyError when no template fits; a checked book has one of every paper for everybody."""
        fitting = [
            (_says(template), name) for name, template in self.templates.items() if _fits(template, wanted)
        ]
        if not fitting:
            raise KeyError(wanted.paper)
        best = max(says for says, _ in fitting)
        return self.templates[min(name for says, name in fitting if says == best)]

    @property
    def asks_width(self) -> bool:
        return any(template.mm for template in self.templates.values())

    def mm_of(self, model: str) -> int:
        known = self.models.get(model)
        return known.mm if known else 0


def _fits(template: SlipTemplate, wanted: Wanted) -> bool:
    return (
        template.paper == wanted.paper
        and (not template.mm or template.mm == wanted.mm)
        and (not template.services or wanted.service in template.services)
        and (not template.queues or wanted.queue in template.queues)
        and (not template.kiosks or wanted.kiosk in template.kiosks)
    )


def _says(template: SlipTemplate) -> tuple[bool, bool, bool, bool]:
    return bool(template.services), bool(template.kiosks), bool(template.queues), bool(template.mm)


def compose(template: SlipTemplate, facts: Mapping[str, object]) -> list[Part]:
    """The parts of one slip. Raises KeyError for a fact that the template names and nobody gave."""
    parts: list[Part] = []
    for each, lines in groupby(template.line, key=lambda line: line.each):
        together = list(lines)
        for values in _rows(each, facts):
            for line in together:
                if line.when and not values[line.when]:
                    continue
                part = _part(line, values)
                if part is not None:
                    parts.append(part)
    return parts


def _rows(each: str, facts: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The facts themselves, or with one row of a list after another."""
    if not each:
        yield facts
        return
    rows = facts[each]
    for row in rows if isinstance(rows, Sequence) else ():
        yield {**facts, **row}


def _part(line: Line, facts: Mapping[str, object]) -> Part | None:
    if line.rule:
        return {"rule": True}
    if line.feed:
        return {"feed": line.feed}
    if line.image:
        return {"image": line.image, "mm": line.mm, "align": line.align}
    if line.qr:
        return {"qr": line.qr.format_map(facts), "size": line.size}
    if line.barcode:
        return {"barcode": line.barcode.format_map(facts)}
    text = line.text.format_map(facts).rstrip()
    if not text.strip():
        return None
    under: Part = {"underline": True} if line.underline else {}
    return {"text": text, "size": line.size, "align": line.align, "bold": line.bold, **under}


# --- checking


@dataclass(frozen=True)
class Known:
    """What a template may refer to in this hall."""

    services: Collection[str]
    queues: Collection[str]
    images: Collection[str]


def check_template(template: SlipTemplate, known: Known) -> list[Trouble]:
    """Every mistake of one template."""
    kind = PAPERS.get(template.paper)
    if kind is None:
        words = ", ".join(PAPERS)
        return [Trouble("paper", f"没有这种单据：{template.paper}", f"no such paper; known: {words}")]
    found: list[Trouble] = []
    if template.mm and template.mm not in MM:
        found.append(Trouble("mm", "纸宽只有 58 和 80", "paper is 58 or 80 mm wide"))
    if not template.line:
        found.append(Trouble("line", "至少要有一行", "at least one line is needed"))
    if len(template.line) > MOST_LINES:
        found.append(Trouble("line", f"最多 {MOST_LINES} 行", f"at most {MOST_LINES} lines"))
    for key, names, all_names in (
        ("services", template.services, known.services),
        ("queues", template.queues, known.queues),
    ):
        for name in names:
            if name not in all_names:
                found.append(Trouble(key, f"没有 {name}", f"no {name}"))
    for i, line in enumerate(template.line):
        found += [Trouble(f"line.{i}.{t.key}", t.zh, t.en) for t in _check_line(line, kind, known)]
    return found


def _check_line(line: Line, kind: PaperKind, known: Known) -> Iterator[Trouble]:
    contents = line.contents
    if len(contents) != 1:
        words = "、".join(CONTENTS)
        yield Trouble("text", f"每行恰好有一样：{words}", f"a line has exactly one of {', '.join(CONTENTS)}")
    names = set(kind.facts)
    if line.each:
        if line.each not in kind.lists:
            yield Trouble("each", f"没有 {line.each} 这个列表", f"no such list: {line.each}")
        names |= set(kind.lists.get(line.each, ()))
    if line.when and line.when not in names:
        yield Trouble("when", f"没有 {line.when} 这一项", f"no such fact: {line.when}")
    for key in ("text", "qr", "barcode"):
        words = getattr(line, key)
        if len(words) > MOST_TEXT:
            yield Trouble(key, f"最多 {MOST_TEXT} 个字", f"at most {MOST_TEXT} characters")
        yield from (Trouble(key, *said) for said in _check_words(words, names))
    if line.barcode and not line.barcode.isascii():
        yield Trouble("barcode", "条码只能用英文字母和数字", "a bar code holds ASCII only")
    if line.image and line.image not in known.images:
        yield Trouble("image", f"没有图片 {line.image}", f"no picture {line.image}")
    most = 16 if line.qr else 8
    if not 1 <= line.size <= most:
        yield Trouble("size", f"须在 1 到 {most} 之间", f"must be in 1..{most}")
    if not 5 <= line.mm <= 80:
        yield Trouble("mm", "须在 5 到 80 之间", "must be in 5..80")
    if not 0 <= line.feed <= 20:
        yield Trouble("feed", "须在 0 到 20 之间", "must be in 0..20")


def _check_words(words: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """{names} alone: no attribute, no index, no width that would fill a roll."""
    try:
        parsed = list(Formatter().parse(words))
    except ValueError as error:
        yield f"占位符不正确：{error}", f"a placeholder is wrong: {error}"
        return
    for _, name, spec, conversion in parsed:
        if name is not None and (name not in names or spec or conversion):
            yield f"占位符不正确：{name}", f"a placeholder is wrong: {name!r}"


def check_book(templates: Mapping[str, SlipTemplate], known: Known) -> list[Trouble]:
    """Every mistake of all templates together, keys beginning with the template's name."""
    found: list[Trouble] = []
    for name, template in templates.items():
        if not NAME.fullmatch(name):
            found.append(Trouble(name[:40], "名称只用小写字母、数字和 _ -", "a name is a-z, 0-9, _ and -"))
        found += [Trouble(f"{name}.{t.key}", t.zh, t.en) for t in check_template(template, known)]
    for paper in {TICKET, *(template.paper for template in templates.values())}:
        if not any(t.paper == paper and t.for_all for t in templates.values()):
            found.append(Trouble(paper, "缺少对所有人都适用的一份", "one that is for everybody is missing"))
    return found
