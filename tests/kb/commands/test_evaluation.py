import json
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.evaluation.ablation import BASELINE, ENCODERS, STEPS, rankings
from kb.evaluation.files import read_run
from kb.knowledge_base import KnowledgeBase
from kb.search.context import RankingOptions
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
        '{"_id": "q1", "text": "gants de cuir", "metadata": {"lang": "fr", "group": "g"}}\n'
        '{"_id": "q2", "text": "leather", "metadata": {"lang": "en", "group": "h"}}\n'
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
        if line.startswith("|")
    ]
    return [row for row in rows if not row[1].startswith("-")]


def table(text: str) -> list[list[str]]:
    """The rows of the tables of figures and of silences, without their heads."""
    fits = text.partition("| right, by fit")[0]
    return [row for row in cells(fits) if row[0] not in {"ranking", "silence"}]


def test_a_row_for_each_language_and_one_for_all(needs: Path, kb: Path, tmp_path: Path) -> None:
    result = run(needs, "--kb", kb, "--work", tmp_path / "work")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("## needs, test\n")
    assert [line for line in result.stdout.splitlines() if line.endswith(("query", "queries"))] == [
        "en: 1 query",
        "fr: 1 query",
        "all: 2 queries",
    ]
    english, french, both = table(result.stdout)
    assert french == ["full", *["1.000 [1.000, 1.000]"] * 5]
    assert english[0] == both[0] == "full"


def test_parts_are_languages_groups_or_both(needs: Path, kb: Path, tmp_path: Path) -> None:
    def parts(by: str) -> list[str]:
        result = run(needs, "--kb", kb, "--work", tmp_path / "work", "--by", by)
        lines = result.stdout.splitlines()
        return [line.split(":")[0] for line in lines if line.endswith(("query", "queries"))]

    assert parts("group") == ["g", "h", "all"]
    assert parts("both") == ["en · h", "fr · g", "all"]
    assert parts("all") == ["all"]


