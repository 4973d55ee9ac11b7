"""Dates among the facts of a sentence are written as people of its language write them."""

from __future__ import annotations

import pytest

from server.text import Texts
from tests.conftest import ROOT

TEXTS = Texts(ROOT / "config" / "text")
SAID = {
    "zh": "今天的业务（2026年11月22日）已经开始了。",
    "en": "Today's business (22 Nov 2026) is open already.",
}


@pytest.mark.parametrize("lang", SAID)
def test_a_date_is_written_by_its_language(lang: str) -> None:
    told = TEXTS.say("refused.day-open-already", lang, date="2026-11-22")
    assert ("2026-11-22" in told, told) == (False, SAID[lang])


@pytest.mark.parametrize(
    ("lang", "written"),
    [("zh", "2026年3月2日"), ("en", "2 Mar 2026"), ("ja", "2026年3月2日"), ("ko", "2026년 3월 2일")],
)
def test_a_time_may_follow_and_what_is_no_date_stays(lang: str, written: str) -> None:
    def told(fact: object) -> str:
        return TEXTS.say("alarm.clock", lang, clock=fact, stored="")

    assert f"{written} 09:05" in told("2026-03-02 09:05")
    for other in (
        "2026-13-02",
        "2026-02-31",
        "2026-02-29",
        "2026-04-31 09:05",
        "2026-03-02T09:05",
        "A2026-03-02",
        7,
    ):
        assert str(other) in told(other)
