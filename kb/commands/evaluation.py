"""The commands that measure, and that learn: evaluate, evaluate-duplicates, adapt, index-trades."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.address import Place
from kb.commands.options import kb_option

if TYPE_CHECKING:
    from kb.evaluation.figures import SetReport
    from kb.evaluation.sets import DevelopmentSet
    from kb.search.weights import RankingWeights

_SPLITS = ("tune", "test")


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
    type=click.Choice(_SPLITS),
    multiple=True,
    default=["test"],
    show_default=True,
    help="Which qrels to use; can be given twice.",
)
@click.option(
    "--ablation", is_flag=True, help="Also measure the full system's steps, and it without each."
)
@click.option(
    "--headlines",
    is_flag=True,
    help="Also measure embeddings alone, and the full system without the adaptation.",
)
@click.option(
    "--by",
    metavar="NAME",
    help="A table for each value of this metadata of the queries, and one for all; NAME,NAME "
    "crosses two, all makes one table (default: the set's choice, or lang).",
)
@click.option("--per-query", is_flag=True, help="Also print the figures of every query.")
@click.option(
    "--compare",
    nargs=2,
    metavar="RUN_A RUN_B",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Compare two run files instead of ranking.",
)
@click.option(
    "--save-runs",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write each ranking as a TREC run file.",
)
@click.option(
    "--summary",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the figures of all sets as a page of Markdown, in a few tables.",
)
@click.option(
    "--work",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that keeps embeddings between runs (default: in QUISAIT_CACHE).",
)
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
    ablation: bool,
    headlines: bool,
    by: str | None,
    per_query: bool,
    compare: tuple[Path, Path] | None,
    save_runs: Path | None,
    summary: Path | None,
    work: Path | None,
    changes: tuple[str, ...],
    as_json: bool,
    kb: Place | None,
) -> None:
    """Measure the ranking of actors on the development set of each FOLDER (BEIR's layout).

    Beside it stands a plain hybrid search of fifty lines, with which it is compared. A set without
    its own corpus is measured on the knowledge base. docs/evaluation.md explains the figures.
    """
    for name, given in (
        ("--ablation", ablation),
        ("--headlines", headlines),
        ("--summary", summary),
        ("--weight", changes),
    ):
        if compare and given:
            raise click.UsageError(f"--compare compares two runs that are there: leave out {name}.")
    weights = _weights(changes)
    reports = (
        _compared(folders, splits, by, compare)
        if compare
        else _ranked(folders, splits, by, ablation, headlines, save_runs, work, weights, kb)
    )
    from kb.evaluation import tables

    found: list[dict[str, Any]] = []
    kept: list[SetReport] = []
    for report in reports:
        kept.append(report)
        if as_json:
            found.append(tables.as_json(report, per_query=per_query))
        else:
            click.echo(tables.as_text(report, per_query=per_query))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    if summary:
        from kb.evaluation.summary import as_summary
        from kb.whole_file import replacing

        with replacing(summary) as pending:
            pending.write_text(as_summary(kept), encoding="utf-8")


def _ranked(
    folders: tuple[Path, ...],
    splits: tuple[str, ...],
    by: str | None,
    ablation: bool,
    headlines: bool,
    save_runs: Path | None,
    work: Path | None,
    weights: RankingWeights,
    kb: Place | None,
) -> Iterator[SetReport]:
    from contextlib import closing

    from slugify import slugify
    from tqdm import tqdm

    from kb.evaluation.ablation import FULL, HEADLINES, rankings, run_rankings
    from kb.evaluation.bases import Encoders
    from kb.evaluation.figures import report_of
    from kb.evaluation.files import write_run
    from kb.settings import Settings

    settings = Settings.from_environment(kb=kb)
    ways = rankings() if ablation else HEADLINES if headlines else [FULL]
    sets = _sets(folders, by)
    with closing(Encoders(work or settings.cache / "evaluation")) as encoders:
        for dataset in sets:
            for split in splits:
                with tqdm(
                    desc=f"{dataset.name}, {split}",
                    unit=" queries",
                    disable=not sys.stderr.isatty(),
                    file=sys.stderr,
                    leave=False,
                ) as bar:
                    ranked = run_rankings(
                        dataset, split, ways, settings, encoders, weights, bar.update
                    )
                if save_runs:
                    for name, run in ranked.runs.items():
                        tag = slugify(name)
                        write_run(run, save_runs / f"{dataset.name}.{split}.{tag}.run", tag)
                yield report_of(ranked, by)


def _sets(folders: tuple[Path, ...], by: str | None) -> list[DevelopmentSet]:
    from kb.evaluation.sets import ALL, check_by, read_set

    sets = [read_set(folder) for folder in folders]
    check_by(by or ALL, [query for dataset in sets for query in dataset.queries], "--by")
    return sets


def _weights(changes: tuple[str, ...]) -> RankingWeights:
    """The default weights with the changes that the command line names."""
    from kb.search.weights import DEFAULT_WEIGHTS

    weights = DEFAULT_WEIGHTS
    for change in changes:
        name, _, value = change.partition("=")
        try:
            weights = weights.with_value(name, float(value))
        except ValueError as error:
            raise click.BadParameter(f"{change}: {error}.", param_hint="--weight") from None
    return weights


def _compared(
    folders: tuple[Path, ...], splits: tuple[str, ...], by: str | None, compare: tuple[Path, Path]
) -> Iterator[SetReport]:
    from kb.evaluation.figures import comparison_of
    from kb.evaluation.files import read_run
    from kb.evaluation.sets import read_split

    runs = {str(path): read_run(path) for path in compare}
    if len(runs) < 2:
        raise click.UsageError("--compare needs two different runs.")
    for dataset in _sets(folders, by):
        for split in splits:
            yield comparison_of(dataset, read_split(dataset, split), runs, by)


@click.command("evaluate-duplicates", short_help="Measure how well duplicates are found.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--details", is_flag=True, help="List each pair that is judged wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def evaluate_duplicates(file: Path, details: bool, as_json: bool) -> None:
    """Measure how well pairs of actors that are the same are found: precision and recall.

    FILE has labelled pairs, separated by tabs, like those of tests/data/directories/pairs.
    """
    from dataclasses import asdict

    from kb.evaluation.labelled_pairs import count_pairs, pair_lines, read_pairs

    counts = count_pairs(read_pairs(file))
    if as_json:
        found = {
            "precision": asdict(counts.precision),
            "recall": asdict(counts.recall),
            "recall_of_blocks": asdict(counts.recall_of_blocks),
            "difficulties": [
                {"answer": answer, "difficulty": difficulty, "pairs": count, "right": right}
                for (answer, difficulty), (count, right) in counts.difficulties.items()
            ],
            "slips": counts.slips,
        }
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for line in (*(counts.slips if details else ()), *pair_lines(counts)):
        click.echo(line)


@click.command(short_help="Teach the encoder the trades.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("adaptation"),
    show_default=True,
    help="The output folder: the delta, its card and the curve.",
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

    Prints the loss and the figures of the tune split as they develop, and writes them to curve.csv.
    Set QUISAIT_ADAPTATION to the output folder to use the result.
    """
    from kb.adaptation.learning import learn
    from kb.adaptation.training import Recipe
    from kb.errors import EncoderError

    if not importlib.util.find_spec("peft"):
        raise EncoderError("Learning needs the package peft: pip install 'quisait[adapt]'.")
    recipe = Recipe()
    learn(out, replace(recipe, steps=steps or recipe.steps), seed, tune, click.echo)
    click.echo(f"The delta, its card and its curve are in {out}.")


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
