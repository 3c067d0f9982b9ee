"""The command that measures how well articles are read."""

from contextlib import closing
from pathlib import Path

import click

from kb.address import Place
from kb.commands.options import open_base


@click.command("evaluate-articles", short_help="Measure how well articles are read.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--kb",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The knowledge base with the known actors (default: the demonstration).",
)
@click.option("--details", is_flag=True, help="List each wrong or missing value.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_context
def evaluate_articles(
    context: click.Context, folder: Path, kb: Place | None, details: bool, as_json: bool
) -> None:
    """Measure how well the labelled articles of DIR are read: precision and recall.

    The labels of each article are in the file NAME.json beside it. Exits with 1 if an article
    cannot be read.
    """
    import json

    from ingest.evaluation.article_findings import demonstration_actors, finder
    from ingest.evaluation.comparison import evaluate_articles as evaluate
    from ingest.evaluation.scores import score_json, score_lines
    from ingest.extraction.gazetteer import KnownActors

    kb = kb or (context.obj or {}).get("kb")
    if kb is None:
        actors = demonstration_actors()
    else:
        with closing(open_base(kb)) as knowledge_base:
            actors = KnownActors.of(knowledge_base)
    scores = evaluate(folder, finder(actors))
    if as_json:
        click.echo(json.dumps(score_json(scores), ensure_ascii=False, indent=2))
    else:
        lines = [*(map(str, scores.slips) if details else ()), *score_lines(scores)]
        for line in (*lines, *scores.unread):
            click.echo(line)
    if scores.unread:
        raise click.exceptions.Exit(1)
