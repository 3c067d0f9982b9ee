"""Many different articles and searches: what a server takes of memory when it has met them all.

    python -m tests.reliability.memory                                   # may take hours
    python -m tests.reliability.memory --articles 200 --searches 2000
    python -m tests.reliability.memory --minutes 10                      # as many as there is time

Two contributors hand in articles that share hardly a word, and two visitors search for what nobody
searched for before. It fails if the server grows by more than `MOST_GROWN_MIB` while it meets the
second half of them, takes more than `MOST_MIB` in the end, or answers otherwise than it should.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.reliability.load.site import DEMONSTRATION, PATIENCE_S, Site, served
from tests.reliability.load.visitors import Searcher, Tally, paragraphs
from tests.reliability.load.watched import Taken

ARTICLES, SEARCHES = 1_000, 10_000
WRITERS, SEARCHERS = 2, 2

MOST_GROWN_MIB = 100.0
"""What the server may take more at the end than when half was done."""

MOST_MIB = 1_536.0
"""What the server may take in the end, without the processes that it starts."""

LOOKS = 10
"""How often the memory is told on the way."""

_STARTS = tuple("b c d f g j l m n p r s t v br ch cl fr gr pl qu tr".split())
_VOWELS = tuple("a e i o u ou ai on an in eu".split())
_ENDS = ("", "", "r", "l", "s", "n", "t")


@dataclass(frozen=True, slots=True)
class Texts:
    """Makes texts of invented words and of sentences that articles have."""

    chance: random.Random

    def word(self) -> str:
        return "".join(
            self.chance.choice(_STARTS) + self.chance.choice(_VOWELS) + self.chance.choice(_ENDS)
            for _ in range(self.chance.randint(2, 4))
        )

    def sentence(self) -> str:
        words = [self.word() for _ in range(self.chance.randint(5, 25))]
        for at in self.chance.sample(range(len(words)), 2):
            words[at] = words[at].capitalize()
        words.insert(2, self.chance.choice(("la société", "l'entreprise", "fabrique", "a livré à")))
        return f"{self.word().capitalize()} {' '.join(words)}."

    def article(self) -> str:
        known = self.chance.sample(paragraphs(), 2)
        invented = [" ".join(self.sentence() for _ in range(4)) for _ in range(3)]
        return "\n\n".join(
            part for pair in zip(invented, [*known, ""], strict=True) for part in pair
        )

    def need(self) -> str:
        known = self.chance.choice(paragraphs()).split()
        at = self.chance.randrange(len(known))
        return " ".join([*known[at : at + self.chance.randint(1, 4)], self.word(), self.word()])


def main(
    kb: Path = DEMONSTRATION,
    articles: int = ARTICLES,
    searches: int = SEARCHES,
    minutes: float | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Serves a copy of a base to so many articles and searches; returns what was taken."""
    until = time.monotonic() + 60 * minutes if minutes else float("inf")
    with (
        tempfile.TemporaryDirectory() as scratch,
        served(kb, Path(scratch), WRITERS, patience_s=10 * PATIENCE_S) as site,
    ):
        return asyncio.run(_run(site, articles, searches, until, seed))


async def _run(site: Site, articles: int, searches: int, until: float, seed: int) -> dict[str, Any]:
    tally, started = Tally(), time.monotonic()
    texts = Texts(random.Random(seed))
    looked: list[tuple[int, int, Taken]] = []
    numbers: dict[str, Iterator[int]] = {"article": count(), "search": count()}
    done = {"article": 0, "search": 0}
    visitors = [
        Searcher(number, seed, site, tally, 1) for number in range(1, WRITERS + SEARCHERS + 1)
    ]

    def look() -> None:
        taken = site.watched.now()
        looked.append((done["article"], done["search"], taken))
        print(f"{done} {taken.server_mib:.0f} + {taken.children_mib:.0f} MiB", file=sys.stderr)

    async def write(visitor: Searcher, token: str) -> bool:
        sent = {"title": f"{texts.word()} {texts.word()}".capitalize(), "text": texts.article()}
        by = {"Authorization": f"Bearer {token}"}
        path = "/api/contributions"
        return bool(await visitor.ask("article", path, "POST", (201,), json=sent, headers=by))

    async def search(visitor: Searcher, _: str) -> bool:
        return bool(await visitor.ask("search", "/en/search", params={"q": texts.need()}))

    async def go_on(
        kind: str, most: int, act: Callable[[Searcher, str], Awaitable[bool]], visitor: Searcher
    ) -> None:
        token = site.tokens[visitor.number % WRITERS]
        other, of_other = {"article": ("search", searches), "search": ("article", articles)}[kind]
        while time.monotonic() < until and not tally.faults and next(numbers[kind]) < most:
            while not await act(visitor, token) and not tally.faults:
                pass
            done[kind] += 1
            if kind == "article" and done[kind] % max(1, most // LOOKS) == 0:
                look()
            # Neither is ahead of the other, so that half of one is half of both.
            while (
                done[kind] / most > done[other] / of_other + 1 / LOOKS
                and time.monotonic() < until
                and not tally.faults
            ):
                await asyncio.sleep(0.05)

    look()
    await asyncio.gather(
        *(go_on("article", articles, write, visitor) for visitor in visitors[:WRITERS]),
        *(go_on("search", searches, search, visitor) for visitor in visitors[WRITERS:]),
    )
    look()
    half = next(taken for written, _, taken in looked if 2 * written >= done["article"])
    last = looked[-1][2]
    faults = [*tally.faults]
    if (grown := last.server_mib - half.server_mib) > MOST_GROWN_MIB:
        faults.append(f"the server grew by {grown:.0f} MiB in the second half")
    if last.server_mib > MOST_MIB:
        faults.append(f"the server takes {last.server_mib:.0f} MiB")
    return {
        "articles": done["article"],
        "searches": done["search"],
        "seconds": round(time.monotonic() - started),
        "mib": [round(taken.server_mib) for taken in (looked[0][2], half, last)],
        "children_mib": [round(taken.children_mib) for taken in (looked[0][2], half, last)],
        "looks": [
            [written, searched, round(taken.server_mib), round(taken.children_mib)]
            for written, searched, taken in looked
        ],
        "faults": faults,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.memory")
    parser.add_argument("--kb", type=Path, default=DEMONSTRATION, help="base to copy")
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--searches", type=int, default=SEARCHES)
    parser.add_argument("--minutes", type=float, help="at most")
    parser.add_argument("--seed", type=int, default=1)
    summary = main(**vars(parser.parse_args()))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))
