"""The words of config/text/<lang>.toml, flattened to dotted keys. Chinese is complete; others fall back to
it, or first to the language they name themselves (language.instead)."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from string import Formatter
from typing import Any

DAY = re.compile(r"\d{4}-\d\d-\d\d(?= \d\d:\d\d$|$)")  # of the facts of a sentence; a time may follow


@dataclass(frozen=True)
class Sent:
    """All words of a language as JSON, plain and packed."""

    etag: str
    body: bytes
    packed: bytes


class Texts:
    """All languages of one folder. `languages` are the file names."""

    def __init__(self, folder: Path) -> None:
        self._words = {
            p.stem: _flat(tomllib.loads(p.read_text("utf-8"))) for p in sorted(folder.glob("*.toml"))
        }
        self.languages = tuple(self._words)
        self._sent: dict[str, Sent] = {}

    def flat(self, lang: str) -> dict[str, str]:
        """Every key in `lang`, missing ones in the language that stands in for it."""
        return {**self._words["zh"], **self._words[self.instead(lang)], **self._words.get(lang, {})}

    def instead(self, lang: str) -> str:
        """What is spoken where `lang` has no words."""
        named = self._words.get(lang, {}).get("language.instead", "zh")
        return named if named in self._words else "zh"

    def speaking(self, face: str) -> dict[str, str]:
        """The languages that have words of their own for this face, each with the name it calls itself."""
        return {
            lang: self.say("language.name", lang)
            for lang, words in self._words.items()
            if any(key.startswith(face + ".") for key in words)
        }

    def say(self, key: str, lang: str = "zh", **facts: object) -> str:
        """The sentence `key` with {facts}; the key itself when nobody wrote it. A fact that is missing stays
        blank; `name` is told by `name_en` in English, and where English stands in; a date is written as
        people of that language do."""
        if lang == "en" or self.instead(lang) == "en":
            facts |= {known[:-3]: fact for known, fact in facts.items() if known.endswith("_en") and fact}
        words = self._of(key, lang)
        written = {known: self._written(fact, lang) for known, fact in facts.items()}
        return Formatter().vformat(words, (), _Blank(written)) if words else key

    def _of(self, key: str, lang: str) -> str | None:
        own, other = self._words.get(lang, {}), self._words[self.instead(lang)]
        return own.get(key) or other.get(key) or self._words["zh"].get(key)

    def _written(self, fact: object, lang: str) -> object:
        """2026-11-22 by book.date; every other fact, 31 February too, as it is."""
        found = DAY.match(fact) if isinstance(fact, str) else None
        words = self._of("book.date", lang) if found else None
        if found is None or words is None:
            return fact
        try:
            day = date.fromisoformat(found[0])
        except ValueError:
            return fact
        named = self._of(f"book.month.m{day.month}", lang)
        return f"{words.format(year=day.year, month=named, day=day.day)}{found.string[found.end() :]}"

    def both(self, key: str, **facts: object) -> dict[str, str]:
        """{"zh": …, "en": …}"""
        return {lang: self.say(key, lang, **facts) for lang in ("zh", "en")}

    def sent(self, lang: str) -> Sent:
        """`flat` as it goes to a face."""
        if lang not in self._sent:
            body = json.dumps(self.flat(lang), ensure_ascii=False, separators=(",", ":")).encode()
            self._sent[lang] = Sent(sha256(body).hexdigest()[:16], body, gzip.compress(body, mtime=0))
        return self._sent[lang]


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            out |= _flat(value, f"{prefix}{key}.")
        else:
            out[prefix + key] = str(value)
    return out
