"""How soon pages of a running server are seen on a slowed phone, and how much they transfer.

Usage: python -m tests.benchmarks.largest_paint http://127.0.0.1:8000 /fr/ "/fr/recherche?q=gel" …
A processor four times slower, 1.6 Mbit/s, 150 ms for each request, nothing cached.
"""

import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, sync_playwright

RUNS = 5
SLOWDOWN = 4
LATENCY_MS = 150
BYTES_PER_S = 1.6e6 / 8

_OBSERVE = """window.largest = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.largest = entry.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });"""


@dataclass(frozen=True, slots=True)
class Load:
    """A page as it was loaded once; `elsewhere` are the requests of other sites."""

    largest_paint_ms: float
    transferred_bytes: int
    elsewhere: Sequence[str]


def load(browser: Browser, site: str, path: str) -> Load:
    """Loads a page with nothing kept from before."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, device_scale_factor=2, is_mobile=True
    )
    page = context.new_page()
    page.add_init_script(_OBSERVE)
    sizes: list[int] = []
    elsewhere: list[str] = []
    devtools = context.new_cdp_session(page)
    devtools.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
    page.on(
        "request",
        lambda one: None if one.url.startswith((site, "data:")) else elsewhere.append(one.url),
    )
    devtools.send("Network.enable")
    conditions = {
        "offline": False,
        "latency": LATENCY_MS,
        "downloadThroughput": BYTES_PER_S,
        "uploadThroughput": BYTES_PER_S / 2,
    }
    devtools.send("Network.emulateNetworkConditions", conditions)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(site + path)
    page.wait_for_load_state("networkidle")
    paint = float(page.evaluate("window.largest"))
    context.close()
    return Load(paint, round(sum(sizes)), elsewhere)


def main(site: str, paths: Sequence[str]) -> None:
    """Prints the median of some loads for each page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or playwright.chromium.executable_path,
            args=["--no-sandbox", "--disable-background-networking"],
        )
        for path in paths:
            loads = [load(browser, site, path) for _ in range(RUNS)]
            paint = statistics.median(one.largest_paint_ms for one in loads)
            most = max(one.transferred_bytes for one in loads)
            others = sum(len(one.elsewhere) for one in loads)
            print(f"{path}: {paint:.0f} ms, {most / 1000:.0f} kB, {others} requests elsewhere")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), sys.argv[2:])
