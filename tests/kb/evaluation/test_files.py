from pathlib import Path

import ir_measures
import pytest

from kb.errors import FileError
from kb.evaluation.files import read_qrels, read_queries, read_run, read_wordings, write_run


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


def test_wordings_have_a_group(tmp_path: Path) -> None:
    path = tmp_path / "wordings.jsonl"
    path.write_text(
        '{"_id": "w1", "group": "g", "text": "gants", "metadata": {"split": "test"}}\n'
        '{"_id": "w2", "group": "g", "text": "qui fait des gants ?"}\n'
    )
    assert [(one.id, one.about["group"], one.split) for one in read_wordings(path)] == [
        ("w1", "g", "test"),
        ("w2", "g", ""),
    ]
    path.write_text('{"_id": "w1", "text": "gants"}\n')
    with pytest.raises(FileError, match=r"wordings\.jsonl:1: not a wording; expected .*`group`"):
        read_wordings(path)


def test_a_query_that_comes_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"_id": "q", "text": "t"}\n{"_id": "q", "text": "u"}\n')
    with pytest.raises(FileError, match=r"queries\.jsonl:2: the id 'q' was there before"):
        read_queries(path)


def test_a_row_that_is_no_judgement_is_named(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text("query-id\tcorpus-id\tscore\nq\ta\tgood\n")
    with pytest.raises(FileError, match=r"qrels\.tsv:2: expected"):
        read_qrels(path)
    with pytest.raises(FileError, match="cannot be read"):
        read_qrels(tmp_path / "missing.tsv")
    path.write_bytes(b"query-id\tcorpus-id\tscore\nq\t\xe9\t1\n")
    with pytest.raises(FileError, match="not in UTF-8"):
        read_qrels(path)


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


def test_an_id_that_a_run_file_cannot_hold_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="'a b' cannot stand in a run file"):
        write_run({"q": {"a b": 1.0}}, tmp_path / "x.run", "x")


def test_a_run_is_read_by_score_and_equals_by_id(tmp_path: Path) -> None:
    path = tmp_path / "x.run"
    path.write_text("q Q0 a 1 1 x\nq Q0 b 2 1 x\nq Q0 c 3 7 x\n")
    assert list(read_run(path)["q"]) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("q Q0 a 1 1", "six columns"),
        ("q Q0 a 1 high x", "six columns"),
        ("q Q0 a 1 nan x", "six columns"),
        ("q Q0 b 2 1 x", "'b' comes twice for 'q'"),
    ],
)
def test_a_row_that_is_none_of_a_run_is_named(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "x.run"
    path.write_text(f"q Q0 b 1 2 x\n{row}\n")
    with pytest.raises(FileError, match=rf"x\.run:2: .*{message}"):
        read_run(path)
