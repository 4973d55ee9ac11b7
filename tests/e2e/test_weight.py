"""What a live face makes an old machine load and run: kilobytes of script, gzipped, at its first start."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.web.assets import BASE, DIST, built
from server.web.pages import SOURCES

# All that a face needs on an ordinary day is counted: test_walk.py lets nothing else through to it.
MOST_KB = {"window": 45, "pad": 45, "hall": 45, "clerk": 45, "touch": 90}


@pytest.mark.parametrize("face", MOST_KB)
def test_a_live_face_stays_light(face: str) -> None:
    weight = sum(script.stat().st_size for script in sent(face))
    assert weight <= MOST_KB[face] * 1000, f"{face}: {weight / 1000:.1f} kB"


def sent(face: str) -> list[Path]:
    """The scripts that a face loads at its start, packed as the server sends them."""
    files = built(SOURCES[face])
    if files is None:
        pytest.skip("the faces are not built: ./wucha run or ./wucha test builds them where npm is")
    return [DIST / f"{path.removeprefix(BASE)}.gz" for path in (files.script, *files.modules)]
