from hypothesis import given
from hypothesis import strategies as st

from kb.reference.points import Point
from web.maps import WIDTH, MapView, Pin

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
        assert 0 < drawn["x"] < view.width
        assert 0 < drawn["y"] < view.height
