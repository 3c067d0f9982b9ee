"""The options that commands of several rooms have: `--kb`, and where to search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import Place, place_of

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase


class PlaceName(click.ParamType[Place]):
    name = "place"

    def convert(
        self, value: str | Place, param: click.Parameter | None, ctx: click.Context | None
    ) -> Place:
        try:
            return place_of(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def _own_or_given_before_the_verb(
    context: click.Context, _parameter: click.Parameter, value: Place | None
) -> Place | None:
    if value is not None:
        return value
    given_before: dict[str, Place | None] = context.obj or {}
    return given_before.get("kb")


kb_option = click.option(
    "--kb",
    metavar="DIR",
    type=PlaceName(),
    callback=_own_or_given_before_the_verb,
    help="The folder of the knowledge base, or the address of a PostgreSQL database "
    "(default: QUISAIT_KB, or your data folder).",
)
"""Gives a command `--kb DIR`, which wins over one that was given before the verb."""

near_option = click.option(
    "--near",
    default="",
    metavar="TOWN",
    help="The town in France to measure distances from: its name or its postal code.",
)
within_option = click.option(
    "--within",
    type=click.IntRange(0),
    default=0,
    metavar="KM",
    help="Only what is at most so many kilometres from that town, or from the one in QUERY.",
)


def open_base(kb: Place | None, *, create: bool = False) -> KnowledgeBase:
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings

    return KnowledgeBase.open(Settings.from_environment(kb=kb), create=create)
