"""Plots of figures by day: where the bars stand in a drawing. The template draws them as SVG.

Drawn by hand and not by a library: those that make SVG style it inside, which the policy of these
pages refuses, and a page could then not choose the colours of its scheme.
"""

from collections.abc import Sequence
from dataclasses import dataclass

STEP = 10.0
"""Width of a day, of which a bar takes `BAR`."""
BAR = 8.0
HEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class PlotBar:
    """A bar, or a part of one: of which series, counted from 0, and its rectangle."""

    series: int
    x: float
    y: float
    height: float
    width: float = BAR


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars in a drawing of `width` × `height`; the highest, of `top` in all, is as high as it."""

    bars: Sequence[PlotBar]
    width: float
    top: int
    height: float = HEIGHT


def stacked_bars(rows: Sequence[Sequence[int]]) -> Plot:
    """Returns a bar for each row, its numbers piled up from below, the first one lowest."""
    top = max((sum(row) for row in rows), default=0)
    bars = []
    for place, row in enumerate(rows):
        below = 0
        for series, number in enumerate(row):
            if number:
                below += number
                y = HEIGHT * (top - below) / top
                bars.append(PlotBar(series, place * STEP, y, HEIGHT * number / top))
    return Plot(bars, len(rows) * STEP, top)
