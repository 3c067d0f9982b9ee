"""A development set as it is being made, and the tables that sets are made of."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb.errors import FileError

HELD = Path(__file__).parents[1] / "data" / "development"
SPLITS = ("tune", "test")


@dataclass(slots=True)
class Built:
    """A set as it is being made: queries by id, and for each split what is relevant to each.

    `silence` are the queries that nothing answers.
    """

    name: str
    about: Mapping[str, Any]
    corpus: Sequence[Mapping[str, Any]] = ()
    cases: Sequence[Mapping[str, Any]] = ()
    silence: Sequence[Mapping[str, Any]] = ()
    queries: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    qrels: dict[str, dict[str, dict[str, int]]] = field(
        default_factory=lambda: {split: {} for split in SPLITS}
    )
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(
        self, id_: str, text: str, split: str, relevant: Iterable[str], **metadata: Any
    ) -> None:
        """Adds a query; a text that was there before in the split has one more answer.

        A text that is in the other split already is left out: it would be of both.
        """
        key = (str(metadata.get("lang", "")), text.casefold())
        known = self._ids.setdefault(key, id_)
        if known == id_:
            self.queries[id_] = {"_id": id_, "text": text, "metadata": metadata}
        elif known not in self.qrels[split]:
            return
        self.qrels[split].setdefault(known, {}).update(dict.fromkeys(relevant, 1))

    def write(self, out: Path) -> str:
        """Writes the set's folder, in the place of one of its name; says what it holds."""
        folder = out / self.name
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "qrels").mkdir(parents=True)
        (folder / "set.json").write_text(
            json.dumps(self.about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
        _write_lines(folder / "queries.jsonl", self.queries.values())
        if self.corpus:
            _write_lines(folder / "corpus.jsonl", self.corpus)
        if self.cases:
            _write_lines(folder / "cases.jsonl", self.cases)
        if self.silence:
            _write_lines(folder / "silence.jsonl", self.silence)
        counts = []
        for split, qrels in self.qrels.items():
            if self.silence and not qrels:
                # Beside unanswerable queries, answerable ones need no judgement.
                continue
            rows = [
                f"{query_id}\t{record_id}\t{grade}\n"
                for query_id, grades in qrels.items()
                for record_id, grade in grades.items()
            ]
            text = "".join(["query-id\tcorpus-id\tscore\n", *rows])
            (folder / "qrels" / f"{split}.tsv").write_text(text, encoding="utf-8")
            counts.append(f"{len(qrels)} queries to {split}")
        if self.silence:
            counts.append(f"{len(self.silence)} without an answer")
        told = f"{self.name}: {', '.join(counts)}"
        if self.corpus:
            told += f"; {len(self.corpus)} records"
        return told + (f", {len(self.cases)} cases" if self.cases else "")


def document(id_: str, title: str, text: str, **metadata: str) -> dict[str, Any]:
    return {"_id": id_, "title": title, "text": text, "metadata": metadata}


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_known(path: Path, number: int, id_: str, known: Iterable[str]) -> None:
    if id_ not in known:
        raise FileError(f"{path}:{number}: {id_!r} is not known.")


def table(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows after the header of a tab-separated file, with their numbers."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise FileError(f"{path} cannot be read: no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read: {error}.") from None
    if lines[0].rstrip("\r").split("\t") != list(columns):
        raise FileError(f"{path}:1: the columns should be {', '.join(columns)}, tabs between.")
    for number, line in enumerate(lines[1:], start=2):
        row = [cell.strip() for cell in line.split("\t")]
        if row == [""]:
            continue
        if len(row) != len(columns):
            raise FileError(f"{path}:{number}: {len(row)} columns, {len(columns)} expected.")
        if "split" in columns and row[list(columns).index("split")] not in SPLITS:
            raise FileError(f"{path}:{number}: the split should be tune or test.")
        yield number, row


def held(*names: str) -> Path:
    """A file of what the project holds, by the names of its folders and its own."""
    return HELD.joinpath(*names)


def _write_lines(path: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in objects]
    path.write_text("".join(lines), encoding="utf-8")
