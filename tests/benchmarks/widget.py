"""What the widget costs: bytes, the host page's time, and the time beside the API's own.

    python -m tests.benchmarks.widget --kb build/demo-kb

A real server, a page of another origin, and a real Chromium. The queries are the needs of
tests/data/demo-needs, each typed but for its last letter, and then, after a pause, that letter;
*the API's own time* is that of the same request, from its start to its last byte, as the browser
tells it, and beside it that of a bare `fetch` of the same address from the same page, each going
first in turns. A third of the needs are then typed in one go, letter by letter.
"""

import argparse
import gzip
import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from kb.evaluation.sets import read_queries
from tests.browser.conftest import ARGUMENTS
from tests.browser.host_pages import HostPages, hosting
from web.embed.scripts import BUILDS, CURRENT
from web.embed.widget import build

PARTS = {
    "state.js": "what it knows: moving through answers, open, closed",
    "asker.js": "pauses in typing, late answers, what to say of failures",
    "view.js": "combobox, answers with their evidence, announcements, dialog",
    "element.js": "attributes, keys, touch, shortcut, events, being moved",
    "texts.js": "languages, plurals, texts of the page's own",
    "tally.js": "counts for the site",
    "styles.css": "styles: themes, light and dark, narrow, high contrast",
    "texts/fr.json": "French",
    "texts/en.json": "English",
}

LOADS = 20
BETWEEN_LETTERS_MS = 120
SLOWDOWN = 4
"""How many times slower a telephone of the middle of the range is taken to be."""

PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Un réseau</title>
{script}</head><body><h1>Un réseau</h1>{widget}</body></html>"""

# Times are those of `performance.now()`. What is laid out is asked for, so that the time it takes
# is in; what is painted, two frames later at most, is told apart.
TYPED = """(query) => new Promise(resolve => {
    const widget = document.querySelector("quisait-search");
    let key;
    addEventListener("keydown", event => (key = event.timeStamp), { capture: true, once: true });
    widget.addEventListener("quisait:search", function shown(event) {
        if (event.detail.query !== query) return;
        widget.removeEventListener("quisait:search", shown);
        const rendered = performance.now();
        widget.shadowRoot.querySelector("[role=option]").getBoundingClientRect();
        const laidOut = performance.now();
        const entry = performance.getEntriesByType("resource")
            .filter(one => one.name.includes("/embed/v1/search?")).at(-1);
        requestAnimationFrame(() => setTimeout(() => resolve({
            rendered: rendered - key,
            laidOut: laidOut - key,
            painted: performance.now() - key,
            own: entry.responseEnd - entry.startTime,
            address: entry.name,
        })));
    });
})"""

BARE = """async (address) => {
    const started = performance.now();
    await (await fetch(address, { cache: "no-store", credentials: "omit" })).json();
    return performance.now() - started;
}"""

LONG_TASKS = """() => {
    window.tasks = [];
    const note = list => window.tasks.push(...list.getEntries().map(one => one.duration));
    new PerformanceObserver(note).observe({ type: "longtask", buffered: true });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.widget")
    parser.add_argument("--kb", type=Path, required=True, help="a knowledge base to search")
    given = parser.parse_args()
    _print_sizes()
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        _server(given.kb) as site,
        hosting() as host,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        _print_times(browser, host, site)
        _print_loads(browser, host, site)
        browser.close()


@contextmanager
def _server(kb: Path) -> Iterator[str]:
    """The address of a server of this base."""
    command = [sys.executable, "-P", "-m", "web", "serve", "--kb", str(kb), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
    finally:
        server.terminate()
        server.wait(10)


def _gzipped(content: bytes) -> int:
    """As the server compresses it."""
    return len(gzip.compress(content, 6, mtime=0))


def _print_sizes() -> None:
    """The whole, and by how much it is smaller without each part."""
    whole = _gzipped((BUILDS / CURRENT).read_bytes())
    print("| what | bytes, gzipped |\n| --- | ---: |")
    print(f"| the script, with styles and both languages | {whole:,} |")
    for source, what in PARTS.items():
        print(f"| {what} (`{source}`) | {whole - _gzipped(build.build([source])):,} |")
    print()


def _typed(page: Page, query: str, *, in_one_go: bool = False) -> dict[str, Any]:
    """Types a query, the last letter after a pause, and gives what that one took in ms."""
    field = page.get_by_role("combobox")
    field.fill("")
    if in_one_go:
        field.press_sequentially(query[:-1], delay=BETWEEN_LETTERS_MS)
    else:
        field.fill(query[:-1])
        page.get_by_role("option").first.wait_for()
        page.wait_for_timeout(500)
    page.evaluate("performance.clearResourceTimings()")
    page.evaluate(f"query => {{ window.measured = ({TYPED})(query); }}", query)
    page.keyboard.type(query[-1])
    measured: dict[str, Any] = page.evaluate("window.measured")
    return measured


def _print_times(browser: Browser, host: HostPages, site: str) -> None:
    page = browser.new_page()
    page.goto(host.put("/page", _page(site)))
    queries = [query.text for query in read_queries(Path("tests/data/demo-needs/queries.jsonl"))]
    random.Random(1).shuffle(queries)
    rows = []
    for number, query in enumerate(queries):
        if number % 2:
            rows.append(_typed(page, query))
            rows[-1]["bare"] = page.evaluate(BARE, rows[-1]["address"])
        else:
            address = f"{site}/embed/v1/search?{_parameters(page, query)}"
            bare = page.evaluate(BARE, address)
            rows.append({**_typed(page, query), "bare": bare})
            assert rows[-1]["address"] == address, (rows[-1]["address"], address)
    at_once = [_typed(page, query, in_one_go=True) for query in queries[::3]]
    page.close()
    print(f"{len(rows)} needs, from the keystroke, median ms:\n")
    print("| what | ms | ratio |\n| --- | ---: | ---: |")
    for name, what in (
        ("own", "the API's own time, the same request"),
        ("bare", "a bare `fetch` and its JSON"),
        ("rendered", "keystroke to answers in the page"),
        ("laidOut", "keystroke to answers laid out"),
        ("painted", "keystroke to the next frame painted"),
    ):
        print(f"| {what} | {_median([row[name] for row in rows]):.1f} | {_ratios(rows, name)} |")
    for name, what in (
        ("own", "the API's own time"),
        ("laidOut", "last letter to answers laid out"),
    ):
        print(
            f"| typed in one go, {what} | {_median([row[name] for row in at_once]):.1f}"
            f" | {_ratios(at_once, name)} |"
        )
    print()


def _parameters(page: Page, query: str) -> str:
    return str(
        page.evaluate("query => new URLSearchParams({ q: query, lang: 'fr' }).toString()", query)
    )


def _ratios(rows: Sequence[dict[str, Any]], name: str) -> str:
    """The median of the ratios to the same request's own time; 9 in 10 are below the second."""
    ratios = sorted(row[name] / row["own"] for row in rows)
    return f"{_median(ratios):.2f} (90 %: {ratios[int(0.9 * len(ratios))]:.2f})"


def _print_loads(browser: Browser, host: HostPages, site: str) -> None:
    """Tasks of more than 50 ms, which keep a page from hearing, when a page with it loads."""
    print("| page | processor | loads | tasks > 50 ms | script run, median ms |")
    print("| --- | --- | ---: | ---: | ---: |")
    for name, page in (("without", PAGE.format(script="", widget="")), ("with", _page(site))):
        for slowdown in (1, SLOWDOWN):
            tasks, script_ms = [], []
            for _ in range(LOADS):
                context = browser.new_context()
                opened = context.new_page()
                session = context.new_cdp_session(opened)
                session.send("Performance.enable")
                session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
                opened.goto(host.put("/load", page))
                opened.evaluate(LONG_TASKS)
                opened.wait_for_timeout(300)
                tasks += opened.evaluate("window.tasks")
                metrics = session.send("Performance.getMetrics")["metrics"]
                told = {one["name"]: one["value"] for one in metrics}
                script_ms.append(1000 * told["ScriptDuration"])
                context.close()
            speed = "as it is" if slowdown == 1 else f"{slowdown} times slower"
            print(f"| {name} | {speed} | {LOADS} | {len(tasks)} | {_median(script_ms):.1f} |")


def _page(site: str) -> str:
    script = f'<script src="{site}/embed/v1/quisait.js" async></script>'
    return PAGE.format(script=script, widget="<quisait-search></quisait-search>")


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    main()
