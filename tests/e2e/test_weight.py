"""What a live face makes an old machine load and run: kilobytes of script, gzipped, at its first start."""

from __future__ import annotations

import gzip

import pytest

from server.web.assets import BASE, DIST, built
from server.web.pages import SOURCES

# Vue and Socket.IO alone are 33 of them. What is seldom shown comes later, and is not counted here.
MOST_KB = {"window": 45, "pad": 47, "hall": 52, "clerk": 57}


@pytest.mark.parametrize("face", MOST_KB)
def test_a_live_face_stays_light(face: str) -> None:
    files = built(SOURCES[face])
    if files is None:
        pytest.skip("the faces are not built: ./wucha run or ./wucha test builds them where npm is")
    scripts = [files.script, *files.modules]
    weight = sum(len(gzip.compress((DIST / path.removeprefix(BASE)).read_bytes(), 6)) for path in scripts)
    assert weight <= MOST_KB[face] * 1000, f"{face}: {weight / 1000:.1f} kB"
