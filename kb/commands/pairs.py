"""The command that measures how well duplicates are found: evaluate-duplicates."""

from pathlib import Path

import click


@click.command("evaluate-duplicates", short_help="Measure how well duplicates are found.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--details", is_flag=True, help="List each pair that is judged wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def evaluate_duplicates(file: Path, details: bool, as_json: bool) -> None:
    """Measure how well pairs of actors that are the same are found: precision and recall.

    FILE has labelled pairs, separated by tabs, like those of tests/data/directories/pairs.
    """
    import json
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
