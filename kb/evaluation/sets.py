"""A development set: a folder with queries, documents, and right answers.

    set.json          optional: {"title", "leave_one_out", "elsewhere", "metrics", "by"}
    queries.jsonl     {"_id", "text", "metadata": {"lang", "split", "unheard", …}}
    qrels/tune.tsv    query id, corpus id, grade; likewise qrels/test.tsv
    corpus.jsonl      optional: {"_id", "title", "text", "metadata": {"lang", "department", …}}
    cases.jsonl       optional, with a corpus: cases in the project's own JSON of records
    silence.jsonl     optional: queries that nothing answers, each with its `metadata.split`; its
                      `metadata.kind` says why
    wordings.jsonl    optional: {"_id", "group", "text", "metadata": {"lang", "split"}}: what is
                      asked in several ways

A set without a corpus is asked of a knowledge base that is there already.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from kb.errors import FileError
from kb.evaluation.files import Qrels, SetQuery, read_items, read_qrels, read_queries, read_wordings
from kb.evaluation.metrics import METRICS
from kb.models import Actor, Case, Kind
from kb.store.record_json import record_from_json

COLUMNS = ("nDCG@10", "MAP", "P@3", "S@1")
ALL = "all"

_FROM_METADATA = {field.name for field in fields(Actor) if field.type in {str, "str"}} - {
    "id",
    "name",
    "description",
}


@dataclass(frozen=True, slots=True)
class DevelopmentSet:
    """A development set, read.

    With `leave_one_out`, each right answer is ranked without its own cases
    (`kb.evaluation.worlds`). Without `elsewhere`, the known conversions are left out: they are of
    firms of the set. `columns` are the metrics that the set is about, `by` what its queries are
    parted by: names of their metadata, commas between, or `ALL`. `actors` is None for a set without
    a corpus.
    """

    folder: Path
    title: str
    queries: tuple[SetQuery, ...]
    silence: tuple[SetQuery, ...] = ()
    actors: tuple[Actor, ...] | None = None
    cases: tuple[Case, ...] = ()
    leave_one_out: bool = False
    elsewhere: bool = True
    columns: tuple[str, ...] = COLUMNS
    by: str = "lang"
    wordings: tuple[SetQuery, ...] = ()

    @property
    def name(self) -> str:
        return self.folder.name

    def unanswerable(self, split: str) -> list[SetQuery]:
        return [query for query in self.silence if query.split == split]


@dataclass(frozen=True, slots=True)
class Judged:
    """The queries of one split of a set, and the documents relevant to each."""

    split: str
    queries: Sequence[SetQuery]
    qrels: Qrels


def read_set(folder: Path) -> DevelopmentSet:
    """Reads a set's folder; its qrels are read by `read_split`.

    Raises:
        FileError: a file is missing or a line of it cannot be read; names file and line.
    """
    about = _about(folder / "set.json")
    corpus, cases, silence, wordings = (
        path if (path := folder / f"{name}.jsonl").exists() else None
        for name in ("corpus", "cases", "silence", "wordings")
    )
    if cases and not corpus:
        raise FileError(f"{cases}: cases need a corpus.jsonl beside them, with their actors.")
    needed = "`id`, `title` and `participants`, each with its `role`"
    actors = read_items(corpus, _actor, "a document", "`_id` and `text`") if corpus else None
    queries = read_queries(folder / "queries.jsonl")
    check_by(about.get("by", ALL), queries, folder / "set.json")
    return DevelopmentSet(
        folder,
        about.get("title") or folder.resolve().name,
        queries,
        read_queries(silence) if silence else (),
        actors,
        read_items(cases, _case, "a case", needed) if cases else (),
        about.get("leave_one_out", False),
        about.get("elsewhere", True),
        tuple(about.get("metrics", COLUMNS)),
        about.get("by", "lang"),
        read_wordings(wordings) if wordings else (),
    )


def check_by(by: str, queries: Iterable[SetQuery], where: object) -> None:
    """Checks what queries are to be parted by.

    Raises:
        FileError: no query has such metadata.
    """
    if unknown := set(by.split(",")).difference([ALL], *(query.about for query in queries)):
        raise FileError(f"{where}: no query has {', '.join(sorted(unknown))} in its metadata.")


def read_split(dataset: DevelopmentSet, split: str, known: Collection[str] | None = None) -> Judged:
    """The judged queries of a split.

    A set with a `silence.jsonl` may have none: then there is no file of qrels.

    Raises:
        FileError: the qrels are missing or cannot be read, or name a query that the set lacks or
            an actor that is not among the `known`.
    """
    path = dataset.folder / "qrels" / f"{split}.tsv"
    if dataset.silence and not path.exists():
        return Judged(split, (), {})
    qrels = read_qrels(path)
    if not qrels:
        raise FileError(f"{path}: no row but the header; judge a query or delete the file.")
    queries = {query.id: query for query in dataset.queries}
    for query_id, grades in qrels.items():
        if query_id not in queries:
            raise FileError(f"{path}: no query {query_id!r} in queries.jsonl.")
        for record_id in grades:
            if known is not None and record_id not in known:
                where = "the knowledge base" if dataset.actors is None else "corpus.jsonl"
                raise FileError(
                    f"{path}: {record_id!r}, relevant to {query_id!r}, is not in {where}."
                )
    return Judged(split, [queries[id_] for id_ in qrels], qrels)


def answerable(dataset: DevelopmentSet, judged: Judged) -> list[SetQuery]:
    """Returns the answerable queries of the split.

    They are the judged queries, or else the queries whose metadata name the split.
    """
    if judged.queries:
        return list(judged.queries)
    return [query for query in dataset.queries if query.split == judged.split]


def _about(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        usable = (
            isinstance(about.get("title", ""), str)
            and isinstance(about.get("leave_one_out", False), bool)
            and isinstance(about.get("elsewhere", True), bool)
            and isinstance(about.get("by", ALL), str)
            and about.keys() <= {"title", "leave_one_out", "elsewhere", "metrics", "by"}
        )
        metrics = about.get("metrics", COLUMNS)
        usable = usable and len(metrics) > 0 and set(metrics) <= METRICS.keys()
    except (OSError, ValueError, AttributeError, TypeError):
        usable = False
    if not usable:
        raise FileError(
            f"{path}: expected JSON with `title` (text), `leave_one_out` and `elsewhere` (true or "
            f"false), `by` (text) and `metrics` (of {', '.join(METRICS)}), or some of them."
        )
    return about


def _actor(plain: Any) -> Actor:
    about = plain.get("metadata", {})
    texts: Any = {key: str(value) for key, value in about.items() if key in _FROM_METADATA}
    return Actor(
        str(plain["_id"]),
        # Without a title there is no name: an id in its place would be searched.
        str(plain.get("title", "")),
        str(plain["text"]),
        themes=tuple(map(str, about.get("themes", ()))),
        facts=MappingProxyType({}),
        **texts,
    )


def _case(plain: Any) -> Case:
    plain.setdefault("text", "")
    for part in plain.get("participants", ()):
        part.setdefault("name", "")
    return cast("Case", record_from_json(Kind.CASE, json.dumps(plain)))
