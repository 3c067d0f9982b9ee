import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.knowledge_base import KnowledgeBase
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS
from web.cli import main


@pytest.fixture(autouse=True)
def _word_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("kb.knowledge_base", "kb.evaluation.ranking"):
        monkeypatch.setattr(f"{room}.load_encoder", lambda _: WordCountEncoder())


@pytest.fixture
def kb(base: KnowledgeBase) -> Path:
    base.put(RECORDS)
    return base.folder


@pytest.fixture
def needs(tmp_path: Path) -> Path:
    """A set that is asked of a base, with a query in each of two languages."""
    folder = tmp_path / "needs"
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.jsonl").write_text(
        '{"_id": "q1", "text": "gants de cuir", "metadata": {"lang": "fr", "novel": true}}\n'
        '{"_id": "q2", "text": "leather", "metadata": {"lang": "en", "novel": false}}\n'
        '{"_id": "q3", "text": "not judged", "metadata": {"lang": "fr"}}\n'
    )
    (folder / "qrels" / "test.tsv").write_text("q\tc\ts\nq1\tgants\t1\nq2\tgants\t2\n")
    (folder / "qrels" / "tune.tsv").write_text("q\tc\ts\nq1\tgants\t1\n")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def cells(text: str) -> list[list[str]]:
    """The cells of the rows of all tables, without rules."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if " | " in line
    ]
    return [row for row in rows if not row[1].startswith("-")]


def table(text: str) -> list[list[str]]:
    """The rows of the tables of figures, without their heads."""
    figures = text.partition("| right, by fit")[0]
    return [row for row in cells(figures) if row[0] not in {"ranking", "metric"}]


def test_a_row_for_each_language_and_one_for_all(needs: Path, kb: Path) -> None:
    result = run(needs, "--kb", kb)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("## needs, test\n")
    assert [line for line in result.stdout.splitlines() if line.endswith(("query", "queries"))] == [
        "en: 1 query",
        "fr: 1 query",
        "all: 2 queries",
    ]
    assert cells(result.stdout)[0] == ["metric", "fifty lines", "full", "difference", "p"]
    assert [row[0] for row in table(result.stdout)] == ["nDCG@10", "MAP", "P@3", "S@1"] * 3
    whole, none = "1.000 [1.000, 1.000]", "+0.000 [+0.000, +0.000]"
    # The French query: fifty lines find it too.
    assert table(result.stdout)[4] == ["nDCG@10", whole, whole, none, "1.000"]


def test_parts_are_by_any_metadata_of_the_queries(needs: Path, kb: Path) -> None:
    def parts(by: str) -> list[str]:
        result = run(needs, "--kb", kb, "--by", by)
        lines = result.stdout.splitlines()
        return [line.split(":")[0] for line in lines if line.endswith(("query", "queries"))]

    assert parts("novel") == ["novel false", "novel true", "all"]
    assert parts("lang,novel") == ["en · novel false", "fr · novel true", "all"]
    assert parts("all") == ["all"]


def test_figures_as_json_with_every_query(needs: Path, kb: Path) -> None:
    splits = ("--split", "tune", "--split", "test")
    result = run(needs, "--kb", kb, *splits, "--json", "--per-query")
    tune, test = json.loads(result.stdout)
    assert (tune["set"], tune["split"], test["split"]) == ("needs", "tune", "test")
    fifty, figures = tune["figures"]
    assert (fifty["ranking"], fifty["differences"]) == ("fifty lines", {})
    assert (figures["ranking"], figures["part"], figures["n"]) == ("full", "", 1)
    assert figures["means"]["S@1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert figures["differences"]["S@1"]["value"] == 0
    assert tune["queries"]["full"]["q1"]["nDCG@10"] == 1.0
    assert test["queries"]["full"].keys() == {"q1", "q2"}


def test_silence_is_counted_by_kind_and_language(needs: Path, kb: Path) -> None:
    (needs / "silence.jsonl").write_text(
        '{"_id": "s1", "text": "de la", "metadata": {"lang": "fr", "split": "test"}}\n'
        '{"_id": "s2", "text": "cuir", "metadata": {"lang": "fr", "split": "tune"}}\n'
        '{"_id": "s3", "text": "gants de cuir",'
        ' "metadata": {"lang": "fr", "split": "test", "kind": "unmeetable"}}\n'
    )
    result = run(needs, "--kb", kb)
    told = {row[0]: row[1:] for row in cells(result.stdout.partition("| queries ")[2])[1:]}
    assert list(told) == [
        *("answerable, en", "answerable, fr", "answerable, all"),
        *("unanswerable, all", "unmeetable, all"),
    ]
    assert told["answerable, fr"][0].startswith("0 of 1: 0.00 [0.00, 0.79]")
    # A search refuses what has no word to be searched, and so it is silent.
    assert told["unanswerable, all"][0].startswith("1 of 1: ")
    assert told["unmeetable, all"][0].startswith("0 of 1: ")
    printed = json.loads(run(needs, "--kb", kb, "--json").stdout)
    assert printed[0]["silence"][3]["silent"] == 1


def test_what_cannot_be_evaluated_is_one_line(needs: Path, kb: Path) -> None:
    def refusal(*arguments: object) -> str:
        result = run(*arguments)
        assert result.exit_code != 0
        assert result.stdout == ""
        return result.stderr.splitlines()[-1]

    assert "is not a knowledge base" in refusal(needs, "--kb", needs / "none")
    assert "--by: no query has wordin in its metadata" in refusal(needs, "--by", "wordin,lang")
    (needs / "qrels" / "test.tsv").write_text("q\tc\ts\nq1\tnobody\t1\n")
    assert "'nobody', relevant to 'q1', is not in the knowledge base" in refusal(needs, "--kb", kb)
    (needs / "qrels" / "test.tsv").unlink()
    assert "test.tsv cannot be read" in refusal(needs, "--kb", kb)
    (needs / "queries.jsonl").write_text('{"_id": "q1", "text": "…"}')
    assert "the query 'q1': The query has no word" in refusal(needs, "--kb", kb, "--split", "tune")


def test_other_weights_rank_otherwise(needs: Path, kb: Path) -> None:
    work = ("--kb", kb, "--by", "all", "--json", "--per-query")

    def best(*changes: str) -> float:
        result = run(needs, *work, *(f"--weight={change}" for change in changes))
        assert result.exit_code == 0, result.stderr
        figure: float = json.loads(result.stdout)[0]["queries"]["full"]["q1"]["MAP"]
        return figure

    assert best() == 1.0
    assert best("passages.lexical=-9", "passages.filing=0") < 1.0


@pytest.mark.parametrize("change", ["lexical=1", "passages.lexical=many", "passages.lexical"])
def test_a_weight_that_is_none_is_one_line(needs: Path, kb: Path, change: str) -> None:
    result = run(needs, "--kb", kb, "--weight", change)
    assert result.exit_code == 2
    assert change in result.stderr.splitlines()[-1]
