"""The plan of a hall: what its file says, and what is laid out where it says nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.domain.catalogue import Window
from server.domain.floorplan import BOARD, TILE, Area, Floor, Spot, check_plan, floor_of, laid_out, lying_on


def window(n: int, zone: str = "A", floor: str = "") -> Window:
    return Window(id=f"W{n}", number=str(n), name="", kind="special", queues=("A",), zone=zone, floor=floor)


halls = st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from(("", "1", "2"))), max_size=60)
DRAWN = (
    Floor(
        "1",
        40,
        20,
        zone=(Area("A", 1, 1, 10, 5),),
        spot=(Spot("window", 3, 3, "W0"), Spot("kiosk", 9, 9, "K1")),
    ),
)


@given(halls)
def test_every_window_has_one_place_inside_its_area_and_none_lie_on_each_other(
    hall: list[tuple[str, str]],
) -> None:
    windows = [window(n, zone, floor) for n, (zone, floor) in enumerate(hall)]
    for drawn in ((), DRAWN):
        floors = laid_out(drawn, windows)
        assert not [m for m in check_plan(floors, {w.id: w for w in [*windows, window(0)]})]
        spots = {s.id: (f, s) for f in floors for s in f.spot if s.kind == "window"}
        assert set(spots) >= {w.id for w in windows}
        places = [(f.id, s.x, s.y) for f, s in spots.values()]
        assert len(set(places)) == len(places)
        assert not [pair for floor in floors for pair in lying_on(floor) if floor.spot != DRAWN[0].spot]
        for w in windows:
            floor, spot = spots[w.id]
            assert floor.id == floor_of(w, floors)
            if w.id == "W0" and drawn:
                continue
            areas = [a for a in floor.zone if a.name == w.zone]
            assert any(a.x <= spot.x <= a.x + a.w and a.y <= spot.y <= a.y + a.h for a in areas)


def test_what_is_drawn_stays_and_goes_before_the_file_of_windows() -> None:
    (floor,) = laid_out(DRAWN, [window(0)])
    assert floor == DRAWN[0]
    assert floor_of(window(0), DRAWN) == "1"
    assert floor_of(window(5, floor="3"), DRAWN) == "3"


def test_mistakes_are_named() -> None:
    wrong = (
        Floor(
            "1",
            10,
            10,
            zone=(Area("A", 5, 5, 9, 1),),
            spot=(Spot("window", 11, 1, "W0"), Spot("window", 1, 1, "W9")),
        ),
        Floor("1", 0, 5, spot=(Spot("window", 0, 1, "W0"),)),
    )
    assert [m.key for m in check_plan(wrong, {"W0": window(0)})] == [
        *("floor[0].spot[0]", "floor[0].spot[1].id", "floor[0].zone[0]"),
        *("floor[1].id", "floor[1]", "floor[1].spot[0].id"),
    ]


@given(st.floats(-6, 6), st.floats(-6, 6))
def test_windows_lie_on_each_other_when_their_tiles_do(x: float, y: float) -> None:
    a, b = Spot("window", 10, 10, "W0"), Spot("window", 10 + x, 10 + y, "W1")
    near = abs(x) < TILE[0] - 1e-3 and abs(y) < TILE[1] - 1e-3
    far = abs(x) > TILE[0] + 1e-3 or abs(y) > TILE[1] + 1e-3
    found = lying_on(Floor("1", 30, 30, spot=(a, Spot("kiosk", 10, 10, "K1"), b)))
    assert bool(found) == near or not (near or far)
    assert found in ([], [(a, b)])


@given(st.floats(-6, 6), st.floats(-6, 6), st.booleans())
def test_a_board_lies_on_a_window_as_it_is_drawn(x: float, y: float, first: bool) -> None:
    window, board = Spot("window", 10, 10, "W0"), Spot("board", 10 + x, 10 + y, "B1")
    spots = (board, window) if first else (window, board)
    across, down = (TILE[0] + BOARD[0]) / 2, (TILE[1] + BOARD[1]) / 2
    near = abs(x) < across - 1e-3 and abs(y) < down - 1e-3
    far = abs(x) > across + 1e-3 or abs(y) > down + 1e-3
    found = lying_on(Floor("1", 30, 30, spot=(*spots, Spot("board", 10 + x, 10 + y, "B2"))))
    assert bool(found) == near or not (near or far)
    assert all(window in pair for pair in found)
