"""What every page must pass: the rules of WCAG, and room for all of it at any width."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOKS: Sequence[tuple[int, Any]] = ((320, "light"), (1280, "dark"))
"""Each layout and each scheme once: colours do not depend on the width."""


def check_width(page: Page, width: int) -> None:
    """Fails if the page is wider than its window."""
    assert page.evaluate("document.documentElement.scrollWidth") == width


def check_page(
    page: Page, looks: Sequence[tuple[int, Any]] = LOOKS, *, judges_contrast: bool = True
) -> None:
    """Fails if the page is wider than its window, or axe finds a violation, in one of the looks."""
    rules = {
        # Off unless asked for: WCAG 2.2, 2.5.8, targets of 24 by 24 pixels.
        "target-size": {"enabled": True},
        "color-contrast": {"enabled": judges_contrast},
    }
    before = page.viewport_size
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        check_width(page, width)
        results = Axe().run(page, options={"resultTypes": ["violations"], "rules": rules})
        told = f"{page.url} {width} {scheme}\n{results.generate_report()}"
        assert results.violations_count == 0, told
    if before:
        page.set_viewport_size(before)


_SMALL_TARGETS = """() => {
  const all = "main :is(a[href], button, summary, select, textarea), header :is(a, summary), " +
    "footer :is(a[href], summary)";
  const shown = [...document.querySelectorAll(all)]
    .filter((one) => one.checkVisibility() && one.getClientRects().length);
  // A link within a sentence is as high as its line.
  const isInText = (one) => one.tagName === "A" && getComputedStyle(one).display === "inline" &&
    one.parentElement.textContent.trim().length > one.textContent.trim().length + 30;
  const isOnCard = (one) => getComputedStyle(one, "::after").position === "absolute";
  const height = (one) => Math.round(one.getBoundingClientRect().height);
  return shown
    .filter((one) => !isInText(one) && !isOnCard(one) && height(one) < 44)
    .map((one) => `${one.textContent.trim() || one.name}: ${height(one)}`);
}"""


def check_targets(page: Page) -> None:
    """Fails if something to press on a phone is less than 44 pixels high."""
    small = page.evaluate(_SMALL_TARGETS)
    assert not small, small
