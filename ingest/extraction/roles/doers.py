"""Doers of deeds, by the order of the words, the prepositions and the voice."""

import re
from collections.abc import Iterator, Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import Action
from ingest.extraction.coreference.participant import ParticipantMention
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.roles.clause import AGENT, BE, DATIVE, Clause
from ingest.extraction.roles.deeds import Deed

Doer = tuple[ParticipantMention, float]
"""A mention, and the confidence, from 0 to 1, that it is a doer."""

_CAUSATIVE = re.compile(lexicon.any_of("clause_cues", "causative"))
_LIKEWISE = re.compile(lexicon.any_of("clause_cues", "likewise") + r"(?: (?:le|la|l'|les|the))?$")
_ENTRUSTED = re.compile(lexicon.any_of("clause_cues", "entrusted"))
_RELATIVE_SUBJECT = lexicon.words("pronouns", "relative_subject")
_RELATIVE_OBJECT = lexicon.words("pronouns", "relative_object")
_OTHER_SUBJECTS = lexicon.words("pronouns", "other_subject")
_LOCATION = lexicon.words("prepositions", "location")


def doers(clause: Clause, deeds: Sequence[Deed], number: int) -> list[Doer]:
    deed = deeds[number]
    if _ENTRUSTED.match(clause.tokens[deed.at].form) and Action.SUPPLY not in deed.actions:
        return _entrusted(clause, deed)
    if deed.is_passive:
        return _agents(clause, deeds, number)
    singled_out = _singled_out(clause, deed.at)
    if singled_out:
        return [(mention, 0.95) for mention in singled_out]
    found = _subject(clause, deed.at)
    if found:
        return found + [(mention, 0.85) for mention in _likewise(clause, deeds, number)]
    after = clause.mention_from(deed.at + 1, 3)
    if after is not None and _is_inverted(clause, deed.at) and not clause.governors[after]:
        return [(mention, 0.9) for mention in clause.group(after)]
    return []


def _singled_out(clause: Clause, at: int) -> list[ParticipantMention]:
    """Returns the doers singled out by a cleft: "le premier à en offrir fut X"."""
    before = {token.form for token in clause.tokens[max(0, at - 4) : at]}
    if not before & {"premier", "premiere", "premiers", "seul", "seule", "first", "only"}:
        return []
    for position in range(at + 1, min(at + 10, len(clause.tokens))):
        if clause.tokens[position].form in BE and position + 1 < len(clause.tokens):
            owner = clause.mention_from(position + 1, 3)
            return clause.group(owner) if owner is not None else []
    return []


def _entrusted(clause: Clause, deed: Deed) -> list[Doer]:
    """Returns the doers of an entrusted task: "a confié le conditionnement à X"."""
    for number, mention in enumerate(clause.mentions):
        if mention.first > deed.at and clause.governors[number] in DATIVE:
            return [(mention, 0.9) for mention in clause.group(number)]
    return []


def _likewise(clause: Clause, deeds: Sequence[Deed], number: int) -> Iterator[ParticipantMention]:
    """Yields the mentions that did the same, by the rest of the clause."""
    last = deeds[number + 1].at if number + 1 < len(deeds) else len(clause.tokens)
    for mention in clause.mentions:
        if deeds[number].at < mention.first <= last and _LIKEWISE.search(clause.before(mention)):
            yield mention


def _agents(clause: Clause, deeds: Sequence[Deed], number: int) -> list[Doer]:
    """Returns the agents of a passive; failing that, the host of the deed."""
    deed = deeds[number]
    for position, mention in enumerate(clause.mentions):
        if mention.first > deed.at and clause.governors[position] in AGENT:
            between = clause.tokens[deed.at + 1 : mention.first]
            later = [other for other in deeds[number + 1 :] if other.at < mention.first]
            is_near = len(between) <= 14 and all(token.text != ";" for token in between)
            if not is_near or not all(other.is_passive for other in later):
                return []
            return [(agent, 1.0) for agent in clause.group(position)]
    return _tester(clause, deed) or _located(clause, deed)


def _tester(clause: Clause, deed: Deed) -> list[Doer]:
    """Returns the laboratory in which a test of a passive took place."""
    laboratories = {OrganisationKind.LABORATORY, OrganisationKind.SCHOOL}
    for governor, mention in zip(clause.governors, clause.mentions, strict=True):
        if (
            Action.TEST in deed.actions
            and 0 < mention.first - deed.at < 6
            and governor in _LOCATION | {"dans", "par"}
            and mention.participant.kind in laboratories
        ):
            return [(mention, 0.9)]
    return []


