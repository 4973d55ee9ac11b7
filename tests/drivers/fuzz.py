"""`python -m tests.drivers.fuzz <target> [libFuzzer words]`: bytes chosen by what they make the decoder do.

With no number of runs it goes on until it finds something; the bytes that did it are left in `crash-…`.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["drivers.protocol"]):
    from tests.drivers.decoders import TARGETS


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
