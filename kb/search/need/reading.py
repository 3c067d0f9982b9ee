"""Reading: a need taken apart by the rules of lexicons/reading.txt: how much, when, where, who."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from kb.reference.communes import communes_named
from kb.reference.departments import department_code
from kb.reference.trades import LexiconKind, TradePhrase, lexicon
from kb.search.query import NeedPart, NeedReading, PartKind, Query, bare_need, is_long
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, carrying_words, words
from kb.text.folding import fold
from kb.text.lexicon import Lexicons

KM_OF_A_MILE = 1.609
VILLAGE, TOWN, LARGER_TOWN = 10, 12, 13
"""Least sizes (`Commune.size`) of communes in small letters after "near", of those whose names are
common nouns after "in", and of those in small letters there."""

CLAUSE_CHARS = 200  # how much before a number says what it is of
_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_READ = "¦"
_RULES = (
    (PartKind.DEADLINE, ("deadlines",)),
    (PartKind.FREQUENCY, ("frequencies",)),
    (PartKind.FOR, ("headed", "asking", "being", "beneficiary", "signing")),
    (PartKind.QUANTITY, ("guests", "times")),
)
_BEFORE_VOWEL = re.compile(r"\b([Dd])e (?=[aeiouéèêâîôœ])")
_SENTENCE_END = re.compile(r"(?<=[.!?]) +(?=\S)")


def read_need(text: str, left: Collection[str] = ()) -> NeedReading:
    """Takes a need apart, but for words `left`; whole if nothing else would be left.

    A long text, such as an e-mail, stays whole: its parts are told beside it.
    """
    reader = _Reader(text, left)
    reader.read()
    parts = tuple(part for _, part in sorted(reader.parts.items(), key=lambda placed: placed[0]))
    if is_long(text):
        return NeedReading(bare_need(text), text, parts)
    rest = reader.rest()
    object_ = _object_of(rest)
    if not _carries(object_):
        return NeedReading(_object_of(text), text)
    return NeedReading(object_, rest, parts)


def _object_of(text: str) -> str:
    """What a text asks for, without the words that only ask: of several sentences, all."""
    found = (_unframed(sentence) for sentence in _SENTENCE_END.split(text))
    return ", ".join(dict.fromkeys(filter(_carries, found))) or bare_need(text)


def _unframed(sentence: str) -> str:
    before = ""
    while before != sentence:
        before = sentence
        opening = _rule("openings").match(_folded(sentence))
        sentence = _tidy(sentence[opening.end() if opening else 0 :])
        sentence = bare_need(sentence) if _carries(sentence) else before
    closing = _rule("closings").search(_folded(sentence))
    return _tidy(sentence[: closing.start()]) if closing else sentence


def _tidy(text: str) -> str:
    """The text without what parts leave behind: brackets, commas, and words that joined them."""
    text = " ".join(re.sub(r"\(\s*[,;]*\s*\)", " ", text).split())
    text = re.sub(r"\s+(?=[,;])|(?<=[,;])(?:\s*[,;:])+", "", text)
    if loose := _rule("loose_before").match(_folded(text)):
        text = text[loose.end() :]
    loose = _rule("loose_after").search(_folded(text))
    return text[: loose.start()] if loose else text


def _carries(text: str) -> bool:
    return any(not (FRAMING_WORDS | FUNCTION_WORDS).issuperset(word.forms) for word in words(text))


def _folded(text: str) -> str:
    """The text folded letter by letter: as long as it was."""
    folded = (fold(letter) for letter in text.replace("’", "'"))
    return "".join(new if len(new) == 1 else "_" for new in folded)


def _any(section: str) -> str:
    """A regular expression of a section, with those of the sections that it names."""
    pattern = _LEXICONS.any_of("reading", section)
    return re.sub(r"(?<!\?P)<(\w+)>", lambda named: _any(named[1]), pattern)


@cache
def _rule(section: str) -> re.Pattern[str]:
    """What matches an entry of a section, not from within a word."""
    return re.compile(rf"(?:(?<![^\W_])|(?![^\W_])){_any(section)}")


class _Reader:
    """Reads one text; `parts` are those found, by where they are."""

    def __init__(self, text: str, left: Collection[str]) -> None:
        self._text = text
        self._unread = _folded(text)
        self._left = [fold(phrase) for phrase in left]
        self._cuts: list[tuple[int, int]] = []
        self.parts: dict[int, NeedPart] = {}

    def read(self) -> None:
        long = is_long(self._text)
        self._take_all(PartKind.PRICE, "prices")
        self._read_places("within", "strong", "areas", "weak", *(("seats",) if long else ()))
        for kind, rules in _RULES:
            for rule in rules:
                self._take_all(kind, rule)
        if long:
            self._take_all(PartKind.QUANTITY, "counted")
        else:
            self._read_quantities()

    def rest(self) -> str:
        """The text without the parts; as it is if there are none."""
        if not self._cuts:
            return self._text
        kept, end = "", 0
        for start, stop in sorted(self._cuts):
            kept += f"{self._text[end:start]} "
            end = max(end, stop)
        return _BEFORE_VOWEL.sub(r"\1'", _tidy(kept + self._text[end:]))

    def _take_all(self, kind: PartKind, rule: str) -> None:
        for match in list(_rule(rule).finditer(self._unread)):
            if rule == "guests" and _rule("sized").search(self._unread[: match.start()]):
                continue
            said = "said" if "said" in match.re.groupindex else 0
            self._take(kind, match.span(), match.span(said))

    def _take(
        self, kind: PartKind, cut: tuple[int, int], said: tuple[int, int], **more: Any
    ) -> None:
        """Reads the span `cut`: a part of which the span `said` is shown, without parts in it."""
        unread = zip(self._text[slice(*said)], self._unread[slice(*said)], strict=True)
        shown = "".join(letter for letter, as_read in unread if as_read != _READ)
        text = " ".join(shown.split()).strip(" ,;:")
        folded = fold(text)
        self._unread = self._unread[: cut[0]] + _READ * (cut[1] - cut[0]) + self._unread[cut[1] :]
        if folded and not any(left in folded or folded in left for left in self._left):
            self._cuts.append(cut)
            self.parts[said[0]] = NeedPart(kind, text, **more)

    def _read_places(self, *rules: str) -> None:
        for rule in rules:
            for match in list(_rule(rule).finditer(self._unread)):
                for end in self._ends_of_name(match.end()):
                    more = self._area(match, end) if rule == "areas" else self._town(match, end)
                    if more and _READ not in match[0]:
                        start = (
                            match.start("said") if match.groupdict().get("said") else match.start()
                        )
                        self._take(PartKind.PLACE, (start, end), (start, end), **more)
                        break

    def _ends_of_name(self, at: int) -> Iterator[int]:
        """Yields where a name may end that begins here, the longest first."""
        if name := _rule("name").match(self._unread, at):
            yield from (at + word.end() for word in reversed([*re.finditer(r"\S+", name[0])]))

    def _area(self, before: re.Match[str], end: int) -> Mapping[str, Any]:
        """The departments whose name ends here, or whose region; nothing if there are none."""
        name = self._unread[before.end() : end]
        is_said = name[0].isalpha() or re.search(r"(?:\ble|dept|ement) $", before[0])
        if not is_said or (_rule("common_departments").fullmatch(name) and self._is_small(before)):
            return {}
        try:
            return {"departments": regions().get(name) or (department_code(name),)}
        except ValueError:
            return {}

    def _town(self, before: re.Match[str], end: int) -> Mapping[str, Any]:
        """The largest commune whose name ends here, unless it is a common noun: "four à pain"."""
        joined = {"du": "le ", "au": "le ", "des": "les ", "aux": "les "}
        name = joined.get(before[0].split()[-1], "") + self._unread[before.end() : end]
        commune = next(iter(communes_named(name)), None)
        is_weak = before.re in {_rule("weak"), _rule("seats")}
        clause = self._unread[: before.start()][-CLAUSE_CHARS:] if is_weak else ""
        route = _rule("route").search(clause)
        if commune is None or (route and communes_named(route[1])):
            return {}
        if _rule("common_nouns").fullmatch(name):
            is_named = not self._is_small(before) and (not is_weak or commune.size >= TOWN)
        else:
            least = LARGER_TOWN if is_weak else VILLAGE
            is_named = not self._is_small(before) or commune.size >= least
        if not is_named:
            return {}
        groups = before.groupdict()
        kilometres = KM_OF_A_MILE if groups.get("unit", "").startswith("mile") else 1
        return {"near": commune, "within": round(int(groups.get("km", 0)) * kilometres)}

    def _is_small(self, before: re.Match[str]) -> bool:
        """Whether the word here begins with a small letter, as far as capitals say anything."""
        return self._text[before.end()].islower() or self._text.isupper()

    def _read_quantities(self) -> None:
        at = 0
        while match := _rule("quantities").search(self._unread, at):
            at = max(match.end("said"), at + 1)
            if end := self._end_of_quantity(match):
                linked = match["link"] and end == match.start("link")
                cut = match.start(), match.end("link") if linked else end
                unit = self._text[slice(*match.span("unit"))] if end > match.end("said") else ""
                self._take(PartKind.QUANTITY, cut, (match.start("said"), end), unit=unit)

    def _end_of_quantity(self, match: re.Match[str]) -> int:
        """Where the words of a quantity end; 0 if the number is of the product."""
        before = self._unread[max(0, match.start() - CLAUSE_CHARS) : match.start()]
        before = re.split(r"[.!?]", before)[-1].lstrip()
        opening = _rule("openings").match(before)
        asked = before[opening.end() if opening else 0 :]
        at_start = not _carries(asked) or _rule("at_a_start").match(before) is not None
        of = _rule("after_of").match(before) is not None
        is_sized = _rule("sized").search(before) is not None
        unit, end = match["unit"] or "", match.end("said")
        counted = _rule("counts").fullmatch(unit) is not None
        after = self._unread[match.end("unit") if unit else end :]
        if (
            not unit
            or re.match(r" (?:de |d'|of )\d", after)
            or (counted and (of or not (match["link"] or _carries(asked))))
        ):
            after = self._unread[end:]
            if _rule("trait").match(after) or match["said"] in {"0", "1"}:
                return 0
            if not re.match(r" (?:de |d'|of )?[^\W\d_]{3,}", after):
                is_told = _rule("number_nouns").fullmatch(match["said"])
                ends = rf" ?{_READ}" + (r"|$| ?[,;.!?)]" if is_told else "")
                return end if at_start and re.match(ends, after) else 0
            return end if at_start or match["of"] or (of and not is_sized) else 0
        end = match.end("unit")
        if of and not (match["of"] or at_start):
            return 0
        if match["link"] or match["of"] or (counted and (at_start or not is_sized)):
            return end
        ended = at_start or re.match(rf" *$| ?[,;.!?){_READ}]", after) is not None
        return end if ended and not is_sized and unit not in {"m", "ml", "g", "gr"} else 0


@cache
def regions() -> Mapping[str, tuple[str, ...]]:
    """Returns the departments of each region by its names, folded."""
    return {
        name: tuple(codes.split())
        for codes, names in _LEXICONS.spellings("regions").items()
        for name in names
    }


MOST, MOST_WORDS = 3, 4  # most readings, and most words of each


def readings(asked: Query, lang: str) -> tuple[str, ...]:
    """Returns what says more than a need of one word, in different trades, usual ones first."""
    found = carrying_words(asked.need)
    if len(found) != 1 or len(asked.need.split()) > len(found) + 1:
        return ()
    said = _phrases(lang).get(_singular(fold(found[0].forms[-1])), ())
    uses = Counter(phrase.code[:2] for phrase in said)
    chosen: dict[str, str] = {}
    for phrase in sorted(said, key=lambda phrase: (-uses[phrase.code[:2]], len(phrase.text))):
        if _key(phrase.text) not in {_key(asked.need), *map(_key, chosen.values())}:
            chosen.setdefault(phrase.code[:2], phrase.text)
    return tuple(chosen.values())[:MOST] if len(chosen) > 1 else ()


@cache
def _phrases(lang: str) -> Mapping[str, Sequence[TradePhrase]]:
    """What firms make, by the first word of a phrase in French, by the last in English."""
    found: dict[str, list[TradePhrase]] = defaultdict(list)
    for phrase in lexicon():
        if phrase.kind is LexiconKind.MAKES and phrase.lang == lang:
            said = fold(phrase.text).split()
            if 1 < len(said) <= MOST_WORDS:
                found[_singular(said[0] if lang == "fr" else said[-1])].append(phrase)
    return found


def _key(text: str) -> str:
    return " ".join(map(_singular, fold(text).split()))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word
