"""Measures how well the labelled articles of a folder are read: precision and recall.

    python -m tests.article_evaluation DIR [--details]

Exits with 1 if an article cannot be read.
"""

import sys
from pathlib import Path

from tests.article_evaluation.comparison import evaluate_articles
from tests.article_evaluation.labels import finder, territory_actors
from tests.article_evaluation.scores import score_lines


def main(folder: str, *options: str) -> int:
    scores = evaluate_articles(Path(folder), finder(territory_actors()))
    slips = map(str, scores.slips if "--details" in options else ())
    print(*slips, *score_lines(scores), *scores.unread, sep="\n")
    return bool(scores.unread)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
