"""The command `quisait adapt`. Imports click; the rest when it runs."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import click

MIXES = ("notes", "phrases")
"""Those of `kb.adaptation.training.RECIPES`, which is read when the command runs."""


@click.command(short_help="Learn trades from open nomenclatures.")
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with the nomenclatures: see docs/adaptation.md.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("adaptation"),
    show_default=True,
    help="The output folder: the delta, its card and the curve.",
)
@click.option(
    "--mix",
    "mixes",
    multiple=True,
    type=click.Choice(MIXES),
    default=("notes",),
    show_default=True,
    help="What to learn from; can be repeated: the result is the mean of a run for each.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--steps", type=click.IntRange(1), help="The number of batches of each run.")
@click.option(
    "--tune",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Also measure on this folder (BEIR's layout, split tune); can be repeated.",
)
def adapt(
    data: Path,
    out: Path,
    mixes: tuple[str, ...],
    seed: int,
    steps: int | None,
    tune: tuple[Path, ...],
) -> None:
    """Adapt the encoder: learn from open nomenclatures which trade makes what.

    Prints the loss and the figures of the tune split as they develop, and writes them to curve.csv.
    Set QUISAIT_ADAPTATION to the output folder to use the result.
    """
    from kb.adaptation.learning import learn
    from kb.adaptation.training import RECIPES
    from kb.errors import EncoderError

    if not importlib.util.find_spec("peft"):
        raise EncoderError("Learning needs the package peft: pip install 'quisait[adapt]'.")
    recipes = [replace(RECIPES[mix], steps=steps or RECIPES[mix].steps) for mix in mixes]
    learn(data, out, recipes, seed, tune, click.echo)
    click.echo(f"The delta, its card and its curve are in {out}.")
