"""The findings of ingestion in an article, in the form compared with the labels."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kb.models import Actor
from kb.reference.roles import Role

if TYPE_CHECKING:
    from ingest.articles.article import Article
    from ingest.extraction.gazetteer import KnownActors
    from kb.registers.drafts import Proposals, ProposedParticipation


class FoundParticipation(NamedTuple):
    """One proposal: a name, or a known actor, in a role, with a confidence from 0 to 1."""

    name: str
    actor_id: str
    role: Role
    confidence: float


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


def finder(actors: "KnownActors") -> Callable[[Path], ArticleFindings]:
    """A function that finds what ingestion finds in an article: by its reader, and by rules."""
    from ingest.articles.readers import read_article
    from ingest.extraction.proposals.propose import propose

    def find(path: Path) -> ArticleFindings:
        article = read_article(path)
        return findings_of(article, propose(article, actors))

    return find


def demonstration_actors() -> "KnownActors":
    """The actors of the demonstration corpus, whose ids the labels of the articles here name."""
    from ingest.directories.readers import read_directory
    from ingest.extraction.gazetteer import KnownActors

    entries = read_directory(Path(__file__).parents[1] / "demo" / "actors.csv")
    return KnownActors(entry.record for entry in entries if isinstance(entry.record, Actor))


def findings_of(article: "Article", proposals: "Proposals") -> ArticleFindings:
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
    proposed: Iterable["ProposedParticipation"],
) -> tuple[FoundParticipation, ...]:
    return tuple(
        FoundParticipation(
            each.participation.name,
            each.participation.actor_id,
            each.participation.role,
            each.confidence,
        )
        for each in proposed
    )
