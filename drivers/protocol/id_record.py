"""The text record of an identity card: 256 bytes UTF-16LE, every field padded with spaces.

The character at byte 248 says whose card it is: a space the citizen's, J the residence permit for
residents of HK, Macao and Taiwan (港澳台居民居住证), I the foreign permanent resident's of 2017, Y that
of 2023. The tables below are the layout: (field, bytes) in their order; a name with "-" is reserved.

Source: S19 of HARDWARE 4.2, github Johann356/readinfo `PCSCGetData.h` (commit d3bfcdc); the citizen's layout
in two more public readers [A], the others [B]. Whether a number other than the citizen's follows GB 11643 is
[U]; of the three layouts that have one it is asked all the same, for it is the only guard against a spoilt
record. The card of 2017 has a number of its own: three letters and twelve digits [U].
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from drivers.protocol.gb11643 import day_of, is_valid

Kind = Literal["mainland", "hmt", "foreign_2017", "foreign_2023"]
SIZE: Final = 256
TYPE_AT: Final = 248

Layout = tuple[tuple[str, int], ...]
MAINLAND: Final[Layout] = (
    ("name", 30), ("sex", 2), ("nation", 4), ("birth", 16), ("address", 70), ("number", 36), ("issuer", 30),
    ("valid_from", 16), ("valid_to", 16), ("-", 28), ("type", 2), ("-", 6),
)  # fmt: skip
HMT: Final[Layout] = (
    ("name", 30), ("sex", 2), ("-", 4), ("birth", 16), ("address", 70), ("number", 36), ("issuer", 30),
    ("valid_from", 16), ("valid_to", 16), ("pass_number", 18), ("issues", 4), ("-", 6), ("type", 2), ("-", 6),
)  # fmt: skip
FOREIGN_2017: Final[Layout] = (
    ("name_en", 120), ("sex", 2), ("number", 30), ("nationality", 6), ("name", 30), ("valid_from", 16),
    ("valid_to", 16), ("birth", 16), ("version", 4), ("agency", 8), ("type", 2), ("-", 6),
)  # fmt: skip
FOREIGN_2023: Final[Layout] = (
    ("name", 30), ("sex", 2), ("issues", 4), ("birth", 16), ("name_en", 70), ("number", 36), ("-", 30),
    ("valid_from", 16), ("valid_to", 16), ("name_en", 22), ("nationality", 6), ("type", 2), ("items", 6),
)  # fmt: skip
TYPES: Final[dict[str, tuple[Kind, Layout]]] = {
    " ": ("mainland", MAINLAND),
    "J": ("hmt", HMT),
    "I": ("foreign_2017", FOREIGN_2017),
    "Y": ("foreign_2023", FOREIGN_2023),
}
SEX: Final = {"0": "unknown", "1": "male", "2": "female", "9": "unsaid"}
_CARD_2017: Final = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)


@dataclass(frozen=True)
class Card:
    """What the chip says. Nothing of it is ever printed by mistake: only `kind` shows in a repr.

    valid_to None: no end (长期). sex: male, female, unknown or unsaid. issues: 签发次数 or 换证次数.
    """

    kind: Kind
    name: str = field(repr=False)
    number: str = field(repr=False)
    birth: date | None = field(repr=False)
    sex: str = field(repr=False)
    name_en: str = field(default="", repr=False)
    nation: str = field(default="", repr=False)
    nationality: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    valid_from: date | None = field(default=None, repr=False)
    valid_to: date | None = field(default=None, repr=False)
    pass_number: str = field(default="", repr=False)
    issues: str = field(default="", repr=False)
    version: str = field(default="", repr=False)

    @property
    def is_sound(self) -> bool:
        """Has it a number that can be one, and does the number agree with the day of birth printed beside
        it?
        """
        if self.kind == "foreign_2017":
            return _CARD_2017.fullmatch(self.number) is not None and self.birth is not None
        return is_valid(self.number) and self.birth == day_of(self.number[6:14])


def kind_of(record: bytes) -> Kind | None:
    """Whose card this is, None for a type that nobody has told us of."""
    found = TYPES.get(record[TYPE_AT : TYPE_AT + 2].decode("utf-16-le", "replace"))
    return found[0] if found and len(record) == SIZE else None


def parse(record: bytes) -> Card | None:
    """The card in a text record; None when it is not 256 bytes, of no known type, or no text at all."""
    if kind_of(record) is None:
        return None
    kind, layout = TYPES[record[TYPE_AT : TYPE_AT + 2].decode("utf-16-le")]
    try:
        said = _fields(record, layout)
    except UnicodeDecodeError:
        return None
    return Card(
        kind=kind,
        name=said["name"] or said.get("name_en", ""),
        number=said["number"].upper(),
        birth=day_of(said["birth"]),
        sex=SEX.get(said["sex"], "unknown"),
        name_en=said.get("name_en", ""),
        nation=said.get("nation", ""),
        nationality=said.get("nationality", ""),
        address=said.get("address", ""),
        issuer=said.get("issuer", said.get("agency", "")),
        valid_from=day_of(said["valid_from"]),
        valid_to=day_of(said["valid_to"]),
        pass_number=said.get("pass_number", ""),
        issues=said.get("issues", ""),
        version=said.get("version", ""),
    )


def _fields(record: bytes, layout: Layout) -> dict[str, str]:
    """The fields by name; one that comes twice goes on where it stopped. Raises UnicodeDecodeError."""
    said: dict[str, str] = {}
    at = 0
    for name, size in layout:
        said[name] = said.get(name, "") + record[at : at + size].decode("utf-16-le")
        at += size
    return {name: text.rstrip(" \0") for name, text in said.items() if name not in ("-", "type")}


#: surnames of two characters that are met most; anybody else's is the first character
COMPOUND: Final = frozenset(
    (
        "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛",
        "尉迟", "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容",
        "仲孙", "钟离", "长孙", "宇文", "司徒", "鲜于", "司空", "闾丘", "子车", "亓官", "司寇", "巫马",
        "公西", "颛孙", "壤驷", "公良", "漆雕", "乐正", "宰父", "谷梁", "拓跋", "夹谷", "轩辕", "令狐",
        "段干", "百里", "呼延", "东郭", "南门", "羊舌", "微生", "梁丘", "左丘", "东门", "西门",
    )
)  # fmt: skip


def masked(name: str) -> str:
    """张** for a name: the surname and two stars, whatever its length; a foreign name keeps its first letter.

    The two stars do not tell how long the name is.
    """
    name = name.strip()
    if not name:
        return ""
    return f"{name[:2] if name[:2] in COMPOUND and len(name) > 2 else name[0]}**"
