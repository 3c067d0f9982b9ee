"""Completions: names, needs, themes and places of the base that begin as what is typed."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Self

from kb.models import Kind
from kb.store.pool import StorePool
from kb.store.store import Store
from kb.text.analysis import FUNCTION_WORDS, words

LEAST_CHARS = 2  # how much must be typed before anything is completed
MOST_OF_A_KIND = 3  # how many completions of one kind are given, as long as there are others
_LOOKED_AT = 2_000  # how many keys that begin as what is typed are compared at most
_LAST = "\U0010ffff"


class CompletionKind(StrEnum):
    """What a completion is, in the order in which they are given."""

    ACTOR = "actor"
    NEED = "need"
    THEME = "theme"
    PLACE = "place"


_ORDER = {kind: number for number, kind in enumerate(CompletionKind)}


@dataclass(frozen=True, slots=True)
class Completion:
    """A text that what is typed may become; `id` and `place` are an actor's, `lang` is a need's."""

    kind: CompletionKind
    text: str
    lang: str = ""
    id: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class CompletionTable:
    """All completions of a state of the base; `keys` have words, number, whether whole."""

    completions: Sequence[Completion]
    keys: Sequence[tuple[str, int, bool]]

    @classmethod
    def of(cls, completions: Sequence[Completion]) -> Self:
        keys = (
            (key, number, is_whole)
            for number, completion in enumerate(completions)
            for key, is_whole in _keys(completion.text)
        )
        return cls(completions, sorted(keys))

    def beginning(
        self, typed: str, most: int, lang: str = "", kind: CompletionKind | None = None
    ) -> Sequence[Completion]:
        """Returns at most `most` completions with words that begin as `typed`, grouped by kind."""
        parts = _parts(typed)
        while parts and len("".join(parts)) >= LEAST_CHARS:
            if found := self._with_prefix(" ".join(parts), kind):
                return self._best(found, most, lang)
            if parts[0] not in FUNCTION_WORDS:
                break
            parts = parts[1:]
        return ()

    def _with_prefix(self, prefix: str, kind: CompletionKind | None) -> dict[int, bool]:
        """Returns the numbers of completions with such a key, and whether it is the whole of it."""
        start = bisect_left(self.keys, (prefix,))
        end = bisect_left(self.keys, (prefix + _LAST,), lo=start)
        found: dict[int, bool] = {}
        for _, number, is_whole in islice(self.keys, start, min(end, start + _LOOKED_AT)):
            if kind in {None, self.completions[number].kind}:
                found[number] = found.get(number, False) or is_whole
        return found

    def _best(self, found: dict[int, bool], most: int, lang: str) -> Sequence[Completion]:
        def order(number: int) -> tuple[int, bool, int, int]:
            one = self.completions[number]
            return _ORDER[one.kind], not found[number], len(one.text), number

        # Needs in another language are given only where there are none in the reader's.
        langs = {number: self.completions[number].lang for number in found}
        if lang and lang in langs.values():
            found = {number: of for number, of in found.items() if langs[number] in {"", lang}}
        kept: list[int] = []
        over: list[int] = []
        given = dict.fromkeys(CompletionKind, 0)
        for number in sorted(found, key=order):
            kind = self.completions[number].kind
            given[kind] += 1
            (kept if given[kind] <= MOST_OF_A_KIND else over).append(number)
        return [self.completions[number] for number in sorted([*kept, *over][:most], key=order)]


class Completions:
    """The completions of a base, made anew when its records have changed. Threads share it."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores
        self._made: tuple[tuple[str, ...], CompletionTable] = ((), CompletionTable((), ()))

    def beginning(
        self, typed: str, most: int, lang: str = "", kind: CompletionKind | None = None
    ) -> Sequence[Completion]:
        with self._stores.lend() as store, store.reading():
            state = tuple(map(store.generation_of, Kind))
            made = self._made
            if made[0] != state:
                made = (state, CompletionTable.of(list(_completions(store))))
                self._made = made
        return made[1].beginning(typed, most, lang, kind)


def _completions(store: Store) -> Iterator[Completion]:
    places: dict[str, None] = {}
    for id_, name, place in store.actor_labels():
        yield Completion(CompletionKind.ACTOR, name, id=id_, place=place)
        if place:
            places[place] = None
    for need, lang in dict.fromkeys((need, lang) for need, lang, _ in store.needs()):
        yield Completion(CompletionKind.NEED, need, lang)
    for theme, _, _ in store.themes():
        yield Completion(CompletionKind.THEME, theme)
    for place in places:
        yield Completion(CompletionKind.PLACE, place)


def _keys(text: str) -> Iterator[tuple[str, bool]]:
    parts = _parts(text)
    for at, part in enumerate(parts):
        if at == 0 or part not in FUNCTION_WORDS:
            yield " ".join(parts[at:]), at == 0


def _parts(text: str) -> list[str]:
    """The folded words of a text, those with hyphens in parts."""
    return [part for word in words(text) for part in word.forms[:-1] or word.forms]
