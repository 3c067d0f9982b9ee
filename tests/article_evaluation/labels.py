"""Findings of ingestion in an article, and labels: what a careful person found in it.

A labelled set is a folder with articles and, beside each, its labels: `NAME.json` for
`NAME.html`. `tests/data/articles/README.md` tells what each label means.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from ingest.articles.article import Article
from ingest.articles.readers import read_article
from ingest.directories.readers import read_directory
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.propose import propose
from kb.models import Actor
from kb.reference.roles import Role
from kb.registers.drafts import Proposals, ProposedParticipation
from kb.text.periods import NoPeriod, Period

TERRITORY = Path(__file__).parents[1] / "data" / "small-territory" / "actors.csv"
_OPTIONAL_KEYS = frozenset({"title_also", "url", "kind", "lang", "flow", "periods"})


class FoundParticipation(NamedTuple):
    """One proposal: a name, or a known actor, in a role, with a confidence from 0 to 1."""

    name: str
    actor_id: str
    role: Role
    confidence: float
    presence: float = 1.0


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """The facts of an article beside its text, read by a person or by the readers."""

    title: str = ""
    author: str = ""
    author_job: str = ""
    moderator: str = ""
    moderator_job: str = ""
    date: str = ""
    modified: str = ""
    moderated: str = ""
    themes: tuple[str, ...] = ()
    need: str = ""


@dataclass(frozen=True, slots=True)
class ArticleFindings(ArticleFacts):
    text: str = ""
    period: str = ""
    participations: tuple[FoundParticipation, ...] = ()


def finder(actors: KnownActors) -> Callable[[Path], ArticleFindings]:
    """A function that finds what ingestion finds in an article: by its reader, and by rules."""

    def find(path: Path) -> ArticleFindings:
        article = read_article(path)
        return findings_of(article, propose(article, actors))

    return find


def territory_actors() -> KnownActors:
    """The actors of the small territory, whose ids the labels of the articles here name."""
    entries = read_directory(TERRITORY)
    return KnownActors(entry.record for entry in entries if isinstance(entry.record, Actor))


def findings_of(article: Article, proposals: Proposals) -> ArticleFindings:
    """The findings of an article and of the proposals made from it.

    The need is that proposed with the most confidence, the first of equals.
    """
    period = next((field.value for field in proposals.fields if field.field == "period"), "")
    needs = [field for field in proposals.fields if field.field == "need"]
    need = max(needs, key=lambda field: field.confidence).value if needs else ""
    same_names = ("title", "date", "modified", "moderated", "themes", "text")
    same: dict[str, Any] = {name: getattr(article, name) for name in same_names}
    return ArticleFindings(
        **same,
        author=article.author.name,
        author_job=article.author.job,
        moderator=article.moderator.name,
        moderator_job=article.moderator.job,
        need=need,
        period=period,
        participations=found_participations(proposals.participations),
    )


def found_participations(
    proposed: Iterable[ProposedParticipation],
) -> tuple[FoundParticipation, ...]:
    return tuple(
        FoundParticipation(
            each.participation.name,
            each.participation.actor_id,
            each.participation.role,
            each.confidence,
            each.presence,
        )
        for each in proposed
    )


@dataclass(frozen=True, slots=True)
class LabelledParticipant:
    """A labelled participant. `roles` holds sets of alternatives: any role of a set is right.

    One that is `optional` is neither right nor wrong, found or not: careful people would differ.
    """

    name: str
    aliases: tuple[str, ...] = ()
    known: str = ""
    roles: tuple[frozenset[Role], ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Labels(ArticleFacts):
    """The findings of a careful person in an article; a field the article lacks is empty.

    `url` is the page that it is told from, `kind` that of the page, and `flow` which way a
    by-product went (`kb.reference.roles`). `periods` are the times of the facts that are right, in
    EDTF, none if the page tells none; `None` where nobody has said.
    """

    url: str = ""
    kind: str = ""
    lang: str = ""
    flow: str = ""
    title_also: tuple[str, ...] = ()
    need_keywords: tuple[str, ...] = ()
    periods: tuple[str, ...] | None = None
    participants: tuple[LabelledParticipant, ...] = ()
    body_must_contain: tuple[str, ...] = ()
    body_must_not_contain: tuple[str, ...] = ()


def read_labelled(folder: Path) -> list[tuple[Path, Labels]]:
    """The articles of a folder and their labels, by name.

    Raises:
        ValueError: articles and labels do not match, or labels are not as they should be.
    """
    labels = {path.stem: path for path in sorted(folder.glob("*.json"))}
    files = (path for path in sorted(folder.iterdir()) if path.is_file())
    articles = [p for p in files if p.suffix != ".json" and not p.name.startswith((".", "README"))]
    if not labels or sorted(path.stem for path in articles) != sorted(labels):
        raise ValueError(f"{folder}: each article needs one NAME.json beside it, and only those")
    return [(path, read_labels(labels[path.stem])) for path in articles]


def read_labels(path: Path) -> Labels:
    """The labels of one article.

    Raises:
        ValueError: they are not as they should be; names the file.
    """
    try:
        return _labels(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, NoPeriod) as error:
        raise ValueError(f"{path}: {error!r}") from None


def read_passages(path: Path) -> list[tuple[str, Labels]]:
    """Short texts, one object of JSON a line, with who takes part and the words of the need."""
    said = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        (
            each["text"],
            Labels(
                need_keywords=tuple(each["need_keywords"]),
                participants=tuple(map(_participant, each["participants"])),
            ),
        )
        for each in said
    ]


def _labels(said: dict[str, Any]) -> Labels:
    missing = {field.name for field in fields(Labels)} - _OPTIONAL_KEYS - said.keys()
    if missing or (said["need"] and not said["need_keywords"]):
        raise KeyError(*sorted(missing or {"need_keywords"}))
    participants = tuple(_participant(each) for each in said.pop("participants"))
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in said.items()
    }
    for period in values.get("periods") or ():
        Period.of(period)
    return Labels(**values, participants=participants)


def _participant(said: Mapping[str, Any]) -> LabelledParticipant:
    roles = tuple(frozenset(map(Role, role.split("|"))) for role in said["roles"])
    aliases = tuple(said.get("aliases", ()))
    return LabelledParticipant(**{**said, "roles": roles, "aliases": aliases})
