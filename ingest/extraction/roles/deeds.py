"""The deeds of a clause: its verbs of doing, and the actions of each."""

from dataclasses import dataclass

from ingest.extraction import lexicon
from ingest.extraction.actions import (
    BY_PRODUCT,
    FIGURATIVE,
    Action,
    is_doing,
    noun_actions,
    phrase_actions,
    verbs,
)
from ingest.extraction.roles.certainty import certainty
from ingest.extraction.roles.clause import BE, HAVE, Clause
from ingest.extraction.roles.phrasing import clause_start, phrase
from ingest.extraction.roles.verb_forms import is_going_on, is_noun, is_passive
from ingest.extraction.tokens import joined

_BEFORE_A_VERB = HAVE | BE | lexicon.words("auxiliaries", "before_verb")


@dataclass(frozen=True, slots=True)
class Deed:
    """A verb of doing at a token, and how sure it is, from 0 to 1, that the deed was done."""

    at: int
    actions: tuple[Action, ...]
    is_passive: bool
    certainty: float


def deeds(clause: Clause) -> list[Deed]:
    """The deeds of a clause, from left to right."""
    found = (_deed(clause, at) for at in range(len(clause.tokens)) if _may_be_verb(clause, at))
    return [deed for deed in found if deed is not None]


def _may_be_verb(clause: Clause, at: int) -> bool:
    token = clause.tokens[at]
    if not token.is_word or clause.owners[at] >= 0:
        return False
    before = clause.tokens[at - 1] if at else None
    return before is None or not (
        before.form in {"quoi", "what"}
        or (token.is_capital and before.text not in {":", ".", "«", "•"})
    )


def _deed(clause: Clause, at: int) -> Deed | None:
    form = clause.tokens[at].form
    following = _following(clause, at)
    actions = _actions(clause, at, following)
    if not actions or (Action.SUPPLY in actions and FIGURATIVE.search(following)):
        return None
    sure = certainty(clause, at)
    if form.endswith("ing") and not is_going_on(clause, at):
        sure *= 0.4
    if at and clause.tokens[at - 1].form in {"se", "s'"} and Action.SUPPLY in actions:
        if form.startswith(("fourn", "procur", "approv")):
            return Deed(at, (Action.BUY,), is_passive=False, certainty=sure)
        return None  # "se vend" names nobody who sells
    if Action.MAKE in actions and BY_PRODUCT.search(" ".join(following.split()[:3])):
        actions = (Action.SUPPLY,)  # who makes waste has it to give
        sure *= 0.55
    return Deed(at, tuple(dict.fromkeys(actions)), is_passive(clause, at), sure) if sure else None


def _actions(clause: Clause, at: int, following: str) -> tuple[Action, ...]:
    """Returns the actions of a word as a verb; none if it is a noun."""
    form = clause.tokens[at].form
    before = clause.tokens[at - 1].form
    if form in {"fait", "font"} and before == "en":
        return (Action.TRANSFORM,)  # "en fait la litière de ses poules"
    if is_noun(clause, at):
        return ()
    if form in {"prend", "prennent"} and at and before in {"le", "la", "les", "l'"}:
        return (Action.TAKE,)
    actions = tuple(phrase_actions(form, following))
    if not actions and is_doing(form):
        actions = _named_actions(clause, at, following)
    return actions or verbs(form)


def _named_actions(clause: Clause, at: int, following: str) -> tuple[Action, ...]:
    """The actions that the nouns beside a verb of doing name: "assurer le transport"."""
    named = noun_actions(" ".join(following.split()[:7]))
    if not named and is_passive(clause, at):
        named = noun_actions(joined(clause.tokens[max(0, at - 8) : at]))[-1:]
    return tuple(action for _, action in named[:2])


def _following(clause: Clause, at: int) -> str:
    """The folded words after a verb, as far as the clause goes."""
    words = []
    for token in clause.tokens[at + 1 : at + 15]:
        if token.text in {";", ":", ".", "!", "?"}:
            break
        if token.is_word or token.form.endswith("'"):
            words.append(token.form)
    return " ".join(words)


def contribution(clause: Clause, deed: Deed) -> str:
    """Returns the words for a deed: its clause from the verb on, or all of a passive clause."""
    tokens = clause.tokens
    first = deed.at
    while (
        first
        and tokens[first - 1].form in _BEFORE_A_VERB
        and clause.owners[first - 1] < 0
        and tokens[first - 1].text != "à"
    ):
        first -= 1
    if tokens[first].form in {"de", "d'"}:
        first += 1
    if deed.is_passive:
        first = min(first, clause_start(tokens, deed.at))
    return phrase(clause.sentence, first, deed.at, len(tokens))
