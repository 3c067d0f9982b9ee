"""The command `quisait adapt`. Imports click; the rest when it runs."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import click


@click.command(short_help="Teach the encoder the trades.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("adaptation"),
    show_default=True,
    help="The output folder: the delta and its card.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--steps", type=click.IntRange(1), help="The number of batches.")
@click.option(
    "--tune",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Measure on this folder (BEIR's layout, split tune); can be repeated.",
)
def adapt(out: Path, seed: int, steps: int | None, tune: tuple[Path, ...]) -> None:
    """Adapt the encoder: learn from the lexicon and the portraits which firms could make what.

    Prints the loss and the figures of the tune split as they develop.
    Set QUISAIT_ADAPTATION to the output folder to use the result.
    """
    from kb.adaptation.learning import Recipe, learn
    from kb.errors import EncoderError

    if not importlib.util.find_spec("peft"):
        raise EncoderError("Learning needs the package peft: pip install 'quisait[adapt]'.")
    recipe = Recipe()
    learn(out, replace(recipe, steps=steps or recipe.steps), seed, tune, click.echo)
    click.echo(f"The delta and its card are in {out}.")
