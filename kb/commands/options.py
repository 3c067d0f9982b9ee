"""The options that commands of every room share, so that each reads and behaves the same.

Imports click and nothing else: `quisait --help` must answer at once.
"""

from pathlib import Path

import click


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
