"""Words of the hall's own data on a page in another language: which of them, and in what tongue they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Told:
    """`words` as a page shows them. `tongue`: their language where it is not the page's, so that who reads
    aloud speaks them rightly; a template writes it beside them by itself."""

    words: str
    tongue: str = ""

    def __str__(self) -> str:
        return self.words

    def __bool__(self) -> bool:
        return bool(self.words)

    def __html__(self) -> str:
        return str(
            Markup('<span lang="{}">{}</span>').format(self.tongue, self.words)
            if self.tongue
            else Markup.escape(self.words)
        )


Tell = Callable[[str, str], Told]


def teller(lang: str, latin: bool) -> Tell:
    """Chooses between Chinese and English words for a page in `lang`; `latin`: it prefers the English ones.
    Where a hall gave no English the Chinese stay."""

    def tell(chinese: str, english: str) -> Told:
        if latin and english:
            return Told(english, "" if lang == "en" else "en")
        return Told(chinese, "" if lang == "zh" else "zh-CN")

    return tell
