import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.evaluation.ablation import FIFTY_LINES, HEADLINES, rankings
from kb.evaluation.files import read_run
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
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


def test_a_row_for_each_language_and_one_for_all(needs: Path, kb: Path, tmp_path: Path) -> None:
    result = run(needs, "--kb", kb, "--work", tmp_path / "work")
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


def test_parts_are_by_any_metadata_of_the_queries(needs: Path, kb: Path, tmp_path: Path) -> None:
    def parts(by: str) -> list[str]:
        result = run(needs, "--kb", kb, "--work", tmp_path / "work", "--by", by)
        lines = result.stdout.splitlines()
        return [line.split(":")[0] for line in lines if line.endswith(("query", "queries"))]

    assert parts("novel") == ["novel false", "novel true", "all"]
    assert parts("lang,novel") == ["en · novel false", "fr · novel true", "all"]
    assert parts("all") == ["all"]


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


def test_a_base_of_the_adapted_encoder_is_copied_for_the_plain_one(
    needs: Path, kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain encoder takes words for nothing, so that fifty lines find by BM25 alone."""
    loaded: list[str] = []

    def load_encoder(settings: Settings) -> WordCountEncoder:
        loaded.append(settings.adaptation)
        plain = settings.adaptation == "off"
        return WordCountEncoder("plain", usual=0) if plain else WordCountEncoder("words-1")

    monkeypatch.setattr("kb.evaluation.bases.load_encoder", load_encoder)
    result = run(needs, "--kb", kb, "--work", tmp_path / "work", "--headlines", "--by", "all")
    assert result.exit_code == 0, result.stderr
    rows = {row[0]: row for row in table(result.stdout)}
    assert list(rows) == [FIFTY_LINES, *(way.name for way in HEADLINES)]
    assert rows["full − adaptation"][1:5] != rows["full"][1:5]
    assert sorted(loaded) == sorted({Settings().adaptation, "off"})
    # What is not asked to be compared is not copied either.
    monkeypatch.setattr("kb.evaluation.bases.load_encoder", lambda _: WordCountEncoder("other"))
    refused = run(needs, "--kb", kb, "--work", tmp_path / "work")
    assert refused.exit_code == 1
    assert "was embedded by another encoder" in refused.stderr


def test_silence_is_counted_by_kind_and_language(needs: Path, kb: Path, tmp_path: Path) -> None:
    (needs / "silence.jsonl").write_text(
        '{"_id": "s1", "text": "de la", "metadata": {"lang": "fr", "split": "test"}}\n'
        '{"_id": "s2", "text": "cuir", "metadata": {"lang": "fr", "split": "tune"}}\n'
        '{"_id": "s3", "text": "gants de cuir",'
        ' "metadata": {"lang": "fr", "split": "test", "kind": "unmeetable"}}\n'
    )
    result = run(needs, "--kb", kb, "--work", tmp_path / "work")
    told = {row[0]: row[1:] for row in cells(result.stdout.partition("| queries ")[2])[1:]}
    assert list(told) == [
        *("answerable, en", "answerable, fr", "answerable, all"),
        *("unanswerable, all", "unmeetable, all"),
    ]
    assert told["answerable, fr"][0].startswith("0 of 1: 0.00 [0.00, 0.79]")
    # A search refuses what has no word to be searched, and so it is silent.
    assert told["unanswerable, all"][0].startswith("1 of 1: ")
    assert told["unmeetable, all"][0].startswith("0 of 1: ")
    printed = json.loads(run(needs, "--kb", kb, "--work", tmp_path / "work", "--json").stdout)
    assert printed[0]["silence"][3]["silent"] == 1


def test_right_answers_are_counted_by_fit(needs: Path, kb: Path, tmp_path: Path) -> None:
    result = run(needs, "--kb", kb, "--work", tmp_path / "work")
    head, *rows = cells("| right, by fit" + result.stdout.partition("| right, by fit")[2])
    assert head == ["right, by fit", "strong", "possible", "weak", "none"]
    assert [row[0] for row in rows] == [
        f"first {first}, {lang}" for first in (3, 10) for lang in ("en", "fr", "all")
    ]
    (printed,) = json.loads(run(needs, "--kb", kb, "--work", tmp_path / "work", "--json").stdout)
    counts = [count for count in printed["fits"] if not count["lang"] and count["first"] == 10]
    assert [count["fit"] for count in counts] == head[1:]
    # Each of two queries has one right answer, and it is found.
    assert sum(count["right"] for count in counts) == 2
    for count, cell in zip(counts, rows[-1][1:], strict=True):
        assert cell.startswith(f"{count['right']} of {count['n']}: " if count["n"] else "none")


@pytest.fixture
def wordings(needs: Path) -> Path:
    """Two wordings of one need with the same words that carry it, and two of another."""
    (needs / "wordings.jsonl").write_text(
        '{"_id": "w1", "group": "g", "text": "gants de cuir", "metadata": {"split": "test"}}\n'
        '{"_id": "w2", "group": "g", "text": "cuir, gants", "metadata": {"split": "test"}}\n'
        '{"_id": "w3", "group": "h", "text": "gants", "metadata": {"split": "tune"}}\n'
    )
    return needs


def test_wordings_of_a_need_are_compared(wordings: Path, kb: Path, tmp_path: Path) -> None:
    command = (wordings, "--kb", kb, "--work", tmp_path / "work")
    head, *rows = cells(run(*command).stdout)[-3:]
    assert head == ["ranking of wordings", "groups", "shared of the first 3"]
    assert {row[0] for row in rows} == {"full", FIFTY_LINES}
    for _, groups, shared in rows:
        assert (groups, shared) == ("1", "3.000 [3.000, 3.000]")
    (printed,) = json.loads(run(*command, "--json").stdout)
    assert printed["wordings"]["full"]["value"] == 3
    # A wording alone has nothing to be compared with.
    assert "ranking of wordings" not in run(*command, "--split", "tune").stdout


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


def test_what_cannot_be_evaluated_is_one_line(needs: Path, kb: Path, tmp_path: Path) -> None:
    def refusal(*arguments: object) -> str:
        result = run(*arguments)
        assert result.exit_code != 0
        assert result.stdout == ""
        return result.stderr.splitlines()[-1]

    other = tmp_path / "other.run"
    other.write_text("elsewhere Q0 gants 1 2 a\n")
    valid = tmp_path / "valid.run"
    valid.write_text("q1 Q0 gants 1 2 a\n")
    third = tmp_path / "third.run"
    third.write_text("q1 Q0 gants\n")
    assert f"{other}: no query of" in refusal(needs, "--compare", other, valid)
    assert "third.run:1: expected six columns" in refusal(needs, "--compare", third, other)
    assert "leave out --summary" in refusal(
        needs, "--summary", tmp_path / "page.md", "--compare", other, third
    )
    assert "leave out --ablation" in refusal(needs, "--ablation", "--compare", other, third)
    weighed = ("--weight", "passages.lexical=0.2", "--compare", other, third)
    assert "leave out --weight" in refusal(needs, *weighed)
    assert "is not a knowledge base" in refusal(needs, "--kb", tmp_path / "none")
    assert "--by: no query has wordin in its metadata" in refusal(needs, "--by", "wordin,lang")
    (needs / "qrels" / "test.tsv").write_text("q\tc\ts\nq1\tnobody\t1\n")
    assert "'nobody', relevant to 'q1', is not in the knowledge base" in refusal(needs, "--kb", kb)
    (needs / "qrels" / "test.tsv").unlink()
    assert "test.tsv cannot be read" in refusal(needs, "--kb", kb)
    (needs / "queries.jsonl").write_text('{"_id": "q1", "text": "…"}')
    assert "the query 'q1': The query has no word" in refusal(
        needs, "--kb", kb, "--split", "tune", "--work", tmp_path / "work"
    )


def test_other_weights_rank_otherwise(needs: Path, kb: Path, tmp_path: Path) -> None:
    work = ("--kb", kb, "--work", tmp_path / "work", "--by", "all", "--json", "--per-query")

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
