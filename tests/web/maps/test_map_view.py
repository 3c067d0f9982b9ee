import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.reference.departments import NAMES
from kb.reference.outlines import outlines
from kb.reference.points import Point
from kb.reference.whereabouts import PARTS_OF_FRANCE
from web.maps import WIDTH, MapView, Pin, map_views

ANGOULEME, COGNAC, REUNION = Point(45.649, 0.156), Point(45.696, -0.329), Point(-20.879, 55.449)


def pin(point: Point, label: str = "1", *, is_centre: bool = False) -> Pin:
    return Pin(point, label, f"{label}. Name", f"#actor-{label}", is_centre)


@given(
    points=st.lists(
        st.builds(Point, st.floats(41.5, 51.0), st.floats(-5.0, 9.5)), min_size=1, max_size=8
    )
)
def test_every_point_is_within_the_drawing(points: list[Point]) -> None:
    view = MapView.of([pin(point, str(rank)) for rank, point in enumerate(points)])
    assert view.width == WIDTH
    assert WIDTH * 0.69 < view.height < WIDTH * 1.11
    for drawn in view.pins:
        assert 0 < drawn.x < view.width
        assert 0 < drawn.y < view.height


def test_north_is_on_top_and_east_on_the_right() -> None:
    (view,) = map_views([pin(ANGOULEME, "1"), pin(COGNAC, "2")])
    second, first = view.pins  # the first is drawn last, on top
    assert (first.label, second.label) == ("1", "2")
    assert first.x > second.x
    assert first.y > second.y
    # A kilometre is as long both ways: 38 km lie between them.
    narrowing = 0.6995  # of a degree of longitude, at their latitude
    across = 480 / ((0.156 + 0.329) * narrowing * 111.2 + 60)
    assert first.x - second.x == pytest.approx(37.7 * across, abs=2)


def test_those_of_one_point_share_a_pin() -> None:
    (view,) = map_views([pin(ANGOULEME, "1"), pin(COGNAC, "2"), pin(ANGOULEME, "3")])
    (together,) = [drawn for drawn in view.pins if drawn.href == "#actor-1"]
    assert together.label == "1+"
    assert together.name == "1. Name – 3. Name"
    assert len(view.pins) == 2


def test_each_part_of_france_has_its_map() -> None:
    views = map_views([pin(REUNION, "1"), pin(ANGOULEME, "2"), pin(COGNAC, "3")])
    assert [[drawn.label for drawn in view.pins] for view in views] == [["3", "2"], ["1"]]


def test_nowhere_is_no_map_and_a_centre_alone_neither() -> None:
    assert map_views([]) == []
    assert map_views([pin(Point(55.68, 11.09))]) == []
    views = map_views([pin(ANGOULEME, is_centre=True), pin(REUNION, "1")])
    assert [[drawn.label for drawn in view.pins] for view in views] == [["1"]]


def positions(path: str) -> Iterator[tuple[int, int]]:
    for start, steps in re.findall(r"M([-\d ]+)l([-\d ]+)z", path):
        x = y = 0
        for across, down in re.findall(r"(-?\d+) ?(-?\d+)", f"{start} {steps}"):
            x, y = x + int(across), y + int(down)
            yield x, y


@pytest.mark.parametrize("point", [ANGOULEME, REUNION, Point(16.0, -61.7), Point(4.9, -52.3)])
def test_the_land_around_is_drawn_and_small(point: Point) -> None:
    (view,) = map_views([pin(point)])
    assert re.fullmatch(r"(M[-\d ]+l[-\d ]+z)+", view.land)
    inside = [1 for x, y in positions(view.land) if 0 < x < WIDTH and 0 < y < view.height]
    assert len(inside) > 10
    assert len(view.land) < 12_000


def test_all_departments_have_outlines_in_a_part_of_france() -> None:
    assert outlines().keys() == NAMES.keys()
    for code, rings in outlines().items():
        for ring in rings:
            longitude, latitude = ring[0]
            assert any(box.holds(Point(latitude, longitude)) for box in PARTS_OF_FRANCE), code
            area = sum(
                x1 * y2 - x2 * y1
                for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True)
            )
            assert area > 0
