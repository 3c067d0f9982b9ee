import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.evaluation.ablation import FIFTY_LINES, rankings
from kb.evaluation.files import read_run
from kb.knowledge_base import KnowledgeBase
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS
from web.cli import main


@pytest.fixture(autouse=True)
def _word_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("kb.knowledge_base", "kb.evaluation.bases"):
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


def test_figures_as_json_with_every_query(needs: Path, kb: Path, tmp_path: Path) -> None:
    splits = ("--split", "tune", "--split", "test")
    result = run(needs, "--kb", kb, "--work", tmp_path / "work", *splits, "--json", "--per-query")
    tune, test = json.loads(result.stdout)
    assert (tune["set"], tune["split"], test["split"]) == ("needs", "tune", "test")
    fifty, figures = tune["figures"]
    assert (fifty["ranking"], fifty["differences"]) == (FIFTY_LINES, {})
    assert (figures["ranking"], figures["part"], figures["n"]) == ("full", "", 1)
    assert figures["means"]["S@1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert figures["differences"]["S@1"]["value"] == 0
    assert tune["queries"]["full"]["q1"]["nDCG@10"] == 1.0
    assert test["queries"]["full"].keys() == {"q1", "q2"}


def test_an_ablation_compares_with_fifty_lines(needs: Path, kb: Path, tmp_path: Path) -> None:
    work, runs = tmp_path / "work", tmp_path / "runs"
    result = run(
        needs, "--kb", kb, "--work", work, "--ablation", "--by", "all", "--save-runs", runs
    )
    assert result.exit_code == 0, result.stderr
    rows = {row[0]: row for row in table(result.stdout)}
    assert list(rows) == [FIFTY_LINES, *(way.name for way in rankings())]
    assert rows[FIFTY_LINES][-1] == ""
    assert ", p = " in rows["BM25"][-1]
    # Every ranking is a file that says the same.
    saved = read_run(runs / "needs.test.bm25.run")
    assert next(iter(saved["q1"])) == "gants"
    assert next(iter(read_run(runs / "needs.test.fifty-lines.run")["q1"])) == "gants"
    assert len(list(runs.iterdir())) == len(rows)


@pytest.fixture
def wordings(needs: Path) -> Path:
    """Two wordings of one need with the same words that carry it, and two of another."""
    (needs / "wordings.jsonl").write_text(
        '{"_id": "w1", "group": "g", "text": "gants de cuir", "metadata": {"split": "test"}}\n'
        '{"_id": "w2", "group": "g", "text": "cuir, gants", "metadata": {"split": "test"}}\n'
        '{"_id": "w3", "group": "h", "text": "gants", "metadata": {"split": "tune"}}\n'
    )
    return needs


def test_a_summary_is_one_page_of_all_sets(wordings: Path, kb: Path, tmp_path: Path) -> None:
    page = tmp_path / "docs" / "figures.md"
    (wordings / "silence.jsonl").write_text(
        '{"_id": "s1", "text": "de la", "metadata": {"lang": "fr", "split": "test"}}\n'
    )
    arguments = (wordings, "--kb", kb, "--work", tmp_path / "work", "--summary", page)
    assert run(*arguments).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Figures of the ranking",
        "## Beside fifty lines, test",
        "## Right answers by label, test",
        "## Silence, test",
        "## Wordings, test",
    ]
    rows = cells(text)
    assert rows[0] == ["set, and part", "queries", "full", "fifty lines", "difference"]
    assert [row[:2] for row in rows[1:4]] == [["needs", "2"], ["… en", "1"], ["… fr", "1"]]
    assert rows[3][2:] == ["1.000", "1.000", "+0.000 [+0.000, +0.000]"]
    assert rows[4][1:] == [f"{fit}, first {n}" for fit in ("strong", "possible") for n in (3, 10)]
    assert rows[5][0] == "needs"

    assert run(*arguments, "--ablation").exit_code == 0
    longer = page.read_text(encoding="utf-8")
    assert longer.startswith(text)
    head, *rungs = cells(longer.partition("## The ladder, test")[2])
    assert head == ["ranking", "nDCG@10", "P@3", "S@1"]
    assert [row[0] for row in rungs] == [FIFTY_LINES, *(way.name for way in rankings())]
    assert rungs[0][1:] != ["", "", ""]


def test_two_runs_are_compared(needs: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.run", tmp_path / "second.run"
    first.write_text("q1 Q0 gants 1 2 a\nq1 Q0 avel 2 1 a\n")
    second.write_text("q1 Q0 avel 1 2 b\nq1 Q0 gants 2 1 b\nq2 Q0 gants 1 1 b\n")
    # Nothing is searched, so that no base is needed.
    result = run(needs, "--compare", first, second, "--by", "all", "--per-query")
    assert result.exit_code == 0, result.stderr
    rows = {row[0]: row for row in table(result.stdout)}
    assert rows["S@1"][1].startswith("0.500 ")
    assert rows["S@1"][2].startswith("0.500 ")
    assert rows["S@1"][3].startswith("+0.000 [-1.000, +1.000]")
    assert rows["S@1"][4] == "1.000"
    assert rows["MAP"][3].startswith("+0.250 [-0.500, +1.000]")
    printed = json.loads(run(needs, "--compare", first, second, "--json").stdout)
    figures = {(row["ranking"], row["part"]): row for row in printed[0]["figures"]}
    assert figures[str(second), ""]["differences"]["MAP"]["value"] == 0.25
    assert figures[str(first), ""]["differences"] == {}


def test_duplicates_are_measured_on_labelled_pairs() -> None:
    pairs = "tests/data/directories/pairs/tune.tsv"
    told = CliRunner().invoke(main, ["evaluate-duplicates", pairs])
    assert told.exit_code == 0
    figures = {line[:22].strip(): float(line[23:28]) for line in told.output.splitlines()[:3]}
    assert min(figures.values()) > 0.9
    assert "same       acronym" in told.output
    slips = CliRunner().invoke(main, ["evaluate-duplicates", pairs, "--details"]).output
    assert slips.startswith(("same: ", "different: "))
    plain = json.loads(CliRunner().invoke(main, ["evaluate-duplicates", pairs, "--json"]).output)
    assert plain["recall"]["value"] == pytest.approx(figures["recall"], abs=0.001)
