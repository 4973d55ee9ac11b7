"""The far end of a reader of identity cards: the SAM module and the card somebody lays on it.

Written from what the module must see and say (S19, HARDWARE 4.1, read from its side): a frame that is
whole is answered, one whose XOR or length is wrong is answered with 10 or 11, and a card answers "find"
once and then not again until it was lifted.

Acts: lay {card}, lift, power, fault, clear. Faults: no_card (80 although one lies there), not_selected (81),
read_failed (41 in mid-way, the card has moved), self_test (60), stray_zeros (00 between the bytes of the
header), truncated (the 1295 bytes end in the middle), bad_xor, bad_record (the XOR of
the record only), slow (2 s for everything), unplug_in_read,
wrong_type (a letter nobody knows), found_again (the lying card answers "find" again), silent. A fault with a
`value` happens so often and is over. A URL may switch them on: virtual://idcard_sam/x?fault=slow,bad_xor
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.virtual.cards import DemoCard, load_cards
from drivers.virtual.faults import Faults
from drivers.virtual.medium import Medium

FAULTS = frozenset(
    {
        "no_card",
        "not_selected",
        "read_failed",
        "self_test",
        "stray_zeros",
        "truncated",
        "bad_xor",
        "bad_record",
        "slow",
        "unplug_in_read",
        "wrong_type",
        "found_again",
        "silent",
    }
)
FELT = ("silent", "self_test", "bad_xor")
HEADER = [0xAA, 0xAA, 0xAA, 0x96, 0x69]
WORK_S = {(0x20, 0x01): 0.02, (0x20, 0x02): 0.03, (0x30, 0x01): 1.0, (0x30, 0x03): 0.4}
SLOW_S = 2.0
PHOTO = 1024
SPEEDS = 5


class SamReader:
    model = "idcard_sam"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        self.name, self.address = name, address
        self.cards = load_cards()
        self.card: DemoCard | None = None
        self.reads = self.rejected = 0
        self.faults = Faults(FAULTS)
        self.commands: list[str] = []
        self._cut_at: float | None = None
        self._power_up()

    def _power_up(self) -> None:
        self._frame: list[int] = []
        self._forget()

    def _forget(self) -> None:
        """The module knows of no card: one that lies there has to answer anew."""
        self._found = self._selected = False

    # what the cable calls

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def due(self) -> float | None:
        return self._cut_at

    def tick(self, now: float) -> None:
        if self._cut_at is not None and now >= self._cut_at:
            self._cut_at = None
            self._cable.unplug()

    def full(self) -> bool:
        return False

    def receive(self, byte: int, at: float) -> None:
        if "silent" in self.faults:
            return
        frame = self._frame
        frame.append(byte)
        if len(frame) <= 5:
            while frame and frame != HEADER[: len(frame)]:
                frame.pop(0)
            return
        if len(frame) < 7:
            return
        size = frame[5] << 8 | frame[6]
        if not 3 <= size <= 3 + 64:
            self._frame = []
            self._reject(0x11, at)
        elif len(frame) == 7 + size:
            self._frame = []
            xor = 0
            for one in frame[5:-1]:
                xor ^= one
            if xor != frame[-1]:
                self._reject(0x10, at)
            else:
                self._obey(frame[7], frame[8], at)

    def look(self) -> dict[str, object]:
        return {
            "card": self.card.id if self.card else "",
            "cards": [{"id": card.id, "title": card.title} for card in self.cards.values()],
            "reads": self.reads,
            "rejected": self.rejected,
            "felt": list(FELT),
            **self.faults.look(),
        }

    def act(self, act: str, facts: dict[str, object]) -> None:
        if act == "lay":
            card = self.cards.get(str(facts.get("card", "")))
            if card is None:
                raise ValueError(f"no card {facts.get('card')!r}")
            self.card = card
            self._forget()
        elif act == "lift":
            self.card = None
            self._forget()
        elif act == "power":
            self._cable.hush(self.name)
            self._power_up()
        elif not self.faults.act(act, facts):
            raise ValueError(f"a reader cannot {act} {facts.get('fault', '')}".strip())

    # what the module does

    def _obey(self, cmd: int, para: int, at: float) -> None:
        self.commands.append(f"{cmd:02x}{para:02x}")
        del self.commands[:-50]
        if (cmd, para) == (0x10, 0xFF):
            self._forget()
            self._say(0x90, at)
        elif (cmd, para) == (0x11, 0xFF):
            self._say(0x60 if self.faults.happens("self_test") else 0x90, at)
        elif (cmd, para) == (0x12, 0xFF):
            number = (5, 3, 20260101, 1234567, 7654321)
            sizes = (2, 2, 4, 4, 4)
            self._say(0x90, at, b"".join(n.to_bytes(s, "little") for n, s in zip(number, sizes, strict=True)))
        elif (cmd, para) == (0x20, 0x01):
            self._find(at)
        elif (cmd, para) == (0x20, 0x02):
            good = self.card and self._found and not self.faults.happens("not_selected")
            self._selected = bool(good)
            self._say(0x90 if good else 0x81, at, bytes(8) if good else b"", WORK_S[cmd, para])
        elif (cmd, para) == (0x30, 0x01):
            self._read(at)
        elif (cmd, para) == (0x30, 0x03):
            address = self.card.newest_address() if self.card and self._selected else b""
            self._say(0x90 if address else 0x91, at, address, WORK_S[cmd, para])
        elif cmd == 0x60 and para < SPEEDS:
            self._say(0x90, at)
        else:
            self._reject(0x21, at)

    def _find(self, at: float) -> None:
        there = self.card is not None and not self.faults.happens("no_card")
        if there and (not self._found or "found_again" in self.faults):
            self._found = True
            self._say(0x9F, at, bytes(4), WORK_S[0x20, 0x01])
        else:
            self._say(0x80, at, b"", WORK_S[0x20, 0x01])

    def _read(self, at: float) -> None:
        work = WORK_S[0x30, 0x01]
        if self.card is None or not self._selected or self.faults.happens("read_failed"):
            self._selected = False
            self._say(0x41, at, b"", work)
            return
        self._selected = False
        self.reads += 1
        record = self.card.record("Q" if self.faults.happens("wrong_type") else None)
        lengths = len(record).to_bytes(2, "big") + PHOTO.to_bytes(2, "big")
        self._say(0x90, at, lengths + record + bytes(PHOTO), work)

    def _reject(self, word: int, at: float) -> None:
        self.rejected += 1
        self._say(word, at)

    def _say(self, word: int, at: float, data: bytes = b"", work_s: float = 0.005) -> None:
        body = (len(data) + 4).to_bytes(2, "big") + bytes((0, 0, word)) + data
        xor = 0
        for one in body:
            xor ^= one
        long = len(data) > PHOTO
        if self.faults.happens("bad_xor") or (long and self.faults.happens("bad_record")):
            xor ^= 0x20
        head = b"\xaa\x00\xaa\xaa\x00\x00\x96\x69" if self.faults.happens("stray_zeros") else bytes(HEADER)
        whole = head + body + bytes((xor,))
        start = at + (SLOW_S if self.faults.happens("slow") else work_s)
        if long and self.faults.happens("truncated"):
            whole = whole[: len(whole) // 2]
        if long and self.faults.happens("unplug_in_read"):
            self._cut_at = start + self._cable.byte_time * len(whole) / 2
        self._cable.say(self.name, whole, start)
