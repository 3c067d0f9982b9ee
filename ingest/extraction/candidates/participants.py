"""Participants: the organisations of an article, each under all its names there; and its story."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.articles.article import Article
from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT
from ingest.extraction.candidates.references import Reference, ReferenceKind, References
from ingest.extraction.gazetteer import KnownActors, name_words, public_key
from ingest.extraction.names import OrganisationKind, kind_of
from ingest.extraction.tokens import Sentence, TextPart, plain_words
from kb.text.analysis import FUNCTION_WORDS, STEMMERS, words

_ANY_FIRM = lexicon.words("organisation_classes", "any_firm")
_SAME_BODIES = tuple(frozenset(group.split()) for group in lexicon.phrases("same_bodies"))
_COMMON_IN_NAMES = lexicon.words("common_name_words", "same_name")
_PUBLIC = frozenset(map(OrganisationKind, "town care state chamber network school media".split()))


@dataclass(slots=True, eq=False)
class Participant:
    """An organisation of the article, equal only to itself, called by its `best` reference."""

    best: Reference
    names: list[str]
    heads: set[str]

    @property
    def name(self) -> str:
        return self.best.name

    @property
    def kind(self) -> OrganisationKind:
        return self.best.kind

    @property
    def is_named(self) -> bool:
        return self.best.is_named


@dataclass(slots=True)
class ParticipantMention:
    reference: Reference
    participant: Participant


@dataclass(frozen=True, slots=True)
class SentenceMentions:
    sentence: Sentence
    mentions: Sequence[ParticipantMention]

    @property
    def participants(self) -> set[Participant]:
        return {mention.participant for mention in self.mentions}


def gathered(
    referring: Iterable[tuple[Sentence, Sequence[Reference]]],
) -> tuple[list[SentenceMentions], list[Participant]]:
    passages: list[SentenceMentions] = []
    found: list[Participant] = []
    for sentence, references in referring:
        mentions: list[ParticipantMention] = []
        for reference in references:
            if (participant := _meant(sentence, mentions, reference, found)) is None:
                participant = Participant(reference, [reference.name], {reference.head} - {""})
            else:
                found.remove(participant)
                _add_name(participant, reference)
            found.append(participant)  # the last that was spoken of comes last
            mentions.append(ParticipantMention(reference, participant))
        passages.append(SentenceMentions(sentence, mentions))
    same = dict(_same(found, passages))
    for participant, other in same.items():
        other.names += [name for name in participant.names if name not in other.names]
        other.heads |= participant.heads
    for passage in passages:
        for mention in passage.mentions:
            mention.participant = same.get(mention.participant, mention.participant)
    order = dict.fromkeys(m.participant for passage in passages for m in passage.mentions)
    return passages, list(order)


def _add_name(participant: Participant, reference: Reference) -> None:
    """Lets a participant go by its best name: known, then named, then the fullest."""
    best = participant.best
    names_kind = reference.kind is not OrganisationKind.UNKNOWN
    fuller = len(name_words(reference.name)) > len(name_words(best.name))
    better = reference.reference_kind > best.reference_kind or (
        reference.reference_kind is best.reference_kind
        and reference.reference_kind is not ReferenceKind.KNOWN
        and fuller
        and (not reference.is_named or names_kind)
    )
    if reference.name not in participant.names:
        participant.names.append(reference.name)
    participant.heads |= {reference.head} - {""}
    chosen = reference if better else best
    gives_kind = best.kind is OrganisationKind.UNKNOWN or (better and names_kind)
    participant.best = replace(
        chosen,
        kind=reference.kind if gives_kind else best.kind,
        likelihood=max(best.likelihood, reference.likelihood),
        actor_ids=chosen.actor_ids or best.actor_ids,
        definite=best.definite,
    )


def _meant(
    sentence: Sentence,
    mentions: Sequence[ParticipantMention],
    reference: Reference,
    found: Sequence[Participant],
) -> Participant | None:
    same: Iterator[Participant]
    if reference.is_named:
        same = (each for each in found if each.is_named and _has_name(each, reference))
    else:
        same = _described(reference, found, in_title=sentence.part is TextPart.TITLE)
    return next(same, None) or _apposed(sentence, mentions, reference)


def _has_name(participant: Participant, reference: Reference) -> bool:
    if participant.best.actor_ids and reference.actor_ids:
        return participant.best.actor_ids == reference.actor_ids
    own = reference.name
    return any(
        set(name_words(name)) == set(name_words(own))
        or _are_one_body(name, own)
        or (not reference.actor_ids and (_is_short(name, own) or _is_short(own, name)))
        for name in participant.names
    )


def _are_one_body(name: str, other: str) -> bool:
    key = public_key(name, kind_of(name))
    return bool(key) and key == public_key(other, kind_of(other))


def _is_short(short: str, name: str) -> bool:
    """Whether a name is another's initials, its first words, or all of them but one."""
    letters = "".join(filter(str.isalnum, short)).lower()
    words = plain_words(name)
    if short.isupper() and 2 <= len(letters) <= 8 and len(words) > 1:
        full = [word for word in words if word not in FUNCTION_WORDS]
        if letters in {"".join(word[0] for word in each) for each in (words, full)}:
            return True
    few, many = name_words(short), name_words(name)
    distinct = any(
        len(word) > 2 and kind_of(word) is OrganisationKind.UNKNOWN and word not in _COMMON_IN_NAMES
        for word in few
    )
    if not (distinct and short[:1].isupper() and set(few) < set(many)):
        return False
    return few == many[: len(few)] or len(few) == 1 or len(many) - len(few) == 1


