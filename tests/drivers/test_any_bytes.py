"""Whatever a cable brings: no decoder crashes, hangs, or hears what was not said."""

from __future__ import annotations

import importlib
import os
import pkgutil
import random
import subprocess
import sys
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drivers.protocol
from tests.conftest import ROOT
from tests.drivers.decoders import TARGETS
from tests.drivers.vectors import flips, piecewise

MILLION, PIECE = 1_000_000, 251
SECONDS = 15


def test_no_decoder_is_forgotten():
    asked = {function for target in TARGETS.values() for function in target.functions}
    for module in pkgutil.iter_modules(drivers.protocol.__path__):
        found = importlib.import_module(f"drivers.protocol.{module.name}")
        for name, function in vars(found).items():
            if name.startswith("decode") and function.__module__ == found.__name__:
                assert function in asked, f"{module.name}.{name}"


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes(name):
    corpus = st.sampled_from(TARGETS[name].corpus)

    @given(st.lists(st.one_of(st.binary(max_size=40), corpus), max_size=5).map(b"".join))
    def holds(data):
        TARGETS[name].check(data)

    holds()


@pytest.mark.parametrize("name", TARGETS)
def test_every_flipped_bit_of_what_was_recorded(name):
    for frame in TARGETS[name].corpus:
        for bad in flips(frame[:300]):
            TARGETS[name].check(bad)


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.decode])
def test_a_million_random_bytes(name):
    """In pieces, as a port gives them. Behind a checksum nothing is heard."""
    target = TARGETS[name]
    noise = random.Random(f"noise/{name}").randbytes(MILLION)
    heard = piecewise(target.decode, (noise[at : at + PIECE] for at in range(0, MILLION, PIECE)))
    if target.checked:
        assert heard == [], heard
    else:
        assert len(heard) > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is made for Linux on x86-64 only")
@pytest.mark.parametrize("name", TARGETS)
def test_a_fuzzer_that_sees_the_code_finds_nothing(name, tmp_path):
    for number, frame in enumerate(TARGETS[name].corpus):
        (tmp_path / f"seed-{number}").write_bytes(frame)
    command = [
        sys.executable,
        "-m",
        "tests.drivers.fuzz",
        name,
        f"-max_total_time={SECONDS}",
        "-seed=7",
        "-max_len=1400",
    ]
    done = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=550,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "\nDone " in done.stderr
