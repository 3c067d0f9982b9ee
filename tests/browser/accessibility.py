"""What every page must pass: the rules of WCAG, and room for all of it at any width."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOKS = pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
"""Each layout and each scheme once: colours do not depend on the width."""


def check_width(page: Page, width: int) -> None:
    """Fails if the page is wider than its window."""
    assert page.evaluate("document.documentElement.scrollWidth") == width


def check_page(page: Page, width: int, *, judges_contrast: bool = True) -> None:
    """Fails if the page is wider than its window, or axe finds a violation."""
    check_width(page, width)
    rules = {
        # Off unless asked for: WCAG 2.2, 2.5.8, targets of 24 by 24 pixels.
        "target-size": {"enabled": True},
        "color-contrast": {"enabled": judges_contrast},
    }
    results = Axe().run(page, options={"resultTypes": ["violations"], "rules": rules})
    assert results.violations_count == 0, results.generate_report()