def _described(
    reference: Reference, found: Sequence[Participant], *, in_title: bool
) -> Iterator[Participant]:
    """The participants that "the factory", "la mairie" may mean, the likeliest first."""
    words = name_words(reference.name)
    for each in reversed(found):
        same_number = reference.definite or each.best.plural == reference.plural
        if same_number and words in map(name_words, each.names):
            yield each
    if len(words) > 2 or not (reference.definite or in_title):
        return
    for each in reversed(found):
        may_be = reference.definite or each.is_named
        if may_be and each.best.plural == reference.plural and _is_kin(each, reference):
            yield each
    firms = [each for each in found if each.kind not in _PUBLIC]
    is_the_firm = reference.kind is OrganisationKind.FIRM and not reference.plural
    if is_the_firm and len(words) == len(firms) == 1 and not in_title and firms[0].is_named:
        yield firms[0]


def _is_kin(participant: Participant, reference: Reference) -> bool:
    if reference.head in _ANY_FIRM:
        return participant.kind not in _PUBLIC
    both_care = reference.kind is participant.kind is OrganisationKind.CARE
    return both_care or bool(_kin(reference.head) & participant.heads)


def _apposed(
    sentence: Sentence, mentions: Sequence[ParticipantMention], reference: Reference
) -> Participant | None:
    """The participant before that an apposition renames: "Avel, fabricant de cirage"."""
    if not mentions:
        return None
    last = mentions[-1].reference
    between = [token.text for token in sentence.tokens[last.last : reference.first]]
    beside = between[:1] in ([","], ["("], ["–"], ["—"]) and len(between) <= 2
    differ = last.is_named != reference.is_named
    after = [token.text for token in sentence.tokens[reference.last : reference.last + 1]]
    is_list = after in (["et"], ["and"]) or (not reference.is_named and reference.definite)
    if beside and differ and last.plural == reference.plural and not is_list:
        return mentions[-1].participant
    return None


def _same(
    participants: Sequence[Participant], passages: Sequence[SentenceMentions]
) -> Iterator[tuple[Participant, Participant]]:
    """Each unnamed participant and the only named one, not beside it, that it can be."""
    together = [passage.participants for passage in passages]
    named = [each for each in participants if each.is_named]
    for unnamed in participants:
        if unnamed.is_named or unnamed.best.plural:
            continue
        alike = (each for each in named if _is_described(each, unnamed))
        same = [each for each in alike if not any({unnamed, each} <= those for those in together)]
        if len(same) == 1:
            yield unnamed, same[0]


def _is_described(named: Participant, unnamed: Participant) -> bool:
    """Whether the words for an unnamed organisation say what a named one's name or heads do."""
    words = set(name_words(unnamed.name))
    of_names = named.heads.union(*(name_words(name) for name in named.names))
    kin = frozenset[str]().union(*map(_kin, unnamed.heads))
    return bool(kin & of_names) and len(words - of_names) <= 1 and len(words) < 3


def _kin(head: str) -> frozenset[str]:
    """The words by which an organisation with a head is called in turn."""
    return frozenset({head}).union(*(group for group in _SAME_BODIES if head in group))


_TAKES_NO_PART = re.compile(rf"\b{lexicon.any_of('disclaimers', 'takes_no_part')}", re.IGNORECASE)
_POINTS_BACK = re.compile(rf"\W*{lexicon.any_of('disclaimers', 'points_back')}", re.IGNORECASE)
_SOURCES = re.compile(rf"^{lexicon.any_of('clause_cues', 'sources')}\b")
_ENGLISH = lexicon.words("language_words", "en")
_FRENCH = lexicon.words("language_words", "fr")


@dataclass(frozen=True, slots=True)
class Story:
    """The participants of an article, and its sentences; sentences exclude the `doubted`."""

    lang: str
    is_about_leftovers: bool
    participants: Sequence[Participant]
    passages: Sequence[SentenceMentions]
    doubted: frozenset[Participant]


def read_story(sentences: Sequence[Sentence], lang: str, actors: KnownActors) -> Story:
    """Reads the sentences of an article, its title last: it uses what the text names."""
    references = References(sentences, actors)
    in_order = sorted(sentences, key=lambda sentence: sentence.part is TextPart.TITLE)
    passages, participants = gathered((each, references.of(each)) for each in in_order)
    hits = [sentence for sentence in sentences if BY_PRODUCT.search(sentence.words)]
    about = len(hits) > 2 or any(sentence.part is TextPart.TITLE for sentence in hits)
    return Story(lang, about, participants, passages, _doubted(passages))


def _doubted(passages: Sequence[SentenceMentions]) -> frozenset[Participant]:
    """The participants that a sentence excludes; "C'est une autre histoire." means the last."""
    doubted: set[Participant] = set()
    last: set[Participant] = set()
    for passage in passages:
        text = passage.sentence.text
        if not _TAKES_NO_PART.search(text):
            last = passage.participants
        elif passage.mentions or _POINTS_BACK.match(text):
            doubted |= passage.participants or last
    return frozenset(doubted)


def is_about_sources(sentence: Sentence) -> bool:
    return bool(_SOURCES.match(sentence.words))


def language_of(article: Article) -> str:
    """The language that an article declares, or else that of most of its small words."""
    if article.lang[:2] in STEMMERS:
        return article.lang[:2]
    forms = [word.forms[0] for word in words(article.text)]
    english = sum(form in _ENGLISH for form in forms)
    return "en" if english > sum(form in _FRENCH for form in forms) else "fr"
