from pathlib import Path

import ir_measures
import pytest

from kb.errors import FileError
from kb.evaluation.files import read_qrels, read_queries, read_run, write_run


def test_files_in_beir_layout(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text(
        '{"_id": "q1", "text": "gants", "metadata": {"lang": "fr", "wording": "word",'
        ' "novel": true, "unheard": ["c1", "c2"]}}\n\n{"_id": 2, "text": "x"}\n',
        encoding="utf-8",
    )
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t2\nq1\tb\t0\n")
    first, second = read_queries(tmp_path / "queries.jsonl")
    assert (first.id, first.text, first.lang) == ("q1", "gants", "fr")
    # What is no text is said with its name, so that a table can be called by it.
    assert first.about == {"lang": "fr", "wording": "word", "novel": "novel true"}
    assert first.unmatched == {"c1", "c2"}
    assert (second.id, second.lang, second.split, second.unmatched) == ("2", "", "", frozenset())
    assert read_qrels(tmp_path / "qrels.tsv") == {"q1": {"a": 2, "b": 0}}


@pytest.mark.parametrize(
    "content",
    ["{", '{"text": "x"}', "[]", '{"_id": "r", "text": "t", "metadata": {"unheard": "c1"}}'],
)
def test_a_line_that_is_no_query_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"_id": "q", "text": "t"}\n' + content)
    with pytest.raises(FileError, match=r"queries\.jsonl:2: not a query"):
        read_queries(path)


def test_a_run_is_read_back_in_its_order(tmp_path: Path) -> None:
    # Equals, and scores that are equal in single precision only, keep their places.
    run = {"q1": {"b": 2.0, "a": 2.0, "c": 2.0 - 1e-12, "d": -1.5}, "q2": {"é": 0.1}}
    write_run(run, tmp_path / "runs" / "one.run", "one")
    lines = (tmp_path / "runs" / "one.run").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "q1 Q0 b 1 2.0 one"
    assert lines[3] == "q1 Q0 d 4 -1.5 one"
    again = read_run(tmp_path / "runs" / "one.run")
    assert {id_: list(ranking) for id_, ranking in again.items()} == {
        "q1": ["b", "a", "c", "d"],
        "q2": ["é"],
    }
    theirs = ir_measures.calc_aggregate(
        [ir_measures.RR],
        {"q1": {"a": 1}},
        ir_measures.read_trec_run(str(tmp_path / "runs" / "one.run")),
    )
    assert theirs[ir_measures.RR] == 0.5
