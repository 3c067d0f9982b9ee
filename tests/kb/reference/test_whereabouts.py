from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.reference.points import Circle, Point

ANGOULEME = Point(45.649, 0.156)
LATITUDES, LONGITUDES = st.floats(-21.5, 51.5), st.floats(-62, 56)
points = st.builds(Point, LATITUDES, LONGITUDES)


def test_a_distance_is_that_of_the_great_circle() -> None:
    paris, reunion = Point(48.857, 2.343), Point(-20.879, 55.449)
    assert ANGOULEME.km_to(ANGOULEME) == 0
    assert ANGOULEME.km_to(paris) == pytest.approx(393, abs=1)
    assert paris.km_to(reunion) == reunion.km_to(paris) == pytest.approx(9370, abs=20)
    # A degree of a meridian, and of a parallel.
    assert Point(45, 0).km_to(Point(46, 0)) == pytest.approx(111.19, abs=0.01)
    a_degree = 111.19 * cos(radians(45))
    assert Point(45, 0).km_to(Point(45, 1)) == pytest.approx(a_degree, abs=0.01)


@given(centre=points, share=st.floats(0, 0.999), km=st.floats(0.1, 1000))
def test_what_is_due_east_within_reach_is_in_the_box(
    centre: Point, share: float, km: float
) -> None:
    east = Point(centre.latitude, centre.longitude + share * km / 111.19)
    circle = Circle(centre, km)
    assert circle.holds(east)
    assert circle.box.holds(east)
