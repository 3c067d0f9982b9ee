from collections.abc import Callable
from pathlib import Path

import pytest

from kb.errors import FileError
from kb.evaluation.sets import (
    COLUMNS,
    answerable,
    read_qrels,
    read_queries,
    read_set,
    read_split,
)
from kb.models import Participation
from kb.reference.roles import Role

CORPUS = (
    '{"_id": "20.42", "title": "", "text": "Fabrication de parfums", "metadata": {"lang": "fr",'
    ' "activity_code": "20.42", "department": "16", "source": "elsewhere"}}\n'
    '{"_id": "gants", "title": "Agnelle", "text": "gants de cuir"}\n'
)
CASE = (
    '{"id": "c1", "title": "Des gants", "need": "protéger les mains", "lang": "fr",'
    ' "participants": [{"actor_id": "gants", "role": "producer", "contribution": "les coud"}]}\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set with all that one may have."""
    folder = tmp_path / "trades"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(CORPUS, encoding="utf-8")
    (folder / "cases.jsonl").write_text(CASE, encoding="utf-8")
    (folder / "queries.jsonl").write_text(
        '{"_id": "q1", "text": "parfum", "metadata": {"lang": "fr", "split": "tune"}}\n'
        '{"_id": "q2", "text": "gants", "metadata": {"lang": "fr", "split": "test"}}\n'
    )
    (folder / "qrels" / "tune.tsv").write_text("q\tc\ts\nq1\t20.42\t1\n")
    (folder / "silence.jsonl").write_text(
        '{"_id": "s1", "text": "piano", "metadata": {"lang": "fr", "split": "tune"}}\n'
    )
    (folder / "set.json").write_text(
        '{"title": "Trades", "leave_one_out": true, "metrics": ["MRR", "S@1"], "by": "lang,split"}'
    )
    return folder


def test_a_set_is_read_whole(folder: Path) -> None:
    given = read_set(folder)
    assert (given.name, given.title, given.leave_one_out) == ("trades", "Trades", True)
    assert (given.columns, given.by) == (("MRR", "S@1"), "lang,split")
    assert given.actors
    perfume, gloves = given.actors
    # An id in the place of a name would be searched.
    assert (perfume.id, perfume.name, perfume.description) == (
        "20.42",
        "",
        "Fabrication de parfums",
    )
    assert (perfume.activity_code, perfume.department, perfume.lang) == ("20.42", "16", "fr")
    assert (gloves.name, gloves.lang) == ("Agnelle", "fr")
    (case,) = given.cases
    assert (case.need, case.text) == ("protéger les mains", "")
    assert case.participants == (Participation("", Role.PRODUCER, "gants", "les coud"),)
    judged = read_split(given, "tune", {"20.42", "gants"})
    assert [query.id for query in judged.queries] == ["q1"]
    assert answerable(given, judged) == list(judged.queries)
    # Beside unanswerable queries, answerable ones need no judgement.
    unjudged = read_split(given, "test", {"20.42", "gants"})
    assert [query.id for query in answerable(given, unjudged)] == ["q2"]
    (folder / "set.json").unlink()
    plain = read_set(folder)
    assert (plain.title, plain.leave_one_out) == ("trades", False)
    assert (plain.columns, plain.by) == (COLUMNS, "lang")


def _written(name: str, content: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_written("set.json", '{"titel": "x"}'), r"set\.json: expected JSON with `title`"),
        (_written("set.json", '{"metrics": ["P@5"]}'), r"set\.json: expected JSON"),
        (_written("set.json", '{"metrics": []}'), r"set\.json: expected JSON"),
        (_written("set.json", '{"by": ["lang"]}'), r"set\.json: expected JSON"),
        (_written("set.json", '{"by": "lang,trade"}'), r"set\.json: no query has trade in its"),
        (_written("set.json", "["), r"set\.json: expected JSON"),
        (_written("corpus.jsonl", CORPUS + '{"_id": "x"}'), r"corpus\.jsonl:3: not a document"),
        (_written("corpus.jsonl", CORPUS + CORPUS), r"corpus\.jsonl:3: the id '20\.42' was"),
        (_written("cases.jsonl", '{"id": "c"}'), r"cases\.jsonl:1: not a case"),
        (_written("cases.jsonl", CASE + CASE), r"cases\.jsonl:2: the id 'c1' was"),
        (_written("cases.jsonl", CASE.replace("producer", "king")), r"cases\.jsonl:1: not a case"),
        (lambda folder: (folder / "corpus.jsonl").unlink(), r"cases need a corpus\.jsonl"),
        (lambda folder: (folder / "queries.jsonl").unlink(), r"queries\.jsonl cannot be read"),
        (_written("qrels/tune.tsv", "q\tc\ts\n"), r"tune\.tsv: no row but the header"),
        (_written("qrels/tune.tsv", "q\tc\ts\nq9\tgants\t1\n"), r"tune\.tsv: no query 'q9'"),
        (_written("qrels/tune.tsv", "q\tc\ts\nq1\tno\t1\n"), r"tune\.tsv: 'no', .*corpus\.jsonl"),
    ],
)
def test_what_cannot_be_read_is_named(
    folder: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(folder)
    with pytest.raises(FileError, match=message) as refusal:
        read_split(read_set(folder), "tune", {"20.42", "gants"})
    assert "\n" not in str(refusal.value)


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
