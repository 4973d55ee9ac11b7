"""Identity cards: golden frames, records of four kinds, and a reader on which somebody lays and lifts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceSilent, LineLost
from drivers.jobs import Outcome, ReadCard, ShowCounts, StopReading
from drivers.line.record import Record
from drivers.line.serial_line import SerialLine, Settings
from drivers.protocol import gb11643, id_record, sam
from drivers.protocol.errors import EncodeError
from drivers.reader.idcard_sam import CardFailed, CardRead, IdCardReader, Profile
from drivers.virtual.cards import load_cards
from drivers.virtual.sam import FAULTS
from tests.drivers.vectors import VECTORS, drain, flips, golden, names, piecewise
from tests.drivers.vectors import VECTORS as ROWS

COMMANDS = {
    "sam-reset": sam.RESET,
    "sam-status": sam.STATUS,
    "sam-find": sam.FIND,
    "sam-select": sam.SELECT,
    "sam-read": sam.READ,
    "sam-baud-9600": sam.speed(9600),
}
ANSWERS = names("sam-idcard", "reader->host")
SHORT = [name for name in ANSWERS if len(golden(name)) < 100]
READS = [name for name in ANSWERS if len(golden(name)) == 1295]
CARDS = load_cards()


# --- frames
def test_every_vector_is_used():
    assert {*COMMANDS, *ANSWERS} == set(names("sam-idcard"))
    assert len(READS) == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_equal_the_golden_bytes(name):
    assert COMMANDS[name].hex() == golden(name).hex()


@pytest.mark.parametrize(
    ("name", "word", "size"),
    [
        ("sam-ok", "ok", 0),
        ("sam-find-ok", "found", 4),
        ("sam-select-ok", "ok", 8),
        ("sam-select-fail", "not_selected", 0),
        ("sam-read-fail", "read_failed", 0),
        ("sam-read-mainland", "ok", 1284),
    ],
)
def test_answers_are_understood(name, word, size):
    (answer,) = drain(sam.decode, golden(name))
    assert (answer.word, len(answer.data)) == (word, size)


@pytest.mark.parametrize("name", ANSWERS)
def test_each_flipped_bit_is_rejected(name):
    assert [flipped for flipped in flips(golden(name)) if drain(sam.decode, flipped)] == []


@pytest.mark.parametrize("name", SHORT)
def test_split_at_every_byte_and_joined(name):
    whole = golden("sam-ok") + golden(name) + golden("sam-find-ok")
    expected = drain(sam.decode, whole)
    assert len(expected) == 3
    for at in range(1, len(whole)):
        assert piecewise(sam.decode, [whole[:at], whole[at:]]) == expected
    assert piecewise(sam.decode, [whole[at : at + 1] for at in range(len(whole))]) == expected


def test_a_long_answer_byte_by_byte():
    whole = golden("sam-read-mainland")
    assert len(piecewise(sam.decode, [whole[at : at + 7] for at in range(0, len(whole), 7)])) == 1


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("places", [(1,), (2,), (3,), (4,), (1, 1, 2), (1, 2, 3, 4), (4, 4, 4)])
def test_stray_zeros_in_the_header(name, places):
    whole = golden(name)
    for zeros, place in enumerate(places):
        whole = whole[: place + zeros] + b"\0" + whole[place + zeros :]
    assert drain(sam.decode, whole) == drain(sam.decode, golden(name))


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_noise_around_a_frame(before, after):
    found = drain(sam.decode, before + golden("sam-find-ok") + after)
    known = drain(sam.decode, golden("sam-find-ok"))[0]
    if sam._HEAD.search(before + b"\xaa\xaa\xaa\x96\x69"[:4]) is None and not before.rstrip(b"\0").endswith(
        b"\xaa"
    ):
        assert known in found


@given(st.binary(max_size=400), st.integers(1, 50))
def test_random_bytes_make_no_card(noise, step):
    found = piecewise(sam.decode, [noise[at : at + step] for at in range(0, len(noise), step)])
    assert all(sam.text_of(answer) is None for answer in found)
    _, rest = sam.decode(noise)
    assert len(rest) <= len(noise)


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=64))
def test_a_command_is_a_frame_that_checks(cmd, para, data):
    made = sam.command(cmd, para, data)
    xor = 0
    for byte in made[5:]:
        xor ^= byte
    assert xor == 0
    assert int.from_bytes(made[5:7], "big") == len(made) - 7


@pytest.mark.parametrize("wrong", [lambda: sam.command(256, 0), lambda: sam.speed(4800)])
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(EncodeError):
        wrong()


def test_the_module_tells_its_number():
    data = (5).to_bytes(2, "little") + (3).to_bytes(2, "little")
    data += b"".join(n.to_bytes(4, "little") for n in (20260101, 1234567, 7654321))
    assert sam.module_number(sam.Answer(0x90, data)) == "05-03-20260101-0001234567-0007654321"
    assert sam.module_number(sam.Answer(0x90, data[:-1])) is None


# --- numbers
@pytest.mark.parametrize("name", names("gb11643"))
def test_numbers_of_the_standard(name):
    row = VECTORS[name]
    assert gb11643.is_valid(row["text"]) is row["valid"]
    if row["valid"]:
        assert gb11643.is_valid(row["text"].lower())


@pytest.mark.parametrize(
    "wrong", ["", "1101051949123100", "11010519491331002X", "110105194902290020", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X"]
)
def test_what_is_no_number(wrong):
    assert not gb11643.is_valid(wrong)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 999999), st.integers(0, 999))
def test_every_number_with_its_check_character_is_valid_and_no_other(birth, region, order):
    first = f"{region:06}{birth:%Y%m%d}{order:03}"
    good = gb11643.check_character(first)
    assert [c for c in "0123456789X" if gb11643.is_valid(first + c)] == [good]
    assert gb11643.birth_of(first + good) == birth


# --- records
@pytest.mark.parametrize("letter", id_record.TYPES)
def test_layouts_fill_the_record(letter):
    kind, layout = id_record.TYPES[letter]
    at = 0
    for field, size in layout:
        if field == "type":
            assert at == id_record.TYPE_AT, kind
        at += size
    assert at == id_record.SIZE


def test_the_citizen_of_the_vector():
    said = ROWS["sam-read-mainland"]["fields"]
    card = id_record.parse(sam.text_of(drain(sam.decode, golden("sam-read-mainland"))[0]))
    assert card is not None
    assert (card.kind, card.name, card.number, card.sex) == ("mainland", said["name"], said["id"], "male")
    assert (card.address, card.issuer, card.nation) == (said["address"], said["issuer"], "01")
    assert (card.birth, card.valid_from, card.valid_to) == (
        date(1990, 3, 7),
        date(2020, 1, 1),
        date(2040, 1, 1),
    )


def test_the_foreigner_of_the_vector():
    said = ROWS["sam-read-foreign-2023"]["fields"]
    card = id_record.parse(sam.text_of(drain(sam.decode, golden("sam-read-foreign-2023"))[0]))
    assert card is not None
    assert (card.kind, card.name, card.name_en) == ("foreign_2023", said["name_cn"], said["name_en"])
    assert (card.number, card.nationality, card.birth) == (said["id"], said["nationality"], date(1990, 4, 15))
    assert card.is_sound


@pytest.mark.parametrize("id", CARDS)
def test_every_demo_card_is_read_as_it_is_declared(id):
    one = CARDS[id]
    card = id_record.parse(one.record())
    assert card is not None
    assert card.is_sound
    for field in ("name", "number", "name_en", "address", "nationality", "pass_number", "issues", "version"):
        assert getattr(card, field) == one.said.get(field, ""), field
    assert card.birth == gb11643.day_of(one.said["birth"])
    assert card.valid_to == gb11643.day_of(one.said["valid_to"])
    assert card.kind == id_record.TYPES[one.letter][0]


@pytest.mark.parametrize("id", [id for id, card in CARDS.items() if card.letter == " "])
def test_demo_citizens_live_in_a_region_that_does_not_exist(id):
    assert CARDS[id].said["number"].startswith("990123")


@given(st.binary(min_size=256, max_size=256))
def test_random_records_never_crash(record):
    card = id_record.parse(record)
    assert card is None or card.kind == id_record.kind_of(record)


def test_a_repr_tells_nothing_of_a_person():
    card = id_record.parse(CARDS["elder"].record())
    assert repr(card) == "Card(kind='mainland')"
    assert (
        repr(CardRead("reader-K1", "mainland", "9901", "张**", None, "male"))
        == "CardRead(device='reader-K1')"
    )
    assert "\\xaa" not in repr(sam.Answer(0x90, b"\xaa" * 8))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王**"),
        ("欧阳明月", "欧阳**"),
        ("欧阳", "欧**"),
        ("张三", "张**"),
        ("EXAMPLE, JANE", "E**"),
        ("", ""),
    ],
)
def test_names_are_masked(name, shown):
    assert id_record.masked(name) == shown


# --- the reader
class Desk:
    def __init__(self, plug, bench, clock, url="virtual://idcard_sam/r?baud=115200", profile=None):
        self.bench, self.clock = bench, clock
        self.line, (self.far,) = plug(url, Settings(baud=115200))
        self.line.record = Record(discreet=True)
        self.reader = IdCardReader("reader-K1", self.line, 1, profile)

    def act(self, act, **facts):
        self.bench.act(self.far.name, act, facts)

    def lay(self, card="elder"):
        self.act("lay", card=card)

    def fault(self, name, **facts):
        self.act("fault", fault=name, **facts)

    def see(self, seconds=4.0):
        events, until = [], self.clock.now() + seconds
        while self.clock.now() < until:
            events += self.reader.listen(0.05)
        return events


@pytest.fixture
def desk(plug, bench, clock):
    return Desk(plug, bench, clock)


ELDER = CardRead("reader-K1", "mainland", "990123194902030012", "张**", date(1949, 2, 3), "male")


def test_a_card_laid_is_read_once_however_long_it_lies(desk):
    desk.lay()
    assert desk.see(20) == [ELDER]
    assert desk.far.reads == 1


def test_nothing_is_read_from_an_empty_reader(desk):
    assert desk.see(10) == []
    assert "3001" not in desk.far.commands


@pytest.mark.parametrize("id", CARDS)
def test_all_kinds_of_cards(desk, id):
    desk.lay(id)
    (event,) = desk.see()
    assert (event.number, event.kind) == (CARDS[id].said["number"], id_record.TYPES[CARDS[id].letter][0])
    assert event.name.endswith("**")


def test_the_next_person_is_read_after_the_card_was_lifted(desk):
    desk.lay()
    assert desk.see() == [ELDER]
    desk.act("lift")
    assert desk.see() == []
    desk.lay("adult")
    assert [event.number for event in desk.see()] == ["990123198806150020"]


def test_the_same_card_laid_again_is_a_second_reading(desk):
    desk.lay()
    first = desk.see()
    desk.act("lift")
    desk.see(3)
    desk.lay()
    assert first + desk.see() == [ELDER, ELDER]


def test_a_card_that_slides_about_is_one_reading(desk):
    desk.lay()
    first = desk.see(2)
    desk.act("lift")
    desk.lay()
    assert first + desk.see(1.4) == [ELDER]


def test_a_reader_that_finds_the_lying_card_again_and_again(desk):
    desk.fault("found_again")
    desk.lay()
    assert desk.see(20) == [ELDER]


def test_looks_are_300_ms_apart(desk):
    desk.see(10)
    assert 20 <= len(desk.far.commands) <= 34


def test_only_when_asked(plug, bench, clock):
    desk = Desk(plug, bench, clock, profile=Profile(poll="asked"))
    desk.lay()
    assert desk.see(10) == []
    assert desk.far.commands == []
    assert desk.reader.perform(ReadCard("1", "K1", 10.0)) == Outcome("confirmed")
    assert desk.see() == [ELDER]
    desk.act("lift")
    desk.see(3)
    assert desk.reader.perform(StopReading("2", "K1")) == Outcome("confirmed")
    desk.lay("adult")
    assert desk.see(10) == []
    desk.reader.perform(ReadCard("3", "K1", 1.0))
    desk.act("lift")
    desk.see(3)
    desk.lay()
    assert desk.see(10) == []  # the kiosk asked for a second only


def test_other_jobs_are_refused(desk):
    assert desk.reader.perform(ShowCounts("1", "W01", 1)).state == "failed"


# --- the faults of HARDWARE 8
def test_fault_no_card(desk):
    desk.fault("no_card")
    desk.lay()
    assert desk.see() == []
    desk.act("clear")
    assert desk.see() == [ELDER]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("not_selected", "refused"),
        ("read_failed", "moved"),
        ("truncated", "broken"),
        ("bad_record", "broken"),
        ("wrong_type", "unknown_type"),
    ],
)
def test_a_card_that_cannot_be_read_is_told_once(desk, fault, reason):
    desk.fault(fault)
    desk.lay()
    assert desk.see(30) == [CardFailed("reader-K1", reason)]
    desk.act("clear")
    desk.act("lift")
    desk.see(1)
    desk.lay()
    assert desk.see() == [ELDER]


@pytest.mark.parametrize("fault", ["not_selected", "read_failed", "truncated", "wrong_type"])
def test_a_reader_that_finds_the_card_again_tries_three_times(desk, fault):
    desk.fault("found_again")
    desk.fault(fault, value=2)
    desk.lay()
    assert desk.see(20) == [ELDER]


def test_a_wrong_checksum_is_silence_and_the_card_is_read_all_the_same(desk):
    desk.fault("found_again")
    desk.fault("bad_xor", value=1)
    desk.lay()
    assert desk.see(1) == []
    desk.see(3)
    assert desk.reader.check().state == "ok"
    assert desk.see() == [ELDER]


def test_a_wrong_checksum_in_the_record_itself(desk):
    desk.fault("found_again")
    desk.fault("bad_record", value=2)
    desk.lay()
    assert desk.see(20) == [ELDER]
    desk.fault("bad_xor")
    with pytest.raises(DeviceSilent):
        desk.reader.check()


def test_fault_stray_zeros(desk):
    desk.fault("stray_zeros")
    desk.lay()
    assert desk.see() == [ELDER]


def test_fault_slow(desk):
    desk.fault("slow")
    desk.lay()
    assert desk.see(12) == [ELDER]
    assert desk.reader.check().state == "ok"


def test_fault_self_test(desk):
    desk.fault("self_test")
    health = desk.reader.check()
    assert (health.state, health.reason) == ("down", "self_test")
    assert desk.reader.perform(ReadCard("1", "K1")).state == "failed"


def test_fault_silent_and_back(desk):
    desk.fault("silent")
    desk.lay()
    assert desk.see() == []
    asked = len(desk.far.commands)
    desk.see(10)
    assert len(desk.far.commands) == asked  # it is left alone until the check has heard it
    with pytest.raises(DeviceSilent):
        desk.reader.check()
    desk.act("clear")
    assert desk.reader.check().state == "ok"
    assert desk.see() == [ELDER]


def test_fault_unplug_in_read(desk):
    desk.fault("unplug_in_read", value=1)
    desk.lay()
    with pytest.raises(LineLost):
        desk.see(10)
    desk.act("replug")
    desk.act("lift")
    desk.line.open()
    desk.see(1)
    desk.lay()
    assert desk.see() == [ELDER]


def test_power_cut(desk):
    desk.act("power")
    desk.lay()
    assert desk.see() == [ELDER]


def test_a_url_switches_faults_on(plug, bench, clock):
    desk = Desk(plug, bench, clock, "virtual://idcard_sam/f?fault=stray_zeros,self_test")
    assert desk.far.faults.names() == ["self_test", "stray_zeros"]
    assert desk.reader.check().reason == "self_test"


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_fault_can_be_switched_on_and_off(desk, fault):
    desk.fault(fault)
    assert desk.far.look()["faults"] == [fault]
    desk.act("clear", fault=fault)
    assert desk.far.look()["faults"] == []


def test_a_lossy_line_never_makes_another_person(desk):
    desk.fault("noise", value=0.0005)
    for _ in range(25):
        desk.lay()
        for event in desk.see(6):
            assert isinstance(event, CardFailed) or event == ELDER
        desk.act("lift")
        if desk.reader._silent:
            desk.act("clear", fault="noise")
            desk.reader.check()
            desk.fault("noise", value=0.0005)
        desk.see(3)


def test_the_record_holds_no_byte_of_a_card(desk):
    desk.lay()
    assert desk.see() == [ELDER]
    record = "\n".join(desk.line.record.lines())
    assert "> aa aa aa 96 69 00 03 30 01 32" in record
    came = [line for line in desk.line.record.lines() if " < " in line]
    assert came
    assert all(line.endswith(" bytes not kept)") for line in came)
    for text in ("990123194902030012", "张示例", "惠民路"):
        assert text.encode("utf-16-le").hex(" ")[:23] not in record
        assert text not in record


def test_the_far_end_refuses_what_is_no_command(desk):
    desk.line.send(b"\xaa\xaa\xaa\x96\x69\x00\x03\x20\x01\x23")  # wrong XOR
    assert desk.line.receive(sam.decode, 1.0).word == "checksum"
    desk.line.send(b"\xaa\xaa\xaa\x96\x69\xff\xff")
    assert desk.line.receive(sam.decode, 1.0).word == "length"
    desk.line.send(sam.command(0x77, 0x01))
    assert desk.line.receive(sam.decode, 1.0).word == "unknown_command"
    assert desk.far.rejected == 3


def test_the_rest_of_the_command_set(desk):
    for command, word in ((sam.RESET, "ok"), (sam.MODULE, "ok"), (sam.speed(115200), "ok")):
        desk.line.send(command)
        assert desk.line.receive(sam.decode, 1.0).word == word
    desk.lay("adult")
    for command in (sam.FIND, sam.SELECT, sam.NEWEST_ADDRESS):
        desk.line.send(command)
        answer = desk.line.receive(sam.decode, 2.0)
    assert sam.address_of(answer) == CARDS["adult"].said["newest_address"]


def test_far_end_and_vector_agree_byte_for_byte():
    """Two encoders that do not know each other: ours of the far end and the one that built the vector."""
    said = ROWS["sam-read-mainland"]["fields"]
    fields = {"number": said["id"], "valid_from": said["start"], "valid_to": said["end"]}
    fields |= {key: said[key] for key in ("name", "sex", "nation", "birth", "address", "issuer")}
    from drivers.virtual.cards import DemoCard

    assert DemoCard("x", "x", " ", fields).record() == golden("sam-read-mainland")[14 : 14 + 256]


def test_a_line_that_was_never_opened():
    with pytest.raises(LineLost):
        IdCardReader("r", SerialLine("virtual://idcard_sam/z")).check()
