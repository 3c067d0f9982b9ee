"""Plots of figures against size, both axes logarithmic, as SVG for the docs.

Drawn by a template of our own: of the small libraries that make SVG, pygal has one logarithmic axis
and leather none, neither draws a spread, and matplotlib is some 50 MB for four plots.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

TEMPLATE = Path(__file__).with_name("plot.svg.jinja")
WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 72, 500, 44, 340

# Okabe and Ito's, told apart also by those who see few colours; and dashes for those who see none.
STYLES = (
    ("#0072b2", ""),
    ("#d55e00", "8 3"),
    ("#009e73", "2 3"),
    ("#cc79a7", "8 3 2 3"),
    ("#e69f00", "12 3"),
    ("#555555", "1 4"),
)


@dataclass(frozen=True)
class Place:
    """A figure at a size: the median, the least and the most."""

    size: float
    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Curve:
    """The figures of one that is compared."""

    title: str
    places: Sequence[Place]


@dataclass(frozen=True)
class _Axis:
    """A logarithmic axis over whole powers of ten, from one place of the drawing to another."""

    low: int
    high: int
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> "_Axis":
        low = math.floor(math.log10(min(values)) + 1e-9)
        return cls(low, max(math.ceil(math.log10(max(values)) - 1e-9), low + 1), start, end)

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def marks(self) -> Sequence[dict[str, Any]]:
        powers = range(self.low, self.high + 1)
        return [{"at": self.at(10.0**power), "label": f"{10.0**power:,.10g}"} for power in powers]


def draw(title: str, curves: Sequence[Curve]) -> str:
    """The plot as SVG. Figures are above 0; there is one at least."""
    places = [place for curve in curves for place in curve.places]
    across = _Axis.over([place.size for place in places], LEFT, RIGHT)
    bounds = [bound for place in places for bound in (place.least, place.most)]
    up = _Axis.over(bounds, BOTTOM, TOP)
    drawn = []
    for number, curve in enumerate(curves):
        colour, dashes = STYLES[number % len(STYLES)]
        dots = [
            {
                "x": across.at(place.size),
                "y": up.at(place.median),
                "low": up.at(place.least),
                "high": up.at(place.most),
            }
            for place in curve.places
        ]
        points = " ".join(f"{dot['x']},{dot['y']}" for dot in dots)
        key = TOP + 14 + 24 * number
        drawn.append(
            {
                "title": curve.title,
                "colour": colour,
                "dashes": dashes,
                "dots": dots,
                "points": points,
                "key": key,
            }
        )
    return _template().render(
        title=title,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        across=across.marks(),
        up=up.marks(),
        curves=drawn,
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
