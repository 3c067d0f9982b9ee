"""The files of the field: queries, qrels (what is relevant to each query, and how much), runs.

Queries and qrels have BEIR's layout (Thakur et al. 2021): `queries.jsonl` with `_id`, `text` and
`metadata`, and `qrels/<split>.tsv` with a header and the columns query id, corpus id, grade. Runs
have TREC's: `query Q0 document rank score tag`, white space between.
"""

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from kb.errors import FileError
from kb.models import Actor, Case

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Mapping[str, float]]
"""For each query the score of each document, best first."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SetQuery:
    """A query. `unmatched` are the ids of the cases that raise nobody when it is asked.

    `about` has its metadata, by which tables can be made.
    """

    id: str
    text: str
    about: Mapping[str, str] = field(default_factory=dict)
    unmatched: frozenset[str] = frozenset()

    @property
    def lang(self) -> str:
        return self.about.get("lang", "")

    @property
    def split(self) -> str:
        return self.about.get("split", "")


Item = TypeVar("Item", SetQuery, Actor, Case)


def read_queries(path: Path) -> tuple[SetQuery, ...]:
    """The queries of a `queries.jsonl`; errors as `read_items`."""
    return read_items(path, _query, "a query", "`_id` and `text`")


def read_wordings(path: Path) -> tuple[SetQuery, ...]:
    """The queries of a `wordings.jsonl`, each with its `group`; errors as `read_items`."""
    return read_items(path, _wording, "a wording", "`_id`, `group` and `text`")


def _wording(plain: Any) -> SetQuery:
    plain.setdefault("metadata", {})["group"] = plain["group"]
    return _query(plain)


def _query(plain: Any) -> SetQuery:
    about = dict(plain.get("metadata", {}))
    unmatched = about.pop("unheard", [])
    if not isinstance(unmatched, list):
        raise TypeError
    # What is no text is named: `novel true`.
    said = {
        name: value if isinstance(value, str) else f"{name} {json.dumps(value)}"
        for name, value in about.items()
    }
    return SetQuery(str(plain["_id"]), str(plain["text"]), said, frozenset(map(str, unmatched)))


def read_items(path: Path, make: Callable[[Any], Item], what: str, needed: str) -> tuple[Item, ...]:
    """Yields the result of `make` for each line that is not empty, in order.

    Raises:
        FileError: as `read_json_lines`, or an id comes twice; names the line.
    """
    items: dict[str, Item] = {}
    for number, item in read_json_lines(path, make, what, needed):
        if item.id in items:
            raise FileError(f"{path}:{number}: the id {item.id!r} was there before.")
        items[item.id] = item
    return tuple(items.values())


def read_json_lines(
    path: Path, make: Callable[[Any], T], what: str, needed: str
) -> Iterator[tuple[int, T]]:
    """Yields the number of each line that is not empty, and the result of `make` for it.

    Raises:
        FileError: the file is missing, or a line is not such a thing; names the line.
    """
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            yield number, make(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise FileError(f"{path}:{number}: not {what}; expected JSON with {needed}.") from None


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """The qrels of a tab-separated file with a header line.

    Raises:
        FileError: the file is missing, or a row is not a query id, a corpus id and a grade.
    """
    qrels: dict[str, dict[str, int]] = {}
    for number, row in enumerate(csv.reader(_lines(path), delimiter="\t"), start=1):
        if number == 1 or not row:
            continue
        try:
            query_id, record_id, grade = row
            qrels.setdefault(query_id, {})[record_id] = int(grade)
        except ValueError:
            raise FileError(
                f"{path}:{number}: expected query id, corpus id and a whole number, tabs between."
            ) from None
    return qrels


def write_run(run: Run, path: Path, tag: str) -> None:
    """Writes a run as TREC does, so that whoever sorts it by score finds the order of the run.

    trec_eval reads scores in single precision and sorts equals by their names: of equals, the
    later is written a bit lower.

    Raises:
        FileError: an id has white space in it, or the file cannot be written.
    """
    lines = []
    for query_id, ranking in run.items():
        before = np.float32(np.inf)
        for rank, (record_id, exact) in enumerate(ranking.items(), start=1):
            for id_ in (query_id, record_id, tag):
                if not id_ or len(id_.split()) != 1:
                    raise FileError(f"{id_!r} cannot stand in a run file: it needs one word.")
            score = min(np.float32(exact), np.nextafter(before, np.float32(-np.inf)))
            lines.append(f"{query_id} Q0 {record_id} {rank} {float(score)!r} {tag}\n")
            before = score
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.") from None


def read_run(path: Path) -> dict[str, dict[str, float]]:
    """The run of a TREC run file, read as trec_eval does.

    By score, equals by their ids from the last to the first; the column of ranks is ignored.

    Raises:
        FileError: the file is missing, a row is not one of a run, or a document comes twice.
    """
    run: dict[str, dict[str, float]] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            query_id, _, record_id, _, score, _ = line.split()
            value = float(score)
        except ValueError:
            value = math.nan
        if math.isnan(value):
            raise FileError(
                f"{path}:{number}: expected six columns: query Q0 document rank score tag."
            )
        if record_id in run.setdefault(query_id, {}):
            raise FileError(f"{path}:{number}: {record_id!r} comes twice for {query_id!r}.")
        run[query_id][record_id] = value
    return {
        query_id: dict(sorted(ranking.items(), key=lambda pair: (pair[1], pair[0]), reverse=True))
        for query_id, ranking in run.items()
    }


def _lines(path: Path) -> list[str]:
    """The lines of a file; not `splitlines`, which parts at characters that a text may hold."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FileError(f"{path} cannot be read: it is not in UTF-8.") from None
    return text.split("\n")
