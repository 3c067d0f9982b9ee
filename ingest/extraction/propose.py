"""Proposes who took part, in which role, to meet which need: a person decides."""

from collections.abc import Iterator, Sequence

from ingest.articles.article import Article
from ingest.extraction.gazetteer import KnownActors, town_of
from ingest.extraction.need import need_of
from ingest.extraction.reader.encoded import MAX_CHARS, calibrated, encoded, whole_text
from ingest.extraction.reader.participants import Participant, TaggedName, participants
from ingest.extraction.times import time_of_facts
from ingest.extraction.tokens import Sentence, TextPart, TextToken, sentences, tokens
from kb.models import Participation
from kb.reference.roles import Role
from kb.registers.drafts import READER, Proposals, ProposedField, ProposedParticipation
from kb.text.analysis import FUNCTION_WORDS, STEMMERS, words
from kb.text.folding import fold
from kb.text.markdown import plain_text

MIN_CONFIDENCE = 0.1  # least confidence of a proposal shown to a person
SUREST = 0.84  # of participations that the reader finds surer, two in three are right
DESCRIBED = 0.6  # the most presence of who has no name: it is suggested, and not filled in
LEAST_NEED = 0.6  # least confidence of a need: of those below, fewer than seven in ten are right
_BESIDE = 60  # characters after a name in which its town may stand
_MOST_TOLD = 16  # the most words for what a participant did
_MOST_WHOLE = 45  # the most words and signs of a sentence that tells it whole
_IN_TOWN = frozenset("à in near".split())  # before the town of a name: "L'Arche à Cognac a …"
_STOPS = frozenset(';.:!?…([{—–|«“"»”)]}')
_GOVERNS = frozenset("par by chez pour for avec with que qui".split())  # the name is no subject
_AUXILIARIES = frozenset(
    "a ont est sont avait avaient va vont peut se s' y en has have had is are was were will".split()
)


def propose(article: Article, actors: KnownActors) -> Proposals:
    """The participations in the order of the text, and the need and `period` as `fields`."""
    read = sentences(article.title, article.text[:MAX_CHARS])
    understood = encoded(whole_text(article))
    fields: list[ProposedField] = []
    lang = language_of(article)
    need = need_of(understood, read, lang) if lang in STEMMERS else None
    confidence = round(calibrated("needs", need.likely), 2) if need else 0.0
    if need and confidence >= LEAST_NEED:
        confidence = confidence if need.is_told else min(SUREST, confidence)
        fields.append(ProposedField("need", need.phrase, need.sentence.text, confidence, READER))
    if time := time_of_facts(read, article.date):
        fields.append(ProposedField("period", time.edtf, time.sentence.text, time.confidence))
    found = list(_linked(participants(understood), actors))  # each with all its mentions
    proposed = (each for one in found for each in _proposed(one, read, actors))
    return Proposals(tuple(fields), tuple(proposed))


def language_of(article: Article) -> str:
    """The language that an article declares, or else that of most of its small words."""
    if article.lang:
        return article.lang[:2]
    forms = [word.forms[0] for word in words(article.text)]
    counts = {"fr": ("le", "la", "les", "des", "et", "est"), "en": ("the", "and", "of", "is", "to")}
    return max(counts, key=lambda lang: sum(forms.count(each) for each in counts[lang]))


def _linked(found: Sequence[Participant], actors: KnownActors) -> Iterator[tuple[Participant, str]]:
    """Each participant with the id of the only known actor that it names; "" for none."""
    of_id: dict[str, Participant] = {}
    for participant in found:
        actor_id = next(
            (
                own
                for mention in participant.mentions
                if (own := _known(mention.name, _town_beside(mention, participant.text), actors))
            ),
            "",
        )
        if actor_id in of_id:
            of_id[actor_id].mentions += participant.mentions
        else:
            if actor_id:
                of_id[actor_id] = participant
            yield participant, actor_id


def _town_beside(mention: TaggedName, text: str) -> str:
    """The commune that a text says after a name or within it: "ESAT L'Arche à Cognac"."""
    return town_of(mention.name, [text[mention.start : mention.end + _BESIDE]])


