"""Deeds: the verbs of doing beside the mentions of participants, and the words for them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT, ROLE_OF_DOER, ROLE_OF_OTHER, Action, actions
from ingest.extraction.candidates.participants import ParticipantMention, SentenceMentions
from ingest.extraction.tokens import Sentence, TextToken, joined, plain_words
from kb.reference.roles import Role
from kb.text.analysis import FUNCTION_WORDS

_NEAR = 8  # the most words between a mention and its verb
_MAX_WORDS = 16  # the longest words for a deed, in words and signs
_AUXILIARIES = lexicon.words("auxiliaries", "have") | lexicon.words("auxiliaries", "be")
_BE = lexicon.words("auxiliaries", "be")
_NO = lexicon.words("auxiliaries", "no")
_JOINERS = lexicon.words("conjunctions", "list")
_DETERMINERS = lexicon.words("determiners", "before_organisation")
_GOVERNORS = {
    form: how
    for how, forms in {
        "by": "par by",
        "to": "a au aux chez to at",
        "of": "de du d' des of from",
        "for": "pour for",
        "with": "avec with",
    }.items()
    for form in forms.split()
}
_ARTICLES = frozenset({"le", "la", "l'", "les", "the"})


def _patterns(name: str) -> tuple[tuple[Role, float, re.Pattern[str]], ...]:
    return tuple(
        (Role(role), float(weight), re.compile(pattern.replace("<by-product>", BY_PRODUCT.pattern)))
        for role, weight, pattern in lexicon.rows(name, 3)
    )


_BEFORE, _NAMES = _patterns("role_phrases"), _patterns("role_names")
_STOPS = frozenset(';.:!?…([{—–|«“"»”)]}')


@dataclass(frozen=True, slots=True)
class Deed:
    """An action; `relation` is what the mention is to its verb: "does", "object", "by"."""

    action: Action
    relation: str
    sentence: Sentence
    words: str

    @property
    def is_done_by(self) -> bool:
        return self.relation in {"does", "by"}

    @property
    def roles(self) -> Mapping[Role, float]:
        if self.is_done_by:
            return dict(ROLE_OF_DOER[self.action])
        return ROLE_OF_OTHER.get((self.relation, self.action), {})


def deeds_of(passage: SentenceMentions, number: int) -> Iterator[Deed]:
    sentence, reference = passage.sentence, passage.mentions[number].reference
    governor = governor_of(sentence.tokens, reference.first)
    after = _verb_after(passage, number) if not governor else -1
    before = _verb_before(passage, number)
    if after >= 0:
        near = sentence.tokens[max(0, after - 3) : after]
        relation = "undergoes" if _BE & {token.form for token in near} else "does"
        yield from _deeds(sentence, after, relation)
    if before >= 0:
        yield from _deeds(sentence, before, governor or "object")


def _deeds(sentence: Sentence, at: int, relation: str) -> Iterator[Deed]:
    for action in _actions(sentence.tokens, at):
        yield Deed(action, relation, sentence, _words(sentence, at))


def _actions(tokens: Sequence[TextToken], at: int) -> list[Action]:
    return actions(tokens[at].form, joined(tokens[at + 1 : at + 12])) if tokens[at].is_word else []


def roles_by_words(sentence: Sentence, mention: ParticipantMention) -> dict[Role, float]:
    """The roles that the words before a mention or those of its name speak for, and how surely."""
    at = mention.reference.first
    while at and sentence.tokens[at - 1].form in _ARTICLES:
        at -= 1
    before = joined(sentence.tokens[max(0, at - 8) : at])
    name = " ".join(plain_words(mention.reference.name))
    found: dict[Role, float] = {}
    for words, patterns in ((before, _BEFORE), (name, _NAMES)):
        for role, weight, pattern in patterns:
            if pattern.search(words):
                found[role] = max(weight, found.get(role, 0.0))
    return found


def governor_of(tokens: Sequence[TextToken], first: int) -> str:
    """The class of the preposition before a mention and its determiners; "" for none."""
    for token in reversed(tokens[max(0, first - 3) : first]):
        if token.form in _GOVERNORS and token.text not in {"a", "des", "Des"}:
            return _GOVERNORS[token.form]
        if token.form not in _DETERMINERS:
            break
    return ""


def _verb_after(passage: SentenceMentions, number: int) -> int:
    """The verb that a mention, or the list that it is in, is the subject of; −1 for none."""
    tokens = passage.sentence.tokens
    begin = passage.mentions[number].reference.last
    for other in passage.mentions[number + 1 :]:
        between = {token.form for token in tokens[begin : other.reference.first]}
        if not between <= _JOINERS:
            break
        begin = other.reference.last
    taken = _taken(passage.mentions)
    for at in range(begin, min(begin + _NEAR, len(tokens))):
        if at in taken or tokens[at].text in {";", "."}:
            break
        if _is_verb(tokens, at):
            return at
    return -1


def _verb_before(passage: SentenceMentions, number: int) -> int:
    tokens, taken = passage.sentence.tokens, _taken(passage.mentions)
    first = passage.mentions[number].reference.first
    for at in range(first - 1, max(-1, first - 1 - _NEAR), -1):
        if at in taken or tokens[at].text in {";", "."}:
            break
        if _is_verb(tokens, at):
            return at
    return -1


def _taken(mentions: Sequence[ParticipantMention]) -> set[int]:
    return {at for each in mentions for at in range(each.reference.first, each.reference.last)}


def _is_verb(tokens: Sequence[TextToken], at: int) -> bool:
    if not _actions(tokens, at):
        return False
    before = tokens[at - 1].form if at else ""
    near = {token.form for token in tokens[max(0, at - 4) : at]}
    after = [token.form for token in tokens[at + 1 : at + 2]]
    is_noun = before in _DETERMINERS and before not in _AUXILIARIES
    return not (is_noun or near & _NO or after in (["pas"], ["rien"], ["not"]))


def _words(sentence: Sentence, at: int) -> str:
    """The words from a verb and its auxiliaries to the end of its clause; "" for the verb alone."""
    tokens = sentence.tokens
    first = at
    while first and tokens[first - 1].form in _AUXILIARIES and tokens[first - 1].text != "à":
        first -= 1
    last = at + 1
    while last < min(len(tokens), first + _MAX_WORDS) and not _ends(tokens, last):
        last += 1
    is_cut = last < len(tokens) and tokens[last].is_word
    while last > at + 1 and not _may_end(tokens[last - 1]):
        last -= 1
    if last == at + 1:
        return ""
    return sentence.written(first, last) + ("…" if is_cut else "")


def _ends(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether a sign ends a clause: none does within a word or a number, as in "3,5"."""
    if tokens[at].text not in _STOPS | {","}:
        return False
    before, after = tokens[at - 1], tokens[min(at + 1, len(tokens) - 1)]
    return not (before.is_word and after.is_word and before.end == after.start - 1)


def _may_end(token: TextToken) -> bool:
    joins = token.form in FUNCTION_WORDS or token.form.endswith("'")
    return (token.is_word and not joins) or token.text in {"°", "%", "€", "$", "£"}
