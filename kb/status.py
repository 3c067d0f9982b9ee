"""The status of a base: what it holds, and what is wrong with it."""

from dataclasses import asdict, dataclass
from pathlib import Path

from kb.address import Place
from kb.indexing.indexer import Indexer
from kb.store.migrations import SCHEMA_VERSION
from kb.store.store import Store


@dataclass(frozen=True, slots=True)
class Status:
    """The content of a knowledge base, and its problems: without any, it can be searched.

    `stories` counts a case and its translations once, `embedded` the passages of this encoder.
    """

    folder: Place
    schema_version: int
    generation: str
    actors: int
    cases: int
    stories: int
    passages: int
    embedded: int
    model: str
    engine: str
    encoder: str
    dimension: int
    index: str
    size_bytes: int
    updated_at: str
    problems: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.problems


def status_of(store: Store, place: Place, indexer: Indexer) -> Status:
    encoder = indexer.encoder
    with store.reading():
        counts = store.counts(encoder.fingerprint)
        generation = store.generation
        problems = [indexer.mismatch(store), indexer.outdated(store)]
    if not problems[0] and counts.embedded < counts.passages:
        problems.append(
            f"{counts.passages - counts.embedded} passages are not embedded: run `quisait rebuild`."
        )
    index = "exact, in memory" if isinstance(place, Path) else "exact, in the database"
    return Status(
        folder=place,
        schema_version=SCHEMA_VERSION,
        generation=generation,
        **asdict(counts),
        model=encoder.name,
        engine=encoder.engine,
        encoder=encoder.fingerprint,
        dimension=encoder.dimension,
        index=index,
        size_bytes=store.size_bytes(),
        problems=tuple(filter(None, problems)),
    )
