"""The commands that measure, and that learn: evaluate, evaluate-duplicates, adapt, index-trades."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.address import Place
from kb.commands.options import kb_option

if TYPE_CHECKING:
    from kb.search.weights import RankingWeights


@click.command(short_help="Measure how well actors are ranked.")
@click.argument(
    "folders",
    metavar="FOLDER...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option(
    "--split",
    "splits",
    type=click.Choice(["tune", "test"]),
    multiple=True,
    default=["test"],
    show_default=True,
    help="Which qrels to use; can be given twice.",
)
@click.option(
    "--by",
    metavar="NAME",
    help="A table for each value of this metadata of the queries, and one for all; NAME,NAME "
    "crosses two, all makes one table (default: the set's choice, or lang).",
)
@click.option("--per-query", is_flag=True, help="Also print the figures of every query.")
@click.option(
    "--weight",
    "changes",
    metavar="NAME=VALUE",
    multiple=True,
    help="Rank with another value of a weight, such as passages.lexical=0.2; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@kb_option
def evaluate(
    folders: tuple[Path, ...],
    splits: tuple[str, ...],
    by: str | None,
    per_query: bool,
    changes: tuple[str, ...],
    as_json: bool,
    kb: Place | None,
) -> None:
    """Measure the ranking of actors on the development set of each FOLDER (BEIR's layout).

    Beside it stands a plain hybrid search of fifty lines, with which it is compared. A set without
    its own corpus is measured on the knowledge base. docs/evaluation.md explains the figures.
    """
    from tqdm import tqdm

    from kb.evaluation import report
    from kb.evaluation.ranking import Encoders, rank
    from kb.evaluation.sets import ALL, check_by, read_set
    from kb.settings import Settings

    weights = _weights(changes)
    settings = Settings.from_environment(kb=kb)
    sets = [read_set(folder) for folder in folders]
    check_by(by or ALL, [query for dataset in sets for query in dataset.queries], "--by")
    encoders = Encoders(settings)
    found = []
    for dataset, split in product(sets, splits):
        with tqdm(
            desc=f"{dataset.name}, {split}",
            unit=" queries",
            disable=not sys.stderr.isatty(),
            leave=False,
        ) as bar:
            ranked = rank(dataset, split, settings, encoders, weights, on_query=bar.update)
        figures = report.report_of(ranked, by)
        if as_json:
            found.append(report.as_json(figures, per_query=per_query))
        else:
            click.echo(report.as_text(figures, per_query=per_query))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def _weights(changes: tuple[str, ...]) -> RankingWeights:
    from kb.search.weights import DEFAULT_WEIGHTS

    weights = DEFAULT_WEIGHTS
    for change in changes:
        name, _, value = change.partition("=")
        try:
            weights = weights.with_value(name, float(value))
        except ValueError as error:
            raise click.BadParameter(f"{change}: {error}.", param_hint="--weight") from None
    return weights


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


@click.command(short_help="Index the phrases of activity indexes.")
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with the nomenclatures: see docs/adaptation.md.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("trade-index"),
    show_default=True,
    help="The output folder: the index and its card.",
)
def index_trades(data: Path, out: Path) -> None:
    """Make the trade index of an encoder, from which a search knows in which trades a text is.

    The encoder is that of the settings. Set QUISAIT_TRADE_INDEX to the output folder to use the
    result.
    """
    from kb.adaptation.trade_indexing import make_trade_index
    from kb.encoder.prepared import load_encoder
    from kb.settings import Settings

    encoder = load_encoder(Settings.from_environment())
    index = make_trade_index(data, encoder, out, click.echo)
    click.echo(f"{len(index)} phrases are in {out}.")
