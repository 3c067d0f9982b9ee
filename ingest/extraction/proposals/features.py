"""Features of a candidate: what an article shows of an organisation that may take part.

A feature has a name and a value, 0 if it is absent. Most are 1 where something is so: `kind town`,
`in brackets`. Names of features are those of `judge.json`.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT, verbs
from ingest.extraction.coreference.participant import Participant, ParticipantMention
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.ordinary_words import is_ordinary
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.proposals.story import SentenceMentions, Story
from ingest.extraction.references.persons import FIRST_NAMES
from ingest.extraction.roles.evidence import RoleEvidence, is_about_sources
from ingest.extraction.tokens import (
    TextPart,
    joined,
    plain_words,
    starts_a_sentence,
)
from kb.reference.communes import is_commune
from kb.text.organisation_name import LEGAL_FORMS

Features = dict[str, float]

_SPEECH = lexicon.words("persons", "speech")
_JOB = re.compile(rf"\b{lexicon.any_of('persons', 'job')}\b")
_JOINERS = lexicon.words("conjunctions", "list") | lexicon.words("determiners", "article")
_ENDS = frozenset(".!?…")

_Place = tuple[SentenceMentions, ParticipantMention]


def features_of(
    story: Story,
    evidence: Iterable[RoleEvidence],
    actors: KnownActors,
) -> dict[Participant, Features]:
    """The features of each candidate of a story."""
    places: dict[Participant, list[_Place]] = defaultdict(list)
    for passage in sorted(story.read, key=lambda passage: passage.sentence.number):
        for mention in passage.mentions:
            places[mention.participant].append((passage, mention))
    deeds: dict[Participant, list[RoleEvidence]] = defaultdict(list)
    for each in evidence:
        deeds[each.participant].append(each)
    article = _Article.of(story)
    found = {}
    for participant in story.participants:
        features: Features = defaultdict(float)
        features.update(article.shared)
        features["doubted"] = float(participant in story.doubted)
        _name(features, participant, actors)
        article.add_places(features, participant, places[participant])
        _deeds(features, deeds[participant])
        found[participant] = {name: value for name, value in features.items() if value}
    return found


@dataclass(frozen=True, slots=True)
class _Article:
    """What the candidates of an article share; `lower` are its words without a capital."""

    sentences: int
    shared: Features
    lower: frozenset[str]

    @classmethod
    def of(cls, story: Story) -> Self:
        named = sum(participant.is_named for participant in story.participants)
        shared = {
            f"article in {story.topic.lang}": 1.0,
            "article about leftovers": float(story.is_about_leftovers),
            "article candidates": math.log1p(len(story.participants)) / 3,
            "article named": math.log1p(named) / 3,
            "article sentences": math.log1p(len(story.read)) / 3,
        }
        lower = frozenset(
            token.form
            for passage in story.read
            for token in passage.sentence.tokens
            if token.is_word and token.text.islower()
        )
        return cls(max(len(story.read), 1), shared, lower)

    def add_places(
        self, features: Features, participant: Participant, places: Sequence[_Place]
    ) -> None:
        """Adds where an article mentions a participant, and what stands beside."""
        named = [place for place in places if not place[1].is_pronoun]
        features["mentions"] = math.log1p(len(named))
        features["several mentions"] = float(len(named) > 1)
        features["pronouns"] = math.log1p(len(places) - len(named))
        parts = {passage.sentence.part for passage, _ in named}
        features.update({f"in {part}": 1.0 for part in parts})
        features["only in title"] = float(parts == {TextPart.TITLE})
        features["only in heading"] = float(parts == {TextPart.HEADING})
        if not named:
            return
        self._add_sentences(features, named)
        self._add_letters(features, participant, named)
        for passage, mention in named:
            _neighbours(features, passage, mention)
            _list(features, passage, mention)

    def _add_sentences(self, features: Features, named: Sequence[_Place]) -> None:
        body = [place for place in named if place[0].sentence.part is TextPart.BODY] or named
        read = [passage.sentence for passage, _ in body]
        features["first at"] = read[0].number / self.sentences
        features["last at"] = read[-1].number / self.sentences
        features["in the opening"] = float(read[0].number < 4)
        on_topic = sum(passage.is_on_topic for passage, _ in named)
        features["on topic"] = float(on_topic > 0)
        features["share on topic"] = on_topic / len(named)
        features["only in sources"] = float(all(is_about_sources(each) for each in read))
        plain = max(
            sum(token.is_word and token.text.islower() for token in each.tokens) for each in read
        )
        features["few plain words"] = float(plain < 4)
        features["some plain words"] = float(4 <= plain < 9)
        beside = max(len(passage.named) for passage, _ in body)
        features["beside others"] = math.log(max(beside, 1))
        features["beside many"] = float(beside > 3)
        features["by-product near"] = float(
            any(BY_PRODUCT.search(passage.sentence.words) for passage, _ in named)
        )
        features["whole sentence"] = float(
            any(each.text.rstrip(" »”\"')")[-1:] in _ENDS for each in read)
        )

    def _add_letters(
        self, features: Features, participant: Participant, named: Sequence[_Place]
    ) -> None:
        """Adds what the letters of a name say, beside the other words of the article."""
        opens = all(starts_a_sentence(passage.sentence.tokens, m.first) for passage, m in named)
        features["always opens"] = float(opens)
        passage, mention = named[0]
        words = passage.sentence.tokens[mention.first : mention.last]
        forms = [token.form for token in words if token.is_word]
        if not participant.is_named or not forms:
            return
        count = "one word" if len(forms) == 1 else "more words"
        ordinary = [is_ordinary(token.text) for token in words if token.is_word]
        lower = [form in self.lower for form in forms]
        text = words[0].text
        for name, is_so in {
            f"{count} always opens": opens,
            f"{count} lower here": all(lower),
            f"{count} begins lower here": lower[0],
            f"{count} ordinary": all(ordinary),
            f"{count} begins ordinary": ordinary[0],
            f"{count} opens and ordinary": opens and ordinary[0],
            f"{count} mostly ordinary": 2 * sum(ordinary) > len(ordinary),
            f"{count} ends ordinary": ordinary[-1],
            f"{count} opens not ordinary": opens and not ordinary[0],
            f"{count} commune": is_commune(participant.name),
            f"{count} verb": bool(verbs(forms[0])),
            "any ordinary": any(ordinary),
            "saint": forms[0] in {"saint", "sainte", "st"},
            "capital inside": any(map(str.isupper, text[1:])) and not text.isupper(),
            "two plain capitals": len(forms) == 2
            and participant.kind is OrganisationKind.UNKNOWN
            and not any(ordinary),
        }.items():
            features[name] = float(is_so)


def _name(features: Features, participant: Participant, actors: KnownActors) -> None:
    name, kind = participant.name, participant.kind
    how = participant.reference_kind.name.lower()
    features[f"kind {kind}"] = features[how] = features[f"{how} {kind}"] = 1.0
    features["likelihood"] = participant.likelihood
    features["low likelihood"] = float(participant.likelihood < 0.6)
    naming = "named" if participant.is_named else "without name"
    words = plain_words(name)
    features[f"{naming} plural"] = float(participant.plural)
    features[f"{naming} definite"] = float(participant.definite)
    features[f"{naming} of words {min(len(words), 5)}"] = 1.0
    features["other names"] = math.log(max(len(participant.names), 1))
    written = name.split()
    features["capitals"] = sum(word[:1].isupper() for word in written) / max(len(written), 1)
    features["digit"] = float(any(map(str.isdigit, name)))
    features["single actor"] = float(len(participant.actor_ids) == 1)
    if participant.is_named:
        features["all capitals"] = float(name.isupper())
        features["acronym"] = float(name.isupper() and len(name) < 6)
        features["legal form"] = float(bool(LEGAL_FORMS & set(words)))
        features["place name"] = float(actors.is_place(" ".join(words)))
        features["first name"] = float(bool(words) and words[0] in FIRST_NAMES)
        features["one capital word"] = float(len(words) == 1 and not name.isupper())


def _neighbours(features: Features, passage: SentenceMentions, mention: ParticipantMention) -> None:
    """Adds the words that stand around a mention."""
    tokens = passage.sentence.tokens
    before = tokens[max(0, mention.first - 4) : mention.first]
    after = tokens[mention.last : mention.last + 4]
    next_form = after[0].form if after else "the end"
    last_form = before[-1].form if before else "the start"
    depth = sum((token.text == "(") - (token.text == ")") for token in tokens[: mention.first])
    for name, is_so in {
        "then a verb of doing": bool(verbs(next_form)),
        "then speech": next_form in _SPEECH,
        "follows speech": last_form in _SPEECH,
        "then a job": next_form == "," and _JOB.search(joined(after)) is not None,
        "follows a job": _JOB.search(joined(before)) is not None,
        "follows a number": any(token.text.isdigit() for token in before[-2:]),
        "numbered": mention.reference is not None and mention.reference.number > 0,
        "follows a colon": any(token.text == ":" for token in tokens[: mention.first]),
        "then a colon": next_form == ":",
        "quoted": last_form in {"«", "“", '"'},
        "in brackets": depth > 0,
        "opens": mention.first <= 2,
    }.items():
        features[name] = max(features[name], float(is_so))
    for token in tokens:
        features.update({f"{action} near": 1.0 for action in verbs(token.form)})


def _list(features: Features, passage: SentenceMentions, mention: ParticipantMention) -> None:
    """Adds the mentions that only commas and small words part from a mention."""
    tokens = passage.sentence.tokens
    near = [
        other.participant
        for other in passage.mentions
        if other.participant is not mention.participant
        and not other.is_pronoun
        and (between := tokens[other.last : mention.first] or tokens[mention.last : other.first])
        and {token.form for token in between} <= _JOINERS | {"(", ")", ";", "d'", "de", "du"}
    ]
    features["listed"] = max(features["listed"], math.log1p(len(near)))
    for other in near:
        features[f"beside {other.reference_kind.name.lower()}"] = 1.0
        features[f"beside {other.kind}"] = 1.0


def _deeds(features: Features, evidence: Sequence[RoleEvidence]) -> None:
    """Adds the deeds, each with the weight of the best evidence for it."""
    doubts: dict[str, float] = defaultdict(lambda: 1.0)
    for each in evidence:
        deed = each.action or "noun"
        for name in (
            f"role {each.role}",
            f"role {each.role} by {deed}",
            f"deed {deed}",
            "past deed" if each.is_past else "usual deed",
            "any deed",
        ):
            features[name] = max(features[name], each.weight)
        for name in (f"roles {each.role}", "deeds"):
            doubts[name] *= 1 - 0.6 * each.weight
    features.update({name: 1 - doubt for name, doubt in doubts.items()})
    features["no deed"] = float(not evidence)
