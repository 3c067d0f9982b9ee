"""Points on the earth, and how far they are from each other."""

from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin, sqrt

_EARTH_RADIUS_KM = 6371.0088
"""The mean radius (IUGG)."""

_MARGIN = 1e-6
"""What rounding cannot exceed, in degrees: a decimetre."""


@dataclass(frozen=True, slots=True)
class Point:
    """A latitude and a longitude, in degrees (WGS 84)."""

    latitude: float
    longitude: float

    def km_to(self, other: "Point") -> float:
        """Returns the length of the great circle between two points, in kilometres (haversine)."""
        north, east = radians(self.latitude), radians(self.longitude)
        other_north, other_east = radians(other.latitude), radians(other.longitude)
        half_chord = (
            sin((other_north - north) / 2) ** 2
            + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
        )
        return 2 * _EARTH_RADIUS_KM * asin(sqrt(min(1.0, half_chord)))


@dataclass(frozen=True, slots=True)
class Box:
    """All points between two parallels and two meridians, given by two corners."""

    south_west: Point
    north_east: Point

    def holds(self, point: Point) -> bool:
        low, high = self.south_west, self.north_east
        return (
            low.latitude <= point.latitude <= high.latitude
            and low.longitude <= point.longitude <= high.longitude
        )


@dataclass(frozen=True, slots=True)
class Circle:
    """All points that are at most so many kilometres from a centre."""

    centre: Point
    km: float

    def holds(self, point: Point) -> bool:
        return self.centre.km_to(point) <= self.km

    @property
    def box(self) -> Box:
        """A box that the circle lies in.

        No circle here holds a pole or crosses the antimeridian.
        """
        north = degrees(self.km / _EARTH_RADIUS_KM) + _MARGIN
        latitude, longitude = self.centre.latitude, self.centre.longitude
        east = north / cos(radians(min(89.0, abs(latitude) + north)))
        return Box(
            Point(latitude - north, longitude - east), Point(latitude + north, longitude + east)
        )