def test_figures_as_json_with_every_query(needs: Path, kb: Path, tmp_path: Path) -> None:
    splits = ("--split", "tune", "--split", "test")
    result = run(needs, "--kb", kb, "--work", tmp_path / "work", *splits, "--json", "--per-query")
    tune, test = json.loads(result.stdout)
    assert (tune["set"], tune["split"], test["split"]) == ("needs", "tune", "test")
    (figures,) = tune["figures"]
    assert (figures["ranking"], figures["part"], figures["n"]) == ("full", "", 1)
    assert figures["means"]["MRR"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert tune["queries"]["full"]["q1"]["nDCG@10"] == 1.0
    assert test["queries"]["full"].keys() == {"q1", "q2"}


def test_every_query_in_a_table(needs: Path, kb: Path, tmp_path: Path) -> None:
    result = run(needs, "--kb", kb, "--work", tmp_path / "work", "--split", "tune", "--per-query")
    assert cells(result.stdout)[-1] == ["full", "q1", *["1.000"] * 5, "gants de cuir"]


def test_an_ablation_compares_with_embeddings_alone(needs: Path, kb: Path, tmp_path: Path) -> None:
    work, runs = tmp_path / "work", tmp_path / "runs"
    result = run(
        needs, "--kb", kb, "--work", work, "--ablation", "--by", "all", "--save-runs", runs
    )
    assert result.exit_code == 0, result.stderr
    rows = {row[0]: row for row in table(result.stdout)}
    # Here one encoder stands for all.
    assert list(rows) == [way.name for way in rankings() if way.encoder == "plain"]
    assert result.stdout.endswith("Left out: adapted: the encoder is the same as plain.\n\n")
    assert rows[BASELINE][-1] == ""
    assert ", p = " in rows["BM25, plain"][-1]
    # Every ranking is a file that says the same.
    saved = read_run(runs / "needs.test.bm25-plain.run")
    assert next(iter(saved["q1"])) == "gants"
    assert len(list(runs.iterdir())) == len(rows)


def test_a_base_of_the_adapted_encoder_is_copied_for_the_plain_one(
    needs: Path, kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_encoder(settings: Settings) -> WordCountEncoder:
        return WordCountEncoder("plain" if settings.adaptation == "off" else "words-1")

    monkeypatch.setattr("kb.evaluation.bases.load_encoder", load_encoder)
    result = run(needs, "--kb", kb, "--work", tmp_path / "work", "--ablation", "--by", "all")
    assert result.exit_code == 0, result.stderr
    rows = {row[0]: row for row in table(result.stdout)}
    assert list(rows) == [way.name for way in rankings()]
    assert rows["dense, adapted"][1:6] == rows["dense, plain"][1:6]
    assert rows["dense, adapted"][-1] == "+0.000 [+0.000, +0.000], p = 1.000"
    # What is not asked to be compared is not copied either.
    monkeypatch.setattr("kb.evaluation.bases.load_encoder", lambda _: WordCountEncoder("other"))
    refused = run(needs, "--kb", kb, "--work", tmp_path / "work")
    assert refused.exit_code == 1
    assert "was embedded by another encoder" in refused.stderr


def test_each_switch_of_the_search_is_turned_off_once() -> None:
    ways = rankings()
    assert len({way.name for way in ways}) == len(ways)
    assert BASELINE in {way.name for way in ways}
    switches = [one.name for one in fields(RankingOptions) if one.default is True]
    for encoder in ENCODERS:
        of_encoder = [way for way in ways if way.encoder == encoder]
        without = [list(way.options) for way in of_encoder[-len(switches) :]]
        assert without == [[one] for one in switches]
    assert len(ways) == len(ENCODERS) * (len(STEPS) + len(switches)) - (len(ENCODERS) - 1)


def test_silence_is_counted_by_language(needs: Path, kb: Path, tmp_path: Path) -> None:
    (needs / "silence.jsonl").write_text(
        '{"_id": "s1", "text": "de la", "metadata": {"lang": "fr", "split": "test"}}\n'
        '{"_id": "s2", "text": "cuir", "metadata": {"lang": "fr", "split": "tune"}}\n'
    )
    result = run(needs, "--kb", kb, "--work", tmp_path / "work")
    english, french = table(result.stdout)[-2:]
    assert english[0] == "en"
    assert english[2] == "none"
    assert french[1].startswith("1 of 1: 1.00 [0.21, 1.00]")
    assert " of 1: " in french[2]
    printed = json.loads(run(needs, "--kb", kb, "--work", tmp_path / "work", "--json").stdout)
    assert printed[0]["silence"][1]["share_found"]["value"] == 1.0
    assert printed[0]["silence"][0]["share_silent"] is None


def test_right_answers_are_counted_by_fit(needs: Path, kb: Path, tmp_path: Path) -> None:
    result = run(needs, "--kb", kb, "--work", tmp_path / "work")
    *_, head, english, french, both = cells(result.stdout)
    assert head == ["right, by fit", "strong", "possible", "weak", "none"]
    assert [english[0], french[0], both[0]] == ["en", "fr", "all"]
    (printed,) = json.loads(run(needs, "--kb", kb, "--work", tmp_path / "work", "--json").stdout)
    counts = [count for count in printed["fits"] if not count["lang"]]
    assert [count["fit"] for count in counts] == head[1:]
    # Each of two queries has one right answer, and it is found.
    assert sum(count["right"] for count in counts) == 2
    for count, cell in zip(counts, both[1:], strict=True):
        assert cell.startswith(f"{count['right']} of {count['n']}: " if count["n"] else "none")


def test_a_summary_has_all_sets_in_a_few_tables(needs: Path, kb: Path, tmp_path: Path) -> None:
    page = tmp_path / "docs" / "figures.md"
    (needs / "silence.jsonl").write_text(
        '{"_id": "s1", "text": "de la", "metadata": {"lang": "fr", "split": "test"}}\n'
    )
    arguments = (needs, "--kb", kb, "--work", tmp_path / "work", "--summary", page)
    assert run(*arguments, "--split", "tune", "--split", "test").exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Figures of the ranking",
        *("## Tune", "### Rankings", "### Silence", "### Right answers by fit"),
        *("## Test", "### Rankings", "### Silence", "### Right answers by fit"),
    ]
    tune = ["needs", "all", "1", "nDCG@10", "1.000 [1.000, 1.000]"]
    assert cells(text)[:2] == [["set", "part", "queries", "metric", "full"], tune]

    assert run(*arguments, "--headlines").exit_code == 0
    headlines = page.read_text(encoding="utf-8")
    assert "### Ablation" not in headlines
    assert cells(headlines)[0][4:] == ["dense, plain", "full, plain", f"last − {BASELINE}"]
    assert run(*arguments, "--ablation").exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "### Ablation" in text
    # What is measured with fewer rankings has the same figures.
    assert text.startswith(headlines.partition("### Silence")[0])
    names = [row[0] for row in cells(text.partition("### Ablation")[2])]
    assert names == ["ranking", *(way.name for way in rankings() if way.encoder == "plain")]


def test_two_runs_are_compared(needs: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.run", tmp_path / "second.run"
    first.write_text("q1 Q0 gants 1 2 a\nq1 Q0 avel 2 1 a\n")
    second.write_text("q1 Q0 avel 1 2 b\nq1 Q0 gants 2 1 b\nq2 Q0 gants 1 1 b\n")
    # Nothing is searched, so that no base is needed.
    result = run(needs, "--compare", first, second, "--by", "all", "--per-query")
    assert result.exit_code == 0, result.stderr
    rows = {row[0]: row for row in table(result.stdout)}
    assert rows["MRR"][1].startswith("0.500 ")
    assert rows["MRR"][2].startswith("0.750 ")
    assert rows["MRR"][3].startswith("+0.250 [-0.500, +1.000]")
    assert rows["MRR"][4] == "1.000"
    printed = json.loads(run(needs, "--compare", first, second, "--json").stdout)
    figures = {(row["ranking"], row["part"]): row for row in printed[0]["figures"]}
    assert figures[str(second), ""]["differences"]["MRR"]["value"] == 0.25
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
        figure: float = json.loads(result.stdout)[0]["queries"]["full"]["q1"]["MRR"]
        return figure

    assert best() == 1.0
    assert best("passages.lexical=-9", "passages.overlap=0") < 1.0


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
