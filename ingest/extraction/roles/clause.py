"""A sentence with its mentions: which words each holds, what governs it, what joins it."""

import re
from collections.abc import Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.coreference.participant import ParticipantMention
from ingest.extraction.prepositions import preposition
from ingest.extraction.roles.phrasing import clause_start, phrase
from ingest.extraction.tokens import Sentence, joined

HAVE = lexicon.words("auxiliaries", "have")
BE = lexicon.words("auxiliaries", "be")
DATIVE = lexicon.words("prepositions", "dative")
AGENT = lexicon.words("prepositions", "agent")

_ASIDE = re.compile(lexicon.any_of("clause_cues", "aside") + r"(?: :)?(?: (?:le|la|l'|les|the))?$")
_SUCH_AS = lexicon.words("conjunctions", "such_as")
_JOINERS = lexicon.words("conjunctions", "list")
_ARTICLES = lexicon.words("determiners", "article")
_DETERMINERS = lexicon.words("determiners", "before_mention")
_OF_PLACE = lexicon.words("prepositions", "of_place")
_BEFORE_A_PRONOUN = lexicon.words("prepositions", "before_pronoun")


class Clause:
    """A sentence and its mentions, without mentions that take no part.

    Of each token, `owners` holds the number of the mention it belongs to, −1 for none, and
    `depths` the number of brackets around it. Of each mention, `governors` holds its preposition,
    and `_joined` whether a list joins it with the one before.
    """

    def __init__(self, sentence: Sentence, mentions: Sequence[ParticipantMention]) -> None:
        self.sentence = sentence
        self.tokens = sentence.tokens
        self.words = sentence.words
        self.mentions = [mention for mention in mentions if not self._is_aside(mention)]
        self.owners = [-1] * len(self.tokens)
        for number, mention in enumerate(self.mentions):
            for at in range(mention.first, mention.last):
                self.owners[at] = number
        self.depths = self._depths()
        self._joined = self._list_links()
        self.governors = self._governors()

    def group(self, number: int) -> list[ParticipantMention]:
        """The mentions that a list joins with a mention, itself included."""
        first = last = number
        while first and self._joined[first]:
            first -= 1
        while last + 1 < len(self.mentions) and self._joined[last + 1]:
            last += 1
        return self.mentions[first : last + 1]

    def mention_from(self, at: int, within: int) -> int | None:
        """The number of the first mention in some tokens, `None` if they hold none."""
        owners = self.owners[at : at + within]
        return next((owner for owner in owners if owner >= 0), None)

    def before(self, mention: ParticipantMention) -> str:
        """The eight folded words before a mention and its determiners."""
        at = mention.first
        while at and self.tokens[at - 1].form in _DETERMINERS and self.tokens[at - 1].text != "à":
            at -= 1
        return joined(self.tokens[max(0, at - 8) : at])

    def around(self, mention: ParticipantMention) -> str:
        """The phrase that a mention stands in."""
        first = clause_start(self.tokens, mention.first)
        return phrase(self.sentence, first, mention.last - 1, mention.last + 6)

    def written(self, first: int, last: int) -> str:
        """The text of some tokens, without the signs around it; "" for none."""
        return self.sentence.written(first, last).strip(' ,;:.(«»"') if first < last else ""

    def _is_aside(self, mention: ParticipantMention) -> bool:
        """Whether the words before a mention exclude it: "contrairement à X"."""
        before = joined(self.tokens[max(0, mention.first - 6) : mention.first])
        return not mention.is_pronoun and _ASIDE.search(before) is not None

    def _depths(self) -> list[int]:
        depth = 0
        depths = []
        for token in self.tokens:
            depth += token.text in {"(", "["}
            depths.append(depth)
            depth -= token.text in {")", "]"} and depth > 0
        return depths

    def _governors(self) -> list[str]:
        """Returns the preposition of each mention; mentions joined by "et" share the first's."""
        governors: list[str] = []
        for number, mention in enumerate(self.mentions):
            governor = preposition(self.tokens, mention.first)
            if mention.is_pronoun and governor not in _BEFORE_A_PRONOUN:
                governor = ""
            if not governor and self._joined[number]:
                governor = governors[-1]
            governors.append(governor)
        return governors

    def _list_links(self) -> list[bool]:
        """Returns, for each mention, whether a list joins it with the mention before."""
        links = [self._link(number) if number else "" for number in range(len(self.mentions))]
        are_joined = [link == "and" for link in links]
        for number in range(len(links) - 2, 0, -1):
            # Commas join what an "et" at the end makes a list.
            are_joined[number] |= links[number] == "comma" and are_joined[number + 1]
        return are_joined

    def _link(self, number: int) -> str:
        """Returns the link of a mention with the mention before: "and", "comma" or ""."""
        left, right = self.mentions[number - 1], self.mentions[number]
        if left.first == right.first:
            return "and"
        between = self.tokens[self._after_place(left.last, right.first) : right.first]
        forms = [token.form for token in between]
        if not forms or (right.is_pronoun and forms[-1] != "l'"):
            return ""
        both_pronouns = right.is_pronoun and left.is_pronoun
        such_as = forms[-1] in _SUCH_AS and set(forms[:-1]) <= {","}
        if such_as or (both_pronouns and forms == ["comme", "l'"]):
            return "and"  # "trois ateliers, dont X et Y", "l'un comme l'autre"
        governor = preposition(self.tokens, left.first)
        if not set(forms) <= _JOINERS | {governor} or self._ends_list(right, forms, governor):
            return ""
        if set(forms) & {"et", "and", "&", "ou", "or", "puis", "then", "que"}:
            return "and"
        return "comma" if "," in forms else ""

    def _ends_list(self, right: ParticipantMention, forms: Sequence[str], governor: str) -> bool:
        """Whether the list of a governed mention ends before the next mention."""
        repeated = governor in forms or (governor in {"de", "d'", "du"} and "des" in forms)
        if "," in forms and governor and not repeated and set(forms) & _ARTICLES:
            return True  # "… de la Charente, la mairie": the list would say "de la mairie"
        after = self.tokens[right.last].form if right.last < len(self.tokens) else ""
        # "… by X, and Y drove them": a sentence of its own
        return bool(governor) and (bool(verbs(after)) or after in HAVE | BE)

    def _after_place(self, first: int, last: int) -> int:
        """Past the place of a mention: "un fablab de Périgueux", "X (Pessac)"."""
        at = first
        if at < last and self.tokens[at].text == "(":
            while at < last and self.tokens[at].text != ")":
                at += 1
            return min(at + 1, last)
        if at + 1 < last and self.tokens[at].form in _OF_PLACE:
            end = at + 1
            while end < last and (self.tokens[end].is_capital or self.tokens[end].text == "-"):
                end += 1
            return end if end > at + 1 else first
        return first
