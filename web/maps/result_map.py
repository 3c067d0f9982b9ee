"""The map of a page: of the results of a search, or of where one organisation is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from kb.models import Actor
from kb.reference.communes import Commune
from kb.search.results import ActorHit
from kb.settings import Settings
from web.maps.map_files import outlines_url
from web.maps.map_view import MapView, Pin, map_views


@dataclass(frozen=True, slots=True)
class ResultMap:
    """Maps with the hits that have a place, and what a script needs to make larger ones.

    `tiles` is the address of the tiles of another server, empty if none is asked; `credit` names
    its makers.
    """

    views: Sequence[MapView]
    outlines: str
    tiles: str
    credit: str

    @classmethod
    def of(cls, hits: Iterable[ActorHit], near: Commune | None, settings: Settings) -> Self:
        pins = [
            Pin(point, f"{hit.rank}", f"{hit.rank}. {hit.actor.name}", f"#actor-{hit.rank}")
            for hit in hits
            if (point := hit.actor.point)
        ]
        if near and near.point:
            pins.append(Pin(near.point, "", near.label, is_centre=True))
        return cls(map_views(pins), outlines_url(), settings.map_tiles, settings.map_credit)


def organisation_map(actor: Actor) -> Sequence[MapView]:
    """Returns the map of where an organisation is; none if that is unknown, or abroad."""
    return map_views([Pin(actor.point, "", actor.place or actor.name)] if actor.point else [])
