"""Fits the judge of needs, measures it by cross-validation, and writes its table.

python -m tests.training.need_judge [--write]
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import ingest.extraction.needs
from ingest.articles.readers import read_article
from ingest.extraction.candidates.participants import language_of
from ingest.extraction.needs.need import Need, NeedJudge, NeedWord, doubts, need_words, told_need
from ingest.extraction.proposals.propose import MAX_CHARS
from ingest.extraction.tokens import Sentence, sentences
from kb.regression import Regression
from kb.text.analysis import stems, words
from tests.article_evaluation.comparison import compare
from tests.article_evaluation.labels import ArticleFindings, Labels, read_labelled
from tests.article_evaluation.scores import Scores, Tally
from tests.training.examples import OTHERS, OWN
from tests.training.regression import fitted

TABLE = Path(ingest.extraction.needs.__file__).parent / "judge.json"

FOLDS, SEED = 8, 0
LEAST_ARTICLES = 6
"""A feature that fewer articles have is not learnt."""
PENALTY = 3.0

_PLAIN = Regression(0.0, {})


@dataclass(frozen=True, slots=True)
class NeedArticle:
    """A labelled article as it is read, and which of its words name the need."""

    name: str
    labels: Labels
    is_of_others: bool
    lang: str
    sentences: Sequence[Sentence]
    words: Mapping[str, NeedWord]
    naming: frozenset[str]

    def need(self, judge: NeedJudge) -> Need | None:
        return told_need(self.sentences, self.words, self.lang, judge)


def need_articles(folders: Sequence[Path] = (OTHERS, OWN)) -> list[NeedArticle]:
    """The articles that the judge learns from: those of others first."""
    return [
        _read(path, labels, is_of_others=folder is OTHERS)
        for folder in folders
        for path, labels in read_labelled(folder)
    ]


def fitted_table(articles: Sequence[NeedArticle], calibration: Regression) -> dict[str, Any]:
    """The table of the judge that learns from all articles."""
    counts = Counter(
        name
        for article in articles
        for name in {
            name
            for word in article.words.values()
            for name, value in word.features.items()
            if value
        }
    )
    names = sorted(name for name, count in counts.items() if count >= LEAST_ARTICLES)
    learnt = [(word, word.stem in each.naming) for each in articles for word in each.words.values()]
    rows = np.array([[word.features.get(name, 0.0) for name in names] for word, _ in learnt])
    answers = np.array([float(is_naming) for _, is_naming in learnt])
    intercept, slopes = fitted(rows, answers, PENALTY)
    weights = {name: round(float(slope), 3) for name, slope in zip(names, slopes, strict=True)}
    return {
        "calibration": {
            "intercept": round(calibration.intercept, 3),
            "weights": {name: round(value, 3) for name, value in calibration.weights.items()},
        },
        "words": {"intercept": round(intercept, 3), "weights": weights},
    }


def cross_validated(
    articles: Sequence[NeedArticle], seed: int = SEED
) -> tuple[list[NeedJudge], Regression]:
    """A judge for each article that did not learn from its fold, and the calibration of all.

    Only words are judged by the fold; the confidence of all is that of the whole.
    """
    fold_of = np.random.default_rng(seed).permutation(len(articles)) % FOLDS
    of_fold = [
        NeedJudge.of_json(
            fitted_table(
                [each for each, own in zip(articles, fold_of, strict=True) if own != fold], _PLAIN
            )
        )
        for fold in range(FOLDS)
    ]
    judges = [of_fold[fold] for fold in fold_of]
    calibration = _calibration(articles, judges)
    return [NeedJudge(each.names_need, calibration) for each in judges], calibration


def measured(
    articles: Sequence[NeedArticle], judges: Sequence[NeedJudge], *, of_others: bool
) -> Tally:
    """How often the need that each article's judge finds is right."""
    scores = Scores()
    for article, judge in zip(articles, judges, strict=True):
        if article.is_of_others is of_others:
            need = article.need(judge)
            compare(scores, article.name, article.labels,
                    ArticleFindings(need=need.phrase if need else ""))  # fmt: skip
    return scores.fields["need"]


def _calibration(articles: Sequence[NeedArticle], judges: Sequence[NeedJudge]) -> Regression:
    """How likely the need found in an article of others is right."""
    rows, answers = [], []
    for article, judge in zip(articles, judges, strict=True):
        need = article.need(judge) if article.is_of_others else None
        if need:
            probability = judge.names_need.probability
            likely = {own: probability(word.features) for own, word in article.words.items()}
            rows.append(doubts([likely[each] for each in need.stems]))
            one = measured([article], [judge], of_others=True)
            answers.append(float(one.right))
    names = list(rows[0])
    matrix = np.array([[row[name] for name in names] for row in rows])
    intercept, slopes = fitted(matrix, np.array(answers), 1.0)
    return Regression(intercept, dict(zip(names, slopes.tolist(), strict=True)))


def _read(path: Path, labels: Labels, *, is_of_others: bool) -> NeedArticle:
    article = read_article(path)
    read = sentences(article.title, article.text[:MAX_CHARS])
    lang = language_of(article)
    found = need_words(read, lang)
    wanted = _stems(" ".join(labels.need_keywords).replace("|", " "))
    naming = frozenset(
        own
        for own, word in found.items()
        if wanted & _stems(" ".join({token.text for token in word.tokens}))
    )
    return NeedArticle(path.name, labels, is_of_others, lang, read, found, naming)


def _stems(text: str) -> set[str]:
    return {each for word in words(text) for each in stems(word)}


def main() -> None:
    articles = need_articles()
    judges, calibration = cross_validated(articles)
    for of_others, of in ((True, "of others"), (False, "of our own")):
        tally = measured(articles, judges, of_others=of_others)
        print(f"needs, cross-validated, articles {of}: precision {tally.precision or 0:.3f}, "
              f"recall {tally.recall or 0:.3f}, {tally}")  # fmt: skip
    if "--write" in sys.argv:
        table = fitted_table(articles, calibration)
        TABLE.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"{TABLE.name}: {len(table['words']['weights'])} features")


if __name__ == "__main__":
    main()