def _known(name: str, town: str, actors: KnownActors) -> str:
    """The id of the only known actor of a name, in this town if there are several; else ""."""
    if not (ids := (town and actors.named(f"{name} {town}")) or actors.named(name)):
        own = list(tokens(name))
        capitals = sum(token.is_capital for token in own)
        ids = next(
            (known.actor_ids for known in actors.find(own)
             if 2 * sum(each.is_capital for each in own[known.first : known.last]) > capitals),
            (),
        )  # fmt: skip
    if town and len(ids) > 1:
        ids = tuple(id_ for id_ in ids if fold(actors.actors[id_].place) == fold(town))
    return ids[0] if len(ids) == 1 else ""


def _proposed(
    linked: tuple[Participant, str], read: Sequence[Sentence], actors: KnownActors
) -> Iterator[ProposedParticipation]:
    participant, actor_id = linked
    name = actors.actors[actor_id].name if actor_id else participant.name
    sentence, told = _told(participant, read)
    if sentence is None:
        return
    presence = participant.probability
    if not (actor_id or participant.is_named):
        presence = min(presence, DESCRIBED)
    for role, likely in participant.roles():
        confidence = calibrated("participations", participant.probability, likely)
        confidence = min(SUREST, confidence)
        if confidence >= MIN_CONFIDENCE:
            yield ProposedParticipation(
                Participation(name, Role(role), actor_id, told),
                sentence.text,
                round(confidence, 2),
                presence=round(presence, 2),
            )


def _told(participant: Participant, read: Sequence[Sentence]) -> tuple[Sentence | None, str]:
    """The sentence that says best what a participant did, and its words for that, or all of it."""
    in_order = sorted(read, key=lambda each: each.part is not TextPart.BODY)
    names = [mention.name for mention in participant.mentions]
    names = [name for name in names if not name.islower()] or names
    forms = dict.fromkeys(_forms(plain_text(name)) for name in names)
    naming = [
        (each, last)
        for words in forms  # the fullest name first
        for each in in_order
        if (last := _end_of(words, [token.form for token in each.tokens]))
    ]
    for sentence, last in naming:
        if sentence.part is TextPart.BODY and (words := _deed(sentence, last)):
            return sentence, words
    first = naming[0][0] if naming else None
    is_told = first is not None and first.part is TextPart.BODY and len(first.tokens) <= _MOST_WHOLE
    return first, first.text if first and is_told else ""


def _forms(name: str) -> tuple[str, ...]:
    return tuple(token.form for token in tokens(name))


def _end_of(words: Sequence[str], forms: Sequence[str]) -> int:
    """Where a name ends among the tokens of a sentence; 0 if it is not there."""
    count = len(words)
    starts = range(len(forms) - count + 1) if count else ()
    return next((at + count for at in starts if tuple(forms[at : at + count]) == words), 0)


def _deed(sentence: Sentence, first: int) -> str:
    """The words of a clause that begins with the name before them: "a livré 300 litres"."""
    before = sentence.tokens[:first]
    if any(token.form in _GOVERNS or token.text in _STOPS for token in before[:-1]):
        return ""
    if first < len(sentence.tokens) and sentence.tokens[first].text.lower() in _IN_TOWN:
        first += 1
        while first < len(sentence.tokens) and (
            sentence.tokens[first].is_capital or sentence.tokens[first].text == "-"
        ):
            first += 1
    if first >= len(sentence.tokens) or not _is_verb(sentence.tokens[first]):
        return ""
    last = first + 1
    while last < len(sentence.tokens) and last - first < _MOST_TOLD:
        if sentence.tokens[last].text in _STOPS | {","}:
            break
        last += 1
    is_cut = last < len(sentence.tokens) and sentence.tokens[last].is_word
    while last > first + 1 and sentence.tokens[last - 1].form in FUNCTION_WORDS:
        last -= 1
    return "" if last == first + 1 else sentence.written(first, last) + ("…" if is_cut else "")


def _is_verb(token: TextToken) -> bool:
    """Whether a word after a subject may be its verb: an auxiliary, or a word of content."""
    form = token.form
    if token.is_capital or token.text in _IN_TOWN:
        return False
    is_elided = form.endswith("'")
    return form in _AUXILIARIES or (
        form[:1].isalpha() and not is_elided and form not in FUNCTION_WORDS
    )
