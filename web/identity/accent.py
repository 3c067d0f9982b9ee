"""The accent colour in light and dark, made readable on the papers of the palette.

The hue of the chosen colour stays; its lightness moves until a text in it can be read.
"""

import colorsys
from dataclasses import dataclass

LEAST_CONTRAST = 4.5
"""The contrast of texts with what is behind them, of WCAG 2.2 at level AA."""

LIGHT_PAPERS = ("#faf5e9", "#fffcf4")
DARK_PAPERS = ("#1a1714", "#24201b")
"""What texts stand on, as `palette.css` says."""

_STEP = 0.005


@dataclass(frozen=True, slots=True)
class Accent:
    """The chosen colour, and what it becomes on light and on dark paper, each as `#rrggbb`."""

    chosen: str
    light: str
    dark: str

    @property
    def is_adjusted(self) -> bool:
        """Returns whether the colour could not be read on light paper as it was chosen."""
        return self.light != self.chosen


def accent_of(chosen: str) -> Accent:
    """Returns the accent of a chosen colour, which is written `#rrggbb`."""
    return Accent(
        chosen,
        _readable(chosen, LIGHT_PAPERS, step=-_STEP),
        _readable(chosen, DARK_PAPERS, step=_STEP),
    )


def contrast(colour: str, other: str) -> float:
    """Returns the contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    darker, lighter = sorted((_luminance(colour), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: str, papers: tuple[str, ...], step: float) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    while min(contrast(colour, paper) for paper in papers) < LEAST_CONTRAST:
        lightness = min(1.0, max(0.0, lightness + step))
        red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
        colour = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
    return colour


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def _luminance(colour: str) -> float:
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