def _located(clause: Clause, deed: Deed) -> list[Doer]:
    """Returns the host of a deed: "Chez X, la solution est fabriquée et mise en flacon."."""
    for governor, mention in zip(clause.governors, clause.mentions, strict=True):
        form = clause.tokens[mention.first].form
        before = mention.first <= deed.at
        if mention.is_pronoun and (form == "there" or (before and form == "y")):
            return [(mention, 0.8)]
        if not before:
            break
        named = governor in {"a", "at"} and mention.participant.is_named
        if named or governor in {"chez", "aux"}:
            return [(mention, 0.7)]
    return []


def _subject(clause: Clause, at: int) -> list[Doer]:
    """Returns the subject before a verb; failing that, the host of the deed."""
    position = at - 1
    host: list[Doer] = []
    while position >= 0:
        token, owner = clause.tokens[position], clause.owners[position]
        if clause.depths[position] > clause.depths[at] or (
            owner >= 0 and token.form in {"y", "there"}
        ):
            position -= 1
        elif owner >= 0:
            mention, governor = clause.mentions[owner], clause.governors[owner]
            group = clause.group(owner)
            is_asked = governor in DATIVE and _is_asked(clause, mention, at)
            if is_asked or governor in {"", "entre"}:
                return [(subject, 0.9 if is_asked else 1.0) for subject in group]
            if governor in {"chez", "at", "aux"} and not host:
                host = [(subject, 0.75) for subject in group]
            position = mention.first - 1
        elif token.text in {";", ":"}:
            return host if token.text == ";" else []
        elif _opens_relative(clause, position):
            return _antecedent(clause, position) or host
        elif token.form in _RELATIVE_OBJECT and position > 0:
            commas = [each.text == "," for each in clause.tokens[position - 1 : at]]
            if not (commas[0] and any(commas[2:])):
                return host
            position -= 1  # the clause that began here has ended
        elif token.form in _OTHER_SUBJECTS:
            return host or _host_before(clause, position)  # "on" at somebody's is that somebody
        else:
            position -= 1
    return host


def _opens_relative(clause: Clause, position: int) -> bool:
    form = clause.tokens[position].form
    return form in _RELATIVE_SUBJECT and (form != "that" or clause.owners[position - 1] >= 0)


def _host_before(clause: Clause, position: int) -> list[Doer]:
    for governor, mention in zip(clause.governors, clause.mentions, strict=True):
        if mention.last <= position and governor in {"chez", "aux", "at"}:
            return [(mention, 0.75)]
    return []


def _antecedent(clause: Clause, position: int) -> list[Doer]:
    """Returns the antecedent of "qui": the mention right before it."""
    before = position - 1
    while before >= 0 and (clause.tokens[before].text in {",", ")"} or clause.depths[before]):
        before -= 1
    if before < 0 or clause.owners[before] < 0:
        return []
    owner = clause.owners[before]
    governor = clause.governors[owner]
    if governor in {"de", "d'", "of"}:
        return [(clause.mentions[owner], 0.6)]
    reference = clause.mentions[owner].reference
    if reference is not None and not reference.is_named and not reference.definite:
        # "Un atelier qui débite du bois" is any workshop.
        return [(mention, 0.55) for mention in clause.group(owner)]
    return [(mention, 0.95) for mention in clause.group(owner)]


def _is_asked(clause: Clause, mention: ParticipantMention, at: int) -> bool:
    """Whether somebody asks a mention to do a deed: "a demandé à X de livrer"."""
    before = clause.tokens[max(0, mention.first - 8) : mention.first]
    after = clause.tokens[mention.last : at]
    return any(_CAUSATIVE.fullmatch(token.form) for token in before) and any(
        token.form in {"de", "d'", "to"} for token in after
    )


def _is_inverted(clause: Clause, at: int) -> bool:
    """Whether words before a verb put its subject after it: "que fabrique X"."""
    before = [token.form for token in clause.tokens[max(0, at - 3) : at]]
    if set(before) & _OTHER_SUBJECTS:
        return False
    return bool(set(before) & (_RELATIVE_OBJECT | {"lui", "leur"}))
