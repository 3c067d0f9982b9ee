"""Builds the development sets from the data that they are made of: see docs/evaluation.md.

    python -m tests.development_sets [--data DIR] --out build/development

What the project holds (tests/data/development) is always built. With `--data`, so are the sets
that are made of `firms.tsv`, `repurposing.tsv`, `conversions.tsv` and the open nomenclatures,
indexes and codes, which may be in `DIR/open`.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.development_sets.conversions import conversions, more_conversions
from tests.development_sets.everyday import everyday_descriptions, everyday_lines, off_topic
from tests.development_sets.known_items import known_items
from tests.development_sets.nomenclatures import DIRECTIONS, nace, products
from tests.development_sets.phrases import INDEXES, cpv, phrases
from tests.development_sets.repurposing import repurposing
from tests.development_sets.territories import SPLIT_OF, territory, wordings


def build(data: Path | None, out: Path) -> Iterator[str]:
    """Builds the sets; yields a line for each.

    Raises:
        FileError: a file is missing or a row of it cannot be read.
    """
    sets = [
        known_items(),
        off_topic(),
        more_conversions(),
        more_conversions(unseen=True),
        more_conversions(lang="en"),
    ]
    if data is not None:
        open_data = data / "open" if (data / "open").is_dir() else data
        sets += [
            repurposing(data, unseen=False),
            repurposing(data, unseen=True),
            *(nace(open_data, asked, told) for asked, told in DIRECTIONS),
            products(open_data),
            conversions(data),
            conversions(data, unseen=True),
            conversions(data, lang="en"),
            everyday_lines(open_data),
            everyday_descriptions(open_data),
            *(phrases(open_data, index) for index in INDEXES),
            cpv(open_data),
        ]
    for one in sets:
        yield one.write(out)
    for name in SPLIT_OF:
        built = territory(name)
        yield built.write(out)
        wordings(name, out / built.name)
