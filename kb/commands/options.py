"""The options that commands of several rooms have: `--kb`, and where to search.

Imports only click at the top: `quisait --help` must answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase


def _own_or_given_before_the_verb(
    context: click.Context, _parameter: click.Parameter, value: Path | None
) -> Path | None:
    if value is not None:
        return value
    given_before: dict[str, Path | None] = context.obj or {}
    return given_before.get("kb")


kb_option = click.option(
    "--kb",
    metavar="DIR",
    type=click.Path(path_type=Path),
    callback=_own_or_given_before_the_verb,
    help="The folder of the knowledge base (default: QUISAIT_KB, or your data folder).",
)
"""Gives a command `--kb DIR` and passes it `kb: Path | None`, for `Settings.from_environment`.

`quisait --kb DIR search …` and `quisait search … --kb DIR` mean the same; the latter wins when
both are given.
"""

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
    help="With --near: only what is at most so many kilometres away.",
)


def open_base(kb: Path | None, *, create: bool = False) -> KnowledgeBase:
    """The knowledge base that the option or the settings name, as `KnowledgeBase.open`."""
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings

    return KnowledgeBase.open(Settings.from_environment(kb=kb), create=create)
