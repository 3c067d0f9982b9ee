"""Each right answer is ranked in a world without its own cases."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kb.evaluation.ranking import Answer, Encoders, leave_one_out, rank
from kb.evaluation.report import count_fits, report_of
from kb.evaluation.sets import SetQuery, read_set
from kb.models import Actor, Case, Kind, Participation
from kb.reference.roles import Role
from kb.search.context import RankingOptions
from kb.search.results import Fit
from kb.settings import Settings
from tests.encoders import WordCountEncoder


def ranking(**scores: float) -> list[Answer]:
    return [Answer(id_, score, Fit.WEAK) for id_, score in scores.items()]


def ids(answers: Sequence[Answer]) -> list[str]:
    return [answer.actor_id for answer in answers]


def test_a_right_answer_stands_after_the_others_of_its_own_world() -> None:
    full = ranking(x=5, a=4, y=3, b=2, z=1)
    worlds = {"a": ranking(x=5, y=4, a=3, z=1), "b": ranking(b=9, x=5, a=4, y=3)}
    assert ids(leave_one_out(full, worlds, {"a", "b"})) == ["b", "x", "y", "a", "z"]


class Town:
    """A base in which a firm is raised by every case of another firm in its trade."""

    trades: Mapping[str, tuple[str, float]] = {
        "polisher1": ("polish", 0.2),
        "polisher2": ("polish", 0.2),
        "follower": ("polish", 0.1),
        "baker": ("bread", 0.9),
    }
    """The trade of each firm, and the score that its own words give it."""
    made: Mapping[str, str] = {"case1": "polisher1", "case2": "polisher2"}

    def ids(self, kind: Kind) -> set[str]:
        assert kind is Kind.ACTOR
        return set(self.trades)

    def actors(self) -> list[Actor]:
        return [Actor(firm, firm, trade) for firm, (trade, _) in self.trades.items()]

    def cases(self) -> list[Case]:
        return [
            Case(id_, "t", "x", participants=(Participation("", Role.PRODUCER, firm),))
            for id_, firm in self.made.items()
        ]

    def search(self, query: str, *, options: RankingOptions, **_: Any) -> SimpleNamespace:
        known = {id_: firm for id_, firm in self.made.items() if id_ not in options.unmatched}
        assert options.transfer_only
        scores = {
            firm: own
            + sum(other != firm and self.trades[other][0] == trade for other in known.values())
            for firm, (trade, own) in self.trades.items()
        }
        hits = [
            SimpleNamespace(actor=SimpleNamespace(id=firm), score=score, fit=Fit.WEAK)
            for firm, score in sorted(scores.items(), key=lambda pair: -pair[1])
        ]
        return SimpleNamespace(hits=hits)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    @contextmanager
    def town(*_: object, **__: object) -> Iterator[Town]:
        yield Town()

    monkeypatch.setattr("kb.evaluation.ranking.base_of", town)
    monkeypatch.setattr("kb.evaluation.ranking.load_encoder", lambda _: WordCountEncoder())
    folder = tmp_path / "town"
    (folder / "qrels").mkdir(parents=True)
    (folder / "set.json").write_text('{"leave_one_out": true}')
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "gel", "metadata": {}}\n')
    (folder / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq\tpolisher1\t1\nq\tpolisher2\t1\n"
    )
    return folder


def test_to_follow_an_example_rightly_is_not_punished(folder: Path) -> None:
    """Two of a trade did it. A third, that did not, is raised by both, they only by each other.

    In the one world in which all cases are known, it is above them; in the world of each, below.
    """
    ranked = rank(read_set(folder), "test", Settings(), Encoders(Settings()))
    assert list(ranked.runs["full"]["q"]) == ["polisher1", "polisher2", "follower", "baker"]
    report = report_of(ranked, None)
    assert report.values["full"]["MAP"]["q"] == 1.0

    together = Town().search("gel", options=RankingOptions(transfer_only=True)).hits
    assert together[0].actor.id == "follower"


FRENCH = SetQuery("f", "gants", {"lang": "fr"})
ENGLISH = SetQuery("e", "gloves", {"lang": "en"})


def test_right_answers_are_counted_by_fit_for_each_language_and_for_all() -> None:
    answers = {
        "f": [Answer("a", 3, Fit.STRONG), Answer("b", 2, Fit.STRONG), Answer("c", 1, Fit.NONE)],
        "e": [Answer("a", 3, Fit.STRONG), Answer("c", 2, Fit.WEAK)],
    }
    qrels = {"f": {"a": 2, "c": 1, "b": 0}, "e": {"c": 1}}
    counts = {
        (count["lang"], count["fit"]): (count["right"], count["n"])
        for count in count_fits(answers, [FRENCH, ENGLISH], qrels)
        if count["first"] == 3
    }
    assert counts["fr", Fit.STRONG] == (1, 2)
    assert counts["fr", Fit.NONE] == (1, 1)
    assert counts["en", Fit.STRONG] == (0, 1)
    assert counts["en", Fit.WEAK] == (1, 1)
    assert counts["", Fit.STRONG] == (1, 3)
    assert counts["", Fit.POSSIBLE] == (0, 0)
