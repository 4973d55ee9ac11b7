"""config/voice/<lang>.toml: the words of the announcement and how each clip is spoken when nobody recorded
it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, get_type_hints

from drivers.errors import SpecError
from drivers.shapes import is_a

CONFIG: Final = Path(__file__).resolve().parent.parent / "config" / "voice"


@dataclass(frozen=True)
class Wording:
    """sentence: clip names in order, `{number}` and `{window}` in their places, `,` a pause of comma_s
    seconds.

    clips: clip name -> what to say. pinyin: the same for a program that cannot read Hanzi. digit_one: yi or
    yao, for the digits of a ticket only. window: as a number (十二) or digit by digit. voice, letters_voice
    and plain_voice: names of eSpeak voices for clips, for Latin letters, and for `pinyin`. speed: words per
    minute; letters_speed: for letters, which are easily misheard. title: the language's own name. prefix:
    the letter a number begins with -> a clip said first.
    """

    lang: str
    sentence: tuple[str, ...]
    clips: dict[str, str]
    window: Literal["chinese", "english", "digits"] = "digits"
    digit_one: Literal["yi", "yao"] = "yi"
    pinyin: dict[str, str] | None = None
    voice: str = "en-us"
    letters_voice: str = "en-us"
    plain_voice: str = "en-us"
    speed: int = 150
    letters_speed: int = 0
    title: str = ""
    prefix: dict[str, str] | None = None
    comma_s: float = 0.25
    gap_s: float = 0.04


def load_wording(lang: str, folder: Path = CONFIG) -> Wording:
    """Raises SpecError with all mistakes; an unknown language is one too."""
    path = folder / f"{lang}.toml"
    try:
        row: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError([f"{path}: 读不了 / cannot be read: {error}"]) from error
    hints = get_type_hints(Wording)
    known = {field.name for field in fields(Wording)} - {"lang"}
    errors = [f"{path}: {key}: 未知的键 / unknown key" for key in row.keys() - known]
    tables = {key: row.get(key, {}) for key in ("clips", "pinyin", "prefix")}
    for key, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(word, str) for word in table.values()):
            errors.append(f"{path}: {key}: 应为文字表 / must be a table of texts")
    errors += [
        f"{path}: {key}: 值不对 / cannot be {row[key]!r}"
        for key in row.keys() & (known - set(tables))
        if not is_a(row[key], hints[key])
    ]
    if not errors:
        wanted = {word for word in row.get("sentence", []) if word not in ("{number}", "{window}", ",")}
        wanted |= set(row.get("prefix", {}).values())
        errors += [
            f"{path}: clips.{word}: 缺少 / missing" for word in sorted(wanted - row.get("clips", {}).keys())
        ]
        errors += [] if wanted else [f"{path}: sentence: 必须填写 / must be given"]
    if errors:
        raise SpecError(errors)
    return Wording(lang, tuple(row["sentence"]), **{k: v for k, v in row.items() if k != "sentence"})
