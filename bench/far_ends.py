"""The far ends of 60 devices behind real pseudo terminals, in a process of their own:
`python -m bench.far_ends`.

Prints a device list for the host on stdout, then stays until its stdin is closed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from drivers.virtual.bench import PEERS
from drivers.virtual.expose import OverPty
from drivers.virtual.medium import Medium

#: model, driver, baud, what it stands at, lines, devices on each line
LINES = (
    ("slip_80mm", "escpos", 115200, "kiosk", 4, 1),
    ("strip_128x16", "onbon_bxk", 57600, "window", 4, 7),
    ("keypad_pad5", "keypad_ff68", 9600, "window", 4, 7),
)


def listed(keep: list[OverPty]) -> Iterator[str]:
    yield '[host]\nname = "bench"\n'
    for model, driver, baud, place, lines, each in LINES:
        for line in range(lines):
            cable = Medium(f"{model}-{line}", baud=baud, shared=each > 1)
            for n in range(each):
                cable.join(PEERS[driver](f"{model}-{line}-{n}", n + 1, {}))
            keep.append(OverPty(cable))
            yield f'[line.{model}-{line}]\nurl = "{keep[-1].url}"\n'
            for n in range(each):
                yield (
                    f'[[device]]\nname = "{model}-{line}-{n}"\nmodel = "{model}"\nline = "{model}-{line}"\n'
                    f'address = {n + 1}\n{place} = "P{line * each + n + 1:02}"\n'
                )


def main() -> None:
    keep: list[OverPty] = []
    print("\n".join(listed(keep)), flush=True)
    print("# end", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
