"""A search request as the address of a page states it: the need, filters and steering."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Self
from urllib.parse import urlencode

from fastapi import Depends
from fastapi import Query as Parameter

from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.search.filters import filters_near
from kb.search.results import DISTANCES, Filters, Steering
from web.http.urls import Address, Page

MAX_LIMIT = 100  # how many results a search answers at most
MAX_STEERED = 20  # how many actors, or phrases, a search can be steered by, for each way
WITHOUT_MODEL = "off"  # the value of `wording` for which no language model is asked
_WITHIN = frozenset(map(str, DISTANCES))


def none_given() -> list[str]:
    """Returns no values; of `list`, pydantic would parse the signature at each request."""
    return []


SteeringIds = Annotated[list[str], Parameter(default_factory=none_given, max_length=MAX_STEERED)]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A need, with filters and steering; `within` is 0 for anywhere."""

    q: str = ""
    department: str = ""
    theme: str = ""
    near: str = ""
    within: int = 0
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()
    worded: bool = True

    @property
    def filters(self) -> Filters:
        """The filters asked for; raises QueryError if `near` names no place, or several."""
        return filters_near(self.department, self.theme, self.near, self.within)

    @property
    def is_filtered(self) -> bool:
        return bool(self.department or self.theme or self.within)

    @property
    def steering(self) -> Steering:
        return Steering(self.like, self.unlike, self.taken_back, self.worded)

    @property
    def is_steered(self) -> bool:
        return bool(self.like or self.unlike)

    def at(self, page: Page | str = Page.SEARCH, **more: str | int) -> Address:
        return Address(Page(page), query=tuple(self._pairs(more)))

    def data(self, path: str, **more: str | int) -> str:
        return f"{path}?{urlencode(self._pairs(more))}"

    def without(self, *names: str) -> Self:
        return replace(self, **{name: getattr(SearchRequest(), name) for name in names})

    def near_to(self, place: str) -> Self:
        return replace(self, near=place)

    def at_most(self, km: int) -> Self:
        return replace(self, within=km)

    def liking(self, actor_id: str) -> Self:
        freed = self.not_steering_by(actor_id)
        return replace(freed, like=(*freed.like, actor_id))

    def unliking(self, actor_id: str) -> Self:
        freed = self.not_steering_by(actor_id)
        return replace(freed, unlike=(*freed.unlike, actor_id))

    def not_steering_by(self, actor_id: str) -> Self:
        return replace(
            self,
            like=tuple(id_ for id_ in self.like if id_ != actor_id),
            unlike=tuple(id_ for id_ in self.unlike if id_ != actor_id),
        )

    def taking_back(self, phrase: str) -> Self:
        return replace(self, taken_back=_once([*self.taken_back, phrase]))

    def without_model(self) -> Self:
        return replace(self, worded=False)

    def without_sign(self, sign: str, said: str) -> Self:
        """Returns the request with these words as ordinary words; unwanted ones (`-`) go."""
        marks = re.escape(sign) if sign != "-" else "[-−]"
        word = re.escape(said)
        quoted = rf'"\s*{word}\s*"|«\s*{word}\s*»|“\s*{word}\s*”'
        alternatives = f"{quoted}|{word}(?!\\S)" if sign else quoted
        kept = "" if sign == "-" else said
        q = re.sub(
            rf"(?:^|(?<=\s)){marks}(?:{alternatives})",
            lambda _: kept,
            " ".join(self.q.split()),
            flags=re.IGNORECASE,
        )
        return replace(self, q=" ".join(q.split()))

    def _pairs(self, more: Mapping[str, str | int]) -> list[tuple[str, str]]:
        pairs = [
            ("q", self.q),
            ("department", self.department),
            ("theme", self.theme),
            ("near", self.near),
            ("within", str(self.within or "")),
            *(("like", id_) for id_ in self.like),
            *(("unlike", id_) for id_ in self.unlike),
            *(("taken_back", phrase) for phrase in self.taken_back),
            ("wording", "" if self.worded else WITHOUT_MODEL),
            *((name, str(value)) for name, value in more.items()),
        ]
        return [(name, value) for name, value in pairs if value]


async def _asked(
    like: SteeringIds,
    unlike: SteeringIds,
    taken_back: SteeringIds,
    q: str = "",
    department: str = "",
    theme: str = "",
    near: str = "",
    within: str = "",
    wording: str = "",
) -> SearchRequest:
    return SearchRequest(
        q,
        department,
        theme,
        near.strip(),
        int(within) if within in _WITHIN else 0,
        _once(like),
        _once(unlike),
        _once(taken_back),
        worded=wording != WITHOUT_MODEL,
    )


ASearchRequest = Annotated[SearchRequest, Depends(_asked)]


def steering_actors(
    knowledge_base: KnowledgeBase, asked: SearchRequest
) -> tuple[SearchRequest, list[Actor]]:
    """Returns the request steered only by actors that exist, and these actors."""
    known: dict[str, Actor] = {}
    for id_ in (*asked.like, *asked.unlike):
        try:
            known[id_] = knowledge_base.actor(id_)
        except UnknownRecord:
            continue

    def kept(ids: tuple[str, ...]) -> tuple[str, ...]:
        return _once([known[id_].id for id_ in ids if id_ in known])

    unlike = kept(asked.unlike)
    like = tuple(id_ for id_ in kept(asked.like) if id_ not in unlike)
    return replace(asked, like=like, unlike=unlike), list(known.values())


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
