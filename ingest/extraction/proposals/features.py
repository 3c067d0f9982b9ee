"""Features of a candidate by the names of `judge.json`; an absent one is 0."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT, verbs
from ingest.extraction.candidates.participants import (
    Participant,
    ParticipantMention,
    SentenceMentions,
    Story,
    is_about_sources,
)
from ingest.extraction.deeds import Deed, governor_of, roles_by_words
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.names import FIRST_NAMES
from ingest.extraction.tokens import TextPart, is_ordinary, joined, plain_words, starts_a_sentence
from kb.reference.communes import is_commune
from kb.reference.roles import Role
from kb.text.organisation_name import LEGAL_FORMS

Features = dict[str, float]
_Places = Sequence[tuple[SentenceMentions, ParticipantMention]]
_SPEECH = lexicon.words("persons", "speech")
_JOB = re.compile(rf"\b{lexicon.any_of('persons', 'job')}\b")
_JOINERS = lexicon.words("conjunctions", "list") | lexicon.words("determiners", "article")
_IN_A_LIST = _JOINERS | {"(", ")", ";", "d'", "de", "du"}


def features_of(
    story: Story, deeds: Mapping[Participant, Sequence[Deed]], actors: KnownActors
) -> dict[Participant, Features]:
    places: dict[Participant, list[tuple[SentenceMentions, ParticipantMention]]] = defaultdict(list)
    lower = set()
    for passage in sorted(story.passages, key=lambda passage: passage.sentence.number):
        lower |= {token.form for token in passage.sentence.tokens if token.text.islower()}
        for mention in passage.mentions:
            places[mention.participant].append((passage, mention))
    found = {}
    for participant in story.participants:
        features: Features = defaultdict(float)
        features[f"article in {story.lang}"] = 1.0
        features["article about leftovers"] = float(story.is_about_leftovers)
        features["article candidates"] = math.log1p(len(story.participants)) / 3
        features["article sentences"] = math.log1p(len(story.passages)) / 3
        features["doubted"] = float(participant in story.doubted)
        _add_name(features, participant, actors)
        _add_places(features, places[participant], len(story.passages))
        if participant.is_named:
            _add_letters(features, places[participant], lower)
        for passage, mention in places[participant]:
            _add_neighbours(features, passage, mention)
        _add_deeds(features, deeds.get(participant, ()))
        found[participant] = {name: value for name, value in features.items() if value}
    return found


def _add_name(features: Features, participant: Participant, actors: KnownActors) -> None:
    name, kind = participant.name, participant.kind
    how = participant.best.reference_kind.name.lower()
    features[f"kind {kind}"] = features[how] = features[f"{how} {kind}"] = 1.0
    features["likelihood"] = participant.best.likelihood
    naming = "named" if participant.is_named else "without name"
    words = plain_words(name)
    features[f"{naming} plural"] = float(participant.best.plural)
    features[f"{naming} definite"] = float(participant.best.definite)
    features[f"{naming} of words {min(len(words), 5)}"] = 1.0
    features["other names"] = math.log(max(len(participant.names), 1))
    written = name.split()
    features["capitals"] = sum(word[:1].isupper() for word in written) / max(len(written), 1)
    features["digit"] = float(any(map(str.isdigit, name)))
    features["single actor"] = float(len(participant.best.actor_ids) == 1)
    if participant.is_named:
        features["all capitals"] = float(name.isupper())
        features["legal form"] = float(bool(LEGAL_FORMS & set(words)))
        features["place name"] = float(actors.is_place(" ".join(words)))
        features["first name"] = float(bool(words) and words[0] in FIRST_NAMES)


def _add_places(features: Features, places: _Places, sentences: int) -> None:
    parts = {passage.sentence.part for passage, _ in places}
    body = [passage for passage, _ in places if passage.sentence.part is TextPart.BODY]
    read = body or [passage for passage, _ in places]
    plain = max(sum(token.text.islower() for token in each.sentence.tokens) for each in read)
    features.update({f"in {part}": 1.0 for part in parts})
    features["mentions"] = math.log1p(len(places))
    features["only in title"] = float(parts == {TextPart.TITLE})
    features["only in heading"] = float(parts == {TextPart.HEADING})
    features["first at"] = read[0].sentence.number / sentences
    features["in the opening"] = float(read[0].sentence.number < 4)
    features["only in sources"] = float(all(is_about_sources(each.sentence) for each in read))
    features["few plain words"] = float(plain < 4)
    features["beside others"] = math.log(max(len(each.participants) for each in read))
    by_product = any(BY_PRODUCT.search(passage.sentence.words) for passage, _ in places)
    features["by-product near"] = float(by_product)


def _add_letters(features: Features, places: _Places, lower: set[str]) -> None:
    passage, mention = places[0]
    tokens = passage.sentence.tokens[mention.reference.first : mention.reference.last]
    words = [token for token in tokens if token.is_word]
    count = "one word" if len(words) == 1 else "more words"
    ordinary = [is_ordinary(token.text) for token in words]
    opens = all(
        starts_a_sentence(each.sentence.tokens, own.reference.first) for each, own in places
    )
    features[f"{count} always opens"] = features["always opens"] = float(opens)
    features[f"{count} lower here"] = float(all(token.form in lower for token in words))
    features[f"{count} ordinary"] = float(all(ordinary))
    features[f"{count} begins ordinary"] = float(ordinary[0])
    features[f"{count} opens and ordinary"] = float(opens and ordinary[0])
    features[f"{count} mostly ordinary"] = float(2 * sum(ordinary) > len(ordinary))
    features[f"{count} commune"] = float(is_commune(mention.participant.name))
    features[f"{count} verb"] = float(bool(verbs(words[0].form)))
    features["any ordinary"] = float(any(ordinary))


def _add_neighbours(
    features: Features, passage: SentenceMentions, mention: ParticipantMention
) -> None:
    tokens, reference = passage.sentence.tokens, mention.reference
    before = tokens[max(0, reference.first - 4) : reference.first]
    after = tokens[reference.last : reference.last + 4]
    next_form = after[0].form if after else "the end"
    last_form = before[-1].form if before else "the start"
    earlier = tokens[: reference.first]
    depth = sum((token.text == "(") - (token.text == ")") for token in earlier)
    for name, is_so in {
        "then a verb of doing": bool(verbs(next_form)),
        "then speech": next_form in _SPEECH,
        "follows speech": last_form in _SPEECH,
        "then a job": next_form == "," and _JOB.search(joined(after)) is not None,
        "follows a job": _JOB.search(joined(before)) is not None,
        "follows a number": any(token.text.isdigit() for token in before[-2:]),
        "follows a colon": any(token.text == ":" for token in earlier),
        "then a colon": next_form == ":",
        "quoted": last_form in {"«", "“", '"'},
        "in brackets": depth > 0,
        "opens": reference.first <= 2,
        f"after {governor_of(tokens, reference.first)}": True,
    }.items():
        features[name] = max(features[name], float(is_so))
    for role, weight in roles_by_words(passage.sentence, mention).items():
        features[f"words {role}"] = max(features[f"words {role}"], weight)
        _add_role(features, role, weight)
    for token in tokens:
        features.update({f"{action} near": 1.0 for action in verbs(token.form)})
    near = 0
    for other in passage.mentions:
        between = (
            tokens[other.reference.last : reference.first]
            or tokens[reference.last : other.reference.first]
        )
        if between and {token.form for token in between} <= _IN_A_LIST:
            near += 1
            features[f"beside {other.reference.kind}"] = 1.0
    features["listed"] = max(features["listed"], math.log1p(near))


def _add_deeds(features: Features, deeds: Sequence[Deed]) -> None:
    for deed in deeds:
        features[f"{deed.relation} {deed.action}"] = features[f"deed {deed.relation}"] = 1.0
        for role, weight in deed.roles.items():
            _add_role(features, role, weight)
    features["no deed"] = float(not deeds)


def _add_role(features: Features, role: Role, weight: float) -> None:
    """Adds what speaks for a role: the most that does, and all of it together."""
    features[f"role {role}"] = max(features[f"role {role}"], weight)
    features[f"roles {role}"] += (1 - features[f"roles {role}"]) * 0.6 * weight
