"""Reading: a need taken apart by rules, before it is searched.

"40 tonnes de drêches par mois près de Saintes" is a need for "drêches": that alone is embedded,
filed and looked up by its words. How much, how often, until when, where, for whom and at what price
are parts, which are shown and can be taken back. What could belong to the product stays in the
object: a bottle of 500 ml, a press of 200 t, a gel of Nice.

The words are in lexicons/reading.txt. They are matched in a copy of the text, folded letter by
letter, in which what is read already is blank.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from kb.reference.communes import Commune, communes_named
from kb.reference.departments import department_code
from kb.search.query import NeedPart, NeedReading, PartKind, bare_need
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, words
from kb.text.folding import fold
from kb.text.lexicon import Lexicons

KM_OF_A_MILE = 1.609
TOWN, LARGER_TOWN, VILLAGE = 12, 13, 10
"""Least sizes of communes (`Commune.size`) named by a word, or in small letters."""

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_READ = "\N{BROKEN BAR}"
_BEGIN, _END = r"(?<![^\W_])", r"(?![^\W_])"
_DIGITS = r"(?:\d{1,3}(?:[ .,]\d{3})+(?!\d)|\d+(?:[.,]\d+)?)(?![\d.,]*\d)"


def _any(section: str) -> str:
    """A regular expression of a section, with those of the sections that it names."""
    pattern = _LEXICONS.any_of("reading", section)
    return re.sub(r"(?<!\?P)<(\w+)>", lambda named: _named(named[1]), pattern)


@cache
def _named(name: str) -> str:
    if name == "number":
        return (
            rf"(?:{_DIGITS}|{_any('number_words')}(?:[ -](?:(?:et|and) )?{_any('number_words')})*)"
        )
    if name == "amount":
        return rf"(?:{_named('number')} ?{_any('currency')}|[£$€] ?{_DIGITS})"
    return _any(name)


_SIZES = rf"(?:{_any('measures')}|{_any('counts')})"
_HOW_MANY = (
    rf"(?P<said>(?:{_any('approximately')} )?(?:{_any('number_nouns')}|{_named('number')}"
    rf"(?:(?: a | ou | to | or | ?[-–] ?){_named('number')})?))"
)
_QUANTITY = re.compile(
    rf"{_BEGIN}(?P<of>{_any('of_quantity')})?{_HOW_MANY}"
    rf"(?P<noun>(?: |(?<=\d))(?:de |d'|of )?(?P<unit>{_SIZES}){_END})?(?P<link> (?:de |d'|of ))?"
)
_TIMES = re.compile(
    rf"{_BEGIN}(?<!\d )(?:[x×] ?{_DIGITS}{_END}(?! ?[x×]| (?:mm|cm|m)\b)"
    rf"|{_DIGITS} ?[x×](?= [^\W\d]))"
)
_PRICE = re.compile(rf"{_BEGIN}(?:{_any('price')}){_any('per')}*{_END}")
_BARE_PRICE = re.compile(rf"(?<![^{_READ},;:(]) ?{_named('amount')}{_any('per')}*{_END}")
_DEADLINE = re.compile(rf"{_BEGIN}(?:{_any('delivering')})?{_any('deadline')}{_END}")
_FREQUENCY = re.compile(rf"(?:{_BEGIN}|(?=/)){_any('frequency')}{_END}")
_WITHIN, _STRONG, _WEAK, _AREAS = (
    re.compile(_BEGIN + _any(section)) for section in ("within", "strong", "weak", "areas")
)
_NAME = re.compile(r"(?:\d{5}(?: |$))?[^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*){0,4}|\d{5}\b")
_FROM = re.compile(r"(?:\b(?:de|from) |\bd')([\w'-]+) $")
_AREA = re.compile(
    r"(?:(?<= le )|(?<=ement )|(?<=dept ))(?:\d{2,3}\b|2[ab]\b)|[^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*){0,4}"
)
_TOLD_APART = re.compile(r" ?\((?:\d{2,3}|2[ab])\)| cedex\b| \d{1,2}(?:e|er|eme)\b")
_COMMON = re.compile(_any("common_nouns"))
_COMMON_AREA = re.compile(_any("common_departments"))

_DETERMINER = rf"(?:{_any('determiners')} |l')"
_ORGANISATION = rf"(?:{_any('public')}|{_any('organisations')})s?{_END}"
_SENTENCE = r"(?:^|(?<=[.!?;:] ))"
_WHO_ASKS = re.compile(
    rf"{_SENTENCE}(?P<said>(?:(?P<any>{_DETERMINER})(?!\w+ (?:qui|who|which) )|(?={_DETERMINER}?"
    rf"(?:\w+ )?{_ORGANISATION}))[^,.;:!?]{{2,80}}?)[ {_READ}]+(?<! de )(?:(?:qui|who|which|that) )?"
    rf"{_any('asks')}{_END}(?: (?:for|to|a(?= \w+[ei]r\b)|de)(?= )| d')?"
)
_WE_ARE = re.compile(
    rf"{_BEGIN}(?:nous sommes|je suis|we are|we're|i am|i'm|en tant que|ici) "
    rf"(?P<said>(?:{_DETERMINER}|(?={_ORGANISATION}))(?!recherche|recherches)[^,.;:!?]{{2,80}}?)"
    r"(?:(?: et| and|,|;)(?: nous| je| we| i)? |(?= (?:qui|who|which) )|(?=[.:!?]|$))"
)
_HEADED = re.compile(rf"^(?P<said>{_DETERMINER}?{_ORGANISATION}[^:.;!?]{{0,60}}?) ?: ?")
_FOR = re.compile(
    rf"{_BEGIN}(?:(?:pour|for)(?: le compte de)?|a destination de|au profit de) "
    rf"(?P<said>(?:{_DETERMINER}(?:\w+ )?{_any('people')}|(?:l'|(?:le|la|the) (?:\w+ )?)"
    rf"{_any('public')}s?|(?!(?:le|la|the) ){_DETERMINER}(?<!l')(?:\w+ )?{_ORGANISATION}){_END}"
    rf"[^,.;:!?(){_READ}\d]*?)(?=$| ?[,.;:!?(){_READ}\d]| (?:et|and|avec|with|sans|qui|who|x|to) )"
)

_TRAIT = re.compile(rf" ?(?:{_any('traits')}{_END}|[%°\"'])")
_NOUN = re.compile(r" (?:(?:de |d'|of )?)[^\W\d_]{3,}")
_OF = re.compile(r"(?:^| )(?:de |d'|of |en |a )$")
_AT_A_START = re.compile(
    rf"(?:^|[,;:.!?({_READ}+] ?|(?:^| )(?:et|and|ou|or|&|les|nos|the|our|ces|d'environ) )$"
    r"|(?:^| )(?:could|can|to|would|might|pour|peu[tx]|pourra(?:it|ient)|saurait|sait|faire|a)"
    r" \w+ $"
)
_SIZED = re.compile(rf"{_BEGIN}{_any('sized')}{_END}")
_LARGE_COUNT = re.compile(
    r"(?:palettes?|pallets?|camions?|bennes?|truckloads?|skips?|.*bags?|cont.*)$"
)

_CLOSING = re.compile(rf"(?<=\w)(?:{_any('closings')})$")
_OPENING = re.compile(rf"(?:{_any('openings')}) ?")
_LOOSE = re.compile(
    r"^(?:(?:et|and|pour|for|avec|with|ou|or) |[\s,;:.!?–—)-]+)"
    r"|(?: (?:et|and|pour|for|de|du|des|d'|of|a|à|in|by|avec|with|en|au|il)"
    r"|[\s,;:.!?–—(+-]+)$",
    re.IGNORECASE,
)
_BEFORE_VOWEL = re.compile(r"\b([Dd])e (?=[aeiouéèêâîôœ])")
_SENTENCE_END = re.compile(r"(?<=[.!?]) +(?=\S)")


def read_need(text: str, left: Collection[str] = ()) -> NeedReading:
    """Takes a need apart; whole if nothing else would be left.

    Args:
        text: the need, with single blanks.
        left: words that are no part: what a person takes back, quotes or steers by.
    """
    reader = _Reader(text, left)
    reader.read()
    rest = reader.rest()
    object_ = object_of(rest)
    if not _carries(object_):
        return NeedReading(object_of(text) if _carries(object_of(text)) else bare_need(text), text)
    return NeedReading(object_, rest, tuple(part for _, part in sorted(reader.parts, key=_place)))


def object_of(text: str) -> str:
    """What a text asks for, without the words that only ask: of several sentences, all."""
    found = (_unframed(sentence) for sentence in _SENTENCE_END.split(text))
    return ", ".join(dict.fromkeys(filter(_carries, found))) or text


def _unframed(sentence: str) -> str:
    before = ""
    while before != sentence:
        before = sentence
        opening = _OPENING.match(_folded(sentence))
        sentence = _tidy(sentence[opening.end() if opening else 0 :])
        sentence = bare_need(sentence) if _carries(sentence) else before
    closing = _CLOSING.search(_folded(sentence))
    return _tidy(sentence[: closing.start()]) if closing else sentence


def _tidy(text: str) -> str:
    text = re.sub(r"\(\s*[,;]*\s*\)", " ", text)
    text = re.sub(r"\s+(?=[,;])|(?<=[,;])(?:\s*[,;:])+", "", " ".join(text.split()))
    before = ""
    while before != text:
        before, text = text, _LOOSE.sub("", text)
    return text


def _carries(text: str) -> bool:
    return any(not (FRAMING_WORDS | FUNCTION_WORDS).issuperset(word.forms) for word in words(text))


def _place(found: tuple[int, NeedPart]) -> int:
    return found[0]


def _folded(text: str) -> str:
    """The text folded letter by letter: as long as it was."""
    folded = (fold(letter) for letter in text.replace("’", "'"))
    return "".join(new if len(new) == 1 else "_" for new in folded)


class _Reader:
    """Reads one text; `parts` are those found, each with its place."""

    def __init__(self, text: str, left: Collection[str]) -> None:
        self._text = text
        self._unread = _folded(text)
        self._left = [fold(words) for words in left]
        self._cuts: list[tuple[int, int]] = []
        self.parts: list[tuple[int, NeedPart]] = []

    def read(self) -> None:
        self._take_all(PartKind.PRICE, _PRICE, _BARE_PRICE)
        self._read_places()
        self._take_all(PartKind.DEADLINE, _DEADLINE)
        self._take_all(PartKind.FREQUENCY, _FREQUENCY)
        self._take_all(PartKind.FOR, _HEADED, _WHO_ASKS, _WE_ARE, _FOR)
        self._take_all(PartKind.QUANTITY, _TIMES)
        self._read_quantities()

    def rest(self) -> str:
        kept, end = [], 0
        for start, stop in sorted(self._cuts):
            kept.append(self._text[end:start])
            end = max(end, stop)
        text = _tidy(" ".join([*kept, self._text[end:]]))
        return _BEFORE_VOWEL.sub(r"\1'", text) if kept else text

    def _take_all(self, kind: PartKind, *patterns: re.Pattern[str]) -> None:
        for pattern in patterns:
            for match in list(pattern.finditer(self._unread)):
                said = "said" if "said" in pattern.groupindex else 0
                self._take(kind, match.span(), match.span(said))

    def _take(
        self, kind: PartKind, cut: tuple[int, int], said: tuple[int, int], **more: Any
    ) -> None:
        """Takes the span `cut` out of what is unread, for a part that is the span `said`."""
        unread = self._unread[slice(*said)]
        shown = "".join(
            letter
            for letter, as_read in zip(self._text[slice(*said)], unread, strict=True)
            if as_read != _READ
        )
        part = NeedPart(kind, " ".join(shown.split()).strip(" ,;:"), **more)
        folded = fold(part.text)
        if not folded:
            return
        start, end = cut
        self._unread = f"{self._unread[:start]}{_READ * (end - start)}{self._unread[end:]}"
        if not any(words in folded or folded in words for words in self._left):
            self._cuts.append(cut)
            self.parts.append((said[0], part))

    def _read_places(self) -> None:
        for pattern in (_WITHIN, _STRONG, _AREAS, _WEAK):
            for match in list(pattern.finditer(self._unread)):
                if _READ in match[0]:
                    continue
                read = self._area_after if pattern is _AREAS else self._commune_after
                for end, more in read(match, pattern is not _WEAK):
                    told_apart = _TOLD_APART.match(self._unread, end)
                    span = match.start(), told_apart.end() if told_apart else end
                    self._take(PartKind.PLACE, span, span, **more)

    def _commune_after(
        self, before: re.Match[str], strong: bool
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yields where the commune after a preposition ends, and which it is; at most one."""
        if route := _FROM.search(self._unread[: before.start()]):
            if before.re is _WEAK and _commune(route[1], ""):
                return  # "de Limoges à Brive": two places are none
        article = {"du": "le ", "au": "le ", "des": "les ", "aux": "les "}.get(
            before[0].split()[-1], ""
        )
        for start, end in self._names(_NAME, before.end()):
            commune = _commune(article + self._unread[start:end], self._told_apart(end))
            if commune and self._may_be(commune, article, start, end, strong=strong):
                more: dict[str, Any] = {"near": commune}
                if "km" in before.re.groupindex:
                    mile = before["unit"].startswith("mile")
                    more["within"] = round(int(before["km"]) * (KM_OF_A_MILE if mile else 1))
                yield end, more
                return

    def _area_after(self, before: re.Match[str], _: bool) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yields where the department or region after a preposition ends, and its codes."""
        for start, end in self._names(_AREA, before.end()):
            name = self._unread[start:end]
            is_small = self._text[start].islower() or self._text.isupper()
            if codes := () if is_small and _COMMON_AREA.fullmatch(name) else _codes(name):
                yield end, {"departments": codes}
                return

    def _names(self, pattern: re.Pattern[str], at: int) -> Iterator[tuple[int, int]]:
        """Yields the spans of the words from here, longest first."""
        if found := pattern.match(self._unread, at):
            ends = [at + word.end() for word in re.finditer(r"\S+", found[0])]
            yield from ((at, end) for end in reversed(ends))

    def _told_apart(self, at: int) -> str:
        found = re.compile(r" ?\((\d{2,3}|2[ab])\)").match(self._unread, at)
        return f" ({found[1]})" if found else ""

    def _may_be(
        self, commune: Commune, article: str, start: int, end: int, *, strong: bool
    ) -> bool:
        """Whether a word is a commune here: such words are also common nouns."""
        if self._text[start].isdigit():
            return True
        has_capital = self._text[start].isupper() and not self._text.isupper()
        if _COMMON.fullmatch(article + self._unread[start:end]):
            return has_capital and (strong or commune.size >= TOWN)
        return has_capital or commune.size >= (VILLAGE if strong else LARGER_TOWN)

    def _read_quantities(self) -> None:
        at = 0
        while match := _QUANTITY.search(self._unread, at):
            at = max(match.end("said"), at + 1)
            cut = self._quantity_cut(match)
            if cut:
                start, end, said_end = cut
                unit = match["unit"] if match["unit"] and said_end >= match.end("unit") else ""
                self._take(
                    PartKind.QUANTITY,
                    (start, end),
                    (match.start("said"), said_end),
                    unit=self._text[slice(*match.span("unit"))] if unit else "",
                )

    def _quantity_cut(self, match: re.Match[str]) -> tuple[int, int, int] | None:
        """Where what is said of a quantity starts and ends, and where its words end; or None."""
        before, after = self._unread[: match.start()], self._unread[match.end("said") :]
        clause = re.split(r"[.!?]", before)[-1].lstrip()
        opening = _OPENING.match(clause)
        of = _OF.search(before)
        at_start = bool(_AT_A_START.search(before)) or not _carries(
            clause[opening.end() if opening else 0 :]
        )
        is_sized = _SIZED.search(clause) is not None
        start, unit = match.start(), match["unit"] or ""
        if (
            not unit
            or (match["link"] and re.match(r"\d", self._unread[match.end() :]))
            or (of and re.fullmatch(_any("counts"), unit))
        ):
            # A number of what is asked for.
            if _TRAIT.match(after) or match["said"] in {"1", "0"}:
                return None
            if not _NOUN.match(after):
                is_told = re.fullmatch(_any("number_nouns"), match["said"])
                ends = rf" ?{_READ}|$| ?[,;.!?)]" if is_told else rf" ?{_READ}"
                end = match.end("said")
                return (start, end, end) if at_start and re.match(ends, after) else None
            if not (at_start or match["of"] or (of and not is_sized)):
                return None
            end = match.end("link") if match["link"] and not match["unit"] else match.end("said")
            return start, end, match.end("said")
        people = re.search(r"(?:^| )(?:pour|for) $", before)
        if people and re.match("pers|conv|couv|peop|guest|pax", unit):
            return (
                None if is_sized else (start - len("pour "), match.end("unit"), match.end("unit"))
            )
        link = match["link"]
        end = match.end("link") if link else match.end("unit")
        counted = re.fullmatch(_any("counts"), unit) is not None
        if counted and _LARGE_COUNT.match(unit) and not link and not _carries(before):
            return start, match.end("said"), match.end("said")
        if of and not match["of"] and not at_start:
            return None
        often = re.match(rf" ?{_READ}", self._unread[match.end("unit") :]) is not None
        if link or match["of"] or counted and (at_start or not re.match("pers|conv|peop", unit)):
            return start, end, match.end("unit")
        if is_sized or unit in {"m", "ml", "g", "gr"}:
            return None
        ends = re.match(rf" *$| ?[,;.!?){_READ}]", self._unread[match.end("unit") :])
        return (start, end, match.end("unit")) if at_start or often or ends else None


def _commune(name: str, told_apart: str) -> Commune | None:
    """The commune of a name, the largest of several."""
    return next(iter(communes_named(name + told_apart)), None)


@cache
def _regions() -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(codes.split())
        for codes, names in _LEXICONS.spellings("regions").items()
        for name in names
    }


def _codes(name: str) -> tuple[str, ...]:
    """The codes of the departments of a region, or of a department; none if it is neither."""
    try:
        return _regions().get(name) or (department_code(name),)
    except ValueError:
        return ()
