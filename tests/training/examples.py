"""Examples: the candidates of the labelled articles, and what the labels say of each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.articles.readers import read_article
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.proposals.propose import PossibleParticipant, read_candidates
from kb.reference.roles import Role
from kb.text.organisation_name import name_key
from tests.article_evaluation.comparison import SAME_NAME, name_likeness
from tests.article_evaluation.labels import (
    LabelledParticipant,
    Labels,
    demonstration_actors,
    read_labelled,
)

ARTICLES = Path(__file__).parents[1] / "data" / "articles"
OTHERS, OWN = ARTICLES / "others" / "tune", ARTICLES / "tune"

NEARLY_THE_SAME = 80.0
"""Least likeness of the letters of a candidate's name and a label's, 0 to 100."""


@dataclass(frozen=True, slots=True)
class Example:
    """A candidate, and the roles that the labels give it, each a set of alternatives.

    `roles` is empty for one that takes no part, and `None` for one that is not learnt from: it is
    optional, or only shares words with a participant.
    """

    candidate: PossibleParticipant
    roles: Sequence[frozenset[Role]] | None


@dataclass(frozen=True, slots=True)
class LabelledArticle:
    name: str
    labels: Labels
    is_of_others: bool
    examples: Sequence[Example]


def labelled_articles() -> list[LabelledArticle]:
    """The articles that the judge learns from: those of others first."""
    actors = demonstration_actors()
    return [
        LabelledArticle(path.name, labels, folder is OTHERS, list(_examples(path, labels, actors)))
        for folder in (OTHERS, OWN)
        for path, labels in read_labelled(folder)
    ]


def folds(articles: Sequence[LabelledArticle], count: int, seed: int) -> list[int]:
    """The fold of each article; articles that share a labelled participant share their fold."""
    import numpy as np

    group = list(range(len(articles)))
    first: dict[str, int] = {}
    for at, article in enumerate(articles):
        for participant in article.labels.participants:
            key = f"id {participant.known}" if participant.known else name_key(participant.name)
            before = group[first.setdefault(key, at)]
            group = [before if each == group[at] else each for each in group]
    members = defaultdict(list)
    for at, number in enumerate(group):
        members[number].append(at)
    groups = list(members.values())
    shuffled = [groups[at] for at in np.random.default_rng(seed).permutation(len(groups))]
    sizes, fold_of = [0] * count, [0] * len(articles)
    for those in sorted(shuffled, key=len, reverse=True):
        fold = sizes.index(min(sizes))
        sizes[fold] += len(those)
        for at in those:
            fold_of[at] = fold
    return fold_of


def _examples(path: Path, labels: Labels, actors: KnownActors) -> Iterator[Example]:
    _, candidates = read_candidates(read_article(path), actors)
    for candidate in candidates:
        alike = [_alike(label, candidate) for label in labels.participants]
        best = max(range(len(alike)), key=lambda at: alike[at], default=None)
        if best is None or alike[best][0] < SAME_NAME:
            yield Example(candidate, ())
        elif labels.participants[best].optional or alike[best][1] < NEARLY_THE_SAME:
            yield Example(candidate, None)
        else:
            yield Example(candidate, labels.participants[best].roles)


def _alike(label: LabelledParticipant, candidate: PossibleParticipant) -> tuple[float, float]:
    """How alike a label and a candidate are: by their words, and by their letters."""
    ids = candidate.participant.best.actor_ids
    if label.known and len(ids) == 1:
        return (100.0, 100.0) if ids == (label.known,) else (0.0, 0.0)
    name = candidate.participant.name
    return max(name_likeness(each, name) for each in (label.name, *label.aliases))
