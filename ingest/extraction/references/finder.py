"""Finds the references of the sentences of an article.

Whether two references mean the same organisation is for `ingest.extraction.coreference`, what it
did for `ingest.extraction.roles`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.extraction import lexicon
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.references.context import ArticleContext
from ingest.extraction.references.known_names import known_reference
from ingest.extraction.references.new_names import new_name
from ingest.extraction.references.noun_phrases import phrase_reference
from ingest.extraction.references.persons import person_end
from ingest.extraction.references.reference import Reference
from ingest.extraction.tokens import Sentence, joined

_PARTS_OF_A_FIRM = lexicon.words("organisation_classes", "part_of_a_firm")


class References:
    def __init__(self, sentences: Sequence[Sentence], actors: KnownActors) -> None:
        self._context = ArticleContext.of(sentences, actors)

    def of(self, sentence: Sentence) -> list[Reference]:
        """The references of a sentence, from left to right, none inside another."""
        taken = [False] * len(sentence.tokens)
        found: list[Reference] = []
        for known in self._context.actors.find(sentence.tokens):
            reference = known_reference(self._context, sentence, known)
            if reference is not None:
                found.append(reference)
                _take(taken, reference.first, reference.last)
        found += self._unknown(sentence, taken)
        found.sort(key=lambda reference: reference.first)
        return list(_with_their_trade(sentence, found))

    def _unknown(self, sentence: Sentence, taken: list[bool]) -> Iterator[Reference]:
        at, tokens = 0, sentence.tokens
        while at < len(tokens):
            if taken[at] or not tokens[at].is_word:
                at += 1
                continue
            person = person_end(tokens, at)
            if person:
                _take(taken, at, person)
                at = person
                continue
            reference = phrase_reference(self._context, sentence, at, taken)
            end = at + 1
            if reference is None:
                reference, end = new_name(self._context, sentence, at, taken)
            if reference is not None and not any(taken[reference.first : reference.last]):
                yield reference
                end = max(reference.last, end)
            if end > at + 1 or reference is not None:
                _take(taken, at, end)
            at = end


def _take(taken: list[bool], first: int, last: int) -> None:
    taken[first:last] = [True] * (last - first)


def _with_their_trade(sentence: Sentence, references: Sequence[Reference]) -> Iterator[Reference]:
    """The references, those to "la maison Decourt" and "les ateliers de Decourt" merged."""
    waiting: Reference | None = None
    for reference in references:
        owned = waiting is not None and _owns(sentence, reference, waiting)
        if waiting is not None and (owned or _is_trade_of(sentence, waiting, reference)):
            kind = reference.kind
            if kind is OrganisationKind.UNKNOWN and not owned:
                kind = waiting.kind
            head = reference.head or ("" if owned else waiting.head)
            waiting = replace(reference, first=waiting.first, kind=kind, head=head)
            continue
        if waiting is not None:
            yield waiting
        waiting = reference
    if waiting is not None:
        yield waiting


def _is_trade_of(sentence: Sentence, trade: Reference, name: Reference) -> bool:
    """Whether a name follows a noun for its bearer's business: "la maison Decourt"."""
    between = [token.form for token in sentence.tokens[trade.last : name.first]]
    return not trade.is_named and name.is_named and between in ([], ["«"], ['"'], ["“"])


def _owns(sentence: Sentence, name: Reference, part: Reference) -> bool:
    """Whether a name follows a workshop or site that belongs to its bearer."""
    between = joined(sentence.tokens[part.last : name.first])
    return (
        not part.is_named
        and name.is_named
        and part.head in _PARTS_OF_A_FIRM
        and between in {"de", "d'", "du", "of", "de la", "de l'"}
    )
