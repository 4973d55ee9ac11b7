"""The sentences of config/text for what passed by on a line, for the tools without a server."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from drivers.spec import CONFIG


class Words:
    """One language's sentences; a word nobody wrote down is told as it is."""

    def __init__(self, lang: str = "zh", folder: Path = CONFIG / "text") -> None:
        try:
            table = tomllib.loads((folder / f"{lang}.toml").read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError):
            table = {}
        self._said: dict[str, Any] = table.get("wiring", {}).get("said", {})
        self._results: dict[str, Any] = table.get("wiring", {}).get("result", {})
        self._reasons: dict[str, Any] = table.get("manager", {}).get("reason", {})

    def said(self, code: str, facts: dict[str, Any]) -> str:
        """What bytes mean, as drivers/protocol/explain.py found it."""
        family, _, word = code.partition(".")
        sentence = self._said.get(family, {}).get(word)
        told = {**facts, "word": self.reason(str(facts.get("word", "")))}
        return str(sentence).format(**told) if sentence else f"{code} {facts}"

    def result(self, state: str, reason: str) -> str:
        """How a test went, in a sentence."""
        sentence = str(self._results.get(state, state + " {reason}"))
        return sentence.format(reason=self.reason(reason)).strip()

    def reason(self, word: str) -> str:
        return str(self._reasons.get(word, word))
