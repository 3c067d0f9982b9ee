from collections.abc import Mapping
from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.reference.communes import commune_in
from kb.reference.points import Circle, Point
from kb.reference.whereabouts import point_of

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


@given(centre=points, other=points, km=st.floats(0.1, 1000))
def test_a_circle_lies_in_its_box(centre: Point, other: Point, km: float) -> None:
    circle = Circle(centre, km)
    assert circle.holds(other) <= circle.box.holds(other)


@given(centre=points, share=st.floats(0, 0.999), km=st.floats(0.1, 1000))
def test_what_is_due_east_within_reach_is_in_the_box(
    centre: Point, share: float, km: float
) -> None:
    east = Point(centre.latitude, centre.longitude + share * km / 111.19)
    circle = Circle(centre, km)
    assert circle.holds(east)
    assert circle.box.holds(east)


@pytest.mark.parametrize(
    ("place", "department", "country", "facts", "point"),
    [
        ("Angoulême", "16", "FR", {}, ANGOULEME),
        ("ANGOULEME CEDEX", "16", "", {}, ANGOULEME),
        ("Angoulême", "", "FR", {}, ANGOULEME),
        ("Magnac-Lavalette", "16", "", {}, Point(45.5, 0.251)),  # in short
        ("Saint", "16", "", {}, None),
        ("Angoulême", "", "", {}, None),  # it may be abroad
        ("Saint-Denis", "", "FR", {}, None),  # it may be in several departments
        ("Kalundborg", "", "DK", {"lat": "55.68", "lon": "11.09"}, None),
        ("", "", "FR", {}, None),
        ("", "16", "", {"Latitude": "45,65", "Longitude": "0.15"}, Point(45.65, 0.15)),
        ("Angoulême", "16", "FR", {"coordonnées": "45.65, 0.15"}, Point(45.65, 0.15)),
        ("Angoulême", "16", "FR", {"coordonnées": "0.15, 45.65"}, ANGOULEME),  # swapped
        ("Angoulême", "16", "FR", {"lat": "48.85", "lon": "2.34"}, ANGOULEME),  # too far
        ("Angoulême", "16", "FR", {"lat": "6519876", "lon": "479000"}, ANGOULEME),  # metres
        ("Angoulême", "16", "FR", {"lat": "45.65"}, ANGOULEME),
    ],
)
def test_where_an_actor_is(
    place: str, department: str, country: str, facts: Mapping[str, str], point: Point | None
) -> None:
    assert point_of(place, department, country, facts) == point


def test_town_halls_are_known_for_nearly_all_communes() -> None:
    for department, town in [("29", "Brest"), ("974", "Saint-Denis"), ("2A", "Ajaccio")]:
        commune = commune_in(department, town)
        assert commune is not None
        assert commune.point is not None
