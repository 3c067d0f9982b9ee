"""Forms of a possible verb in its clause: noun, participle, passive, past."""

import re

from ingest.extraction import lexicon
from ingest.extraction.roles.clause import AGENT, BE, HAVE, Clause
from ingest.extraction.tokens import TextToken

_BEFORE_A_NOUN = lexicon.words("determiners", "before_noun")
_BEFORE_AN_OBJECT = lexicon.words("pronouns", "before_object")
_IRREGULAR_PARTICIPLES = re.compile(lexicon.any_of("verb_forms", "irregular_participle"))
_ENGLISH_PAST = re.compile(lexicon.any_of("verb_forms", "english_past"))
_ACTIVE_OR_PASSIVE = lexicon.words("verb_forms", "active_or_passive")
_ACCENTED_PARTICIPLE = re.compile(r"(?:é|ée|és|ées)$")


def is_noun(clause: Clause, at: int) -> bool:
    """Whether a word that has the form of a verb is a noun, by the words before it."""
    token, form = clause.tokens[at], clause.tokens[at].form
    if not at:
        return not is_participle(token) and not form.endswith(("er", "ing", "re", "ir"))
    before = clause.tokens[at - 1]
    if clause.owners[at - 1] >= 0 or (before.text in {"à", "À"} and _is_infinitive(form)):
        return False
    if before.text in {",", "(", ":"} and not is_participle(token):
        after = clause.tokens[at + 1].form if at + 1 < len(clause.tokens) else ""
        if after in {"de", "d'", "du"} and not _is_infinitive(form):
            return True  # "sa drêche, mélange de malt et de blé"
    owned_before = at > 1 and clause.owners[at - 2] >= 0
    if before.form in _BEFORE_A_NOUN and not (before.form == "a" and _had(clause, at)):
        return not (before.form == "leur" and owned_before)  # "leur" before a verb is "to them"
    earlier = clause.tokens[at - 2].form if at > 1 else ""
    if before.form in {"le", "la", "les", "l'"}:
        return not owned_before and not _is_object_after(earlier, form)
    of_it = before.form == "en" and (owned_before or earlier in {"et", "qui", "elle", "il", "ils"})
    return (
        before.form in {"de", "d'", "en", "par", "sans", "sous", "avec"}
        and not of_it
        and not (_is_infinitive(form) or form.endswith("ant"))
    )


def _is_infinitive(form: str) -> bool:
    return form.endswith(("er", "re", "ir"))


def _is_object_after(earlier: str, form: str) -> bool:
    """Whether "le", "la" or "les" between two words is the object of the second, a verb."""
    if earlier in {"et", "de", "pour", "a"}:
        return _is_infinitive(form) or (earlier == "et" and not form.endswith("s"))
    return earlier in _BEFORE_AN_OBJECT


def _had(clause: Clause, at: int) -> bool:
    """Whether the "a" before a word is French for "has"."""
    token = clause.tokens[at]
    return (
        bool(re.search(r"[éèê]", token.text))
        or bool(_IRREGULAR_PARTICIPLES.fullmatch(token.form))
        or (at > 1 and clause.owners[at - 2] >= 0)
    )


def is_participle(token: TextToken) -> bool:
    """Whether a word has the form of a past participle."""
    return (
        bool(_ACCENTED_PARTICIPLE.search(token.text))
        or token.form.endswith("ed")
        or bool(_IRREGULAR_PARTICIPLES.fullmatch(token.form))
    )


def is_passive(clause: Clause, at: int) -> bool:
    """Whether a verb is in the passive voice, by its auxiliary or by who follows "par"."""
    token = clause.tokens[at]
    if not is_participle(token):
        return False
    for back in range(at - 1, max(-1, at - 6), -1):
        form = clause.tokens[back].form
        if form in BE:
            reflexive = back > 0 and clause.tokens[back - 1].form in {"s'", "se"}
            return not reflexive and form not in {"got", "gets"}
        if form in HAVE and not (form == "a" and clause.tokens[back].text == "à"):
            return False
        if clause.owners[back] >= 0 or form in {"qui", "et", "and", ",", "que"}:
            break
    if (
        token.form.endswith("ed")
        or token.form in _ACTIVE_OR_PASSIVE
        or not _ACCENTED_PARTICIPLE.search(token.text)
    ):
        following = [token.form for token in clause.tokens[at + 1 : at + 8]]
        return bool(AGENT & set(following)) and not HAVE & set(following[:3])
    return not _shares_auxiliary(clause, at)


def _shares_auxiliary(clause: Clause, at: int) -> bool:
    """Whether a French participle is coordinated with one that has "avoir"."""
    for back in range(at - 1, max(-1, at - 25), -1):
        token = clause.tokens[back]
        if token.form in {"a", "ont", "avait", "avaient"} and token.text != "à":
            between = {token.form for token in clause.tokens[back + 1 : at]}
            previous = clause.tokens[at - 1].form
            coordinated = previous in {"et", "puis", ",", "ensuite", "aussi"}
            return coordinated and bool(between & {",", "et", "puis"})
        if token.text == ";":
            break
    return False


def is_past(clause: Clause, at: int) -> bool:
    """Whether a verb is in a past tense."""
    form = clause.tokens[at].form
    if is_passive(clause, at) or form.endswith("ed") or _ENGLISH_PAST.fullmatch(form):
        return True
    near = {token.form for token in clause.tokens[max(0, at - 4) : at]}
    if _is_infinitive(form) and near & {"de", "d'", "a", "pour"}:
        return True
    return is_participle(clause.tokens[at]) and bool(near & (HAVE | BE))


def is_going_on(clause: Clause, at: int) -> bool:
    """Whether a word in -ing is a verb with a subject: "is making", "began to, by making"."""
    before = clause.tokens[at - 1].form if at else ""
    near = {token.form for token in clause.tokens[max(0, at - 4) : at]}
    return before in {"by", "for", "of", "in", "and"} or bool(
        near & (BE | {"started", "began", "kept", "stopped"})
    )
