import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.reference.points import Point
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
