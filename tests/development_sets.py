"""Builds the development sets from the data that they are made of: see docs/evaluation.md.

    python -m tests.development_sets [--data DIR] --out build/development

What the project holds (tests/data/development) is always built. With `--data`, so are the sets
that are made of `firms.tsv`, `repurposing.tsv` and the open nomenclatures, which may be in
`DIR/open`.
"""

import argparse
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb.adaptation.nomenclatures import (
    read_cn_products,
    read_nace_classes,
    read_nace_items,
    split_of,
)
from kb.errors import FileError, QuisaitError
from kb.search.query import MAX_QUERY_CHARS
from kb.text.analysis import words
from kb.text.folding import fold

HELD = Path(__file__).parent / "data" / "development"
SPLITS = ("tune", "test")

DIRECTIONS = (("fr", "fr"), ("en", "fr"), ("fr", "en"))
"""The language of the query and that of what is asked."""

ITEMS_PER_HEADING = 4

_STUB_ENDS = frozenset(
    "que de des du d' la le les l' et ou à au aux en par pour sur dans avec comme types suivant "
    "suivants suivante suivantes as of for to in on by with and or the including following e.g. "
    "not : ; ,".split()
)
"""With these an item ends that only opens a list: "la culture de céréales telles que"."""

_EXCLUSION = re.compile(
    r"\((?:à l[’']excl|excl|sauf|hors|autres? que|other than)\b[^()]*(?:\([^()]*\)[^()]*)*\)"
)
_SIGNS = re.compile(r"[\"«»“”]|(?<!\S)[+\-−](?=\S)")
"""What steers a search when it is typed, and is only punctuation in a nomenclature."""


@dataclass(slots=True)
class Built:
    """A set as it is being made: queries by id, and for each split what is relevant to each."""

    name: str
    about: Mapping[str, Any]
    corpus: Sequence[Mapping[str, Any]] = ()
    cases: Sequence[Mapping[str, Any]] = ()
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
        counts = []
        for split, qrels in self.qrels.items():
            rows = [
                f"{query_id}\t{record_id}\t{grade}\n"
                for query_id, grades in qrels.items()
                for record_id, grade in grades.items()
            ]
            text = "".join(["query-id\tcorpus-id\tscore\n", *rows])
            (folder / "qrels" / f"{split}.tsv").write_text(text, encoding="utf-8")
            counts.append(f"{len(qrels)} queries to {split}")
        told = f"{self.name}: {', '.join(counts)}"
        if self.corpus:
            told += f"; {len(self.corpus)} records"
        return told + (f", {len(self.cases)} cases" if self.cases else "")


def build(data: Path | None, out: Path) -> Iterator[str]:
    """Builds the sets; yields a line for each.

    Raises:
        FileError: a file is missing or a row of it cannot be read.
    """
    sets = [known_items()]
    if data is not None:
        open_data = data / "open" if (data / "open").is_dir() else data
        sets += [
            repurposing(data, unseen=False),
            repurposing(data, unseen=True),
            *(nace(open_data, asked, told) for asked, told in DIRECTIONS),
            products(open_data),
        ]
    for one in sets:
        yield one.write(out)


def known_items() -> Built:
    """Actors looked for by name, on the demonstration base."""
    built = Built(
        "known-items",
        {"title": "Known items", "metrics": ["S@1", "S@3", "MRR", "R@10"], "by": "group"},
    )
    columns = ("query", "actor_id", "kind", "split")
    for number, (text, actor_id, kind, split) in _table(HELD / "known-items.tsv", columns):
        built.add(f"known{number:03}", text, split, [actor_id], lang="fr", group=kind)
    return built


def repurposing(data: Path, *, unseen: bool) -> Built:
    """Who answered four needs in 2020, by trades of before; each case raises others only.

    With `unseen`, no case of the need that is asked is matched: what other cases must not spoil.
    """
    columns = ("id", "name", "place", "department", "region", "trade", "source_url")
    firms = {row[0]: row for _, row in _table(data / "firms.tsv", columns)}
    built = Built(
        "repurposing-unseen" if unseen else "repurposing",
        {
            "title": "Repurposing, no case of the need" if unseen else "Repurposing",
            "leave_one_out": True,
        },
        [
            _document(id_, name, trade, lang="fr", place=place, department=department)
            for id_, name, place, department, _, trade, _ in firms.values()
        ],
    )
    answers: dict[str, list[str]] = {}
    path = data / "repurposing.tsv"
    for number, (firm_id, _, _, need, _, _) in _table(
        path, ("firm_id", "firm", "new_product", "need", "role", "source_url")
    ):
        _check_known(path, number, firm_id, firms)
        answers.setdefault(need, []).append(firm_id)
    cases: list[Mapping[str, Any]] = []
    of_need: dict[str, list[str]] = {}
    path = HELD / "repurposing" / "cases.tsv"
    names = "firm_id need need_fr need_en contribution_fr contribution_en role".split()
    for number, row in _table(path, names):
        firm_id, need, need_fr, need_en, contribution_fr, contribution_en, role = row
        _check_known(path, number, firm_id, firms)
        original, firm = f"case-{firm_id}", firms[firm_id][1]
        for id_, lang, asked, contribution in (
            (original, "fr", need_fr, contribution_fr),
            (f"{original}-en", "en", need_en, contribution_en),
        ):
            cases.append(
                {
                    "id": id_,
                    "title": asked,
                    "need": asked,
                    "text": f"{firm} : {contribution}.",
                    "lang": lang,
                    "translation_of": "" if lang == "fr" else original,
                    "participants": [
                        {
                            "name": firm,
                            "actor_id": firm_id,
                            "role": role,
                            "contribution": contribution,
                        }
                    ],
                }
            )
            of_need.setdefault(need, []).append(id_)
    built.cases = cases
    path = HELD / "repurposing" / "needs.tsv"
    for number, (need, lang, text, split) in _table(path, ("need", "lang", "text", "split")):
        if need not in answers:
            raise FileError(f"{path}:{number}: no firm of repurposing.tsv answers {need!r}.")
        unheard = {"unheard": of_need.get(need, [])} if unseen else {}
        built.add(
            f"{need}-{lang}-{number:02}",
            text,
            split,
            answers[need],
            lang=lang,
            group=need,
            **unheard,
        )
    return built


def nace(folder: Path, asked: str, told: str) -> Built:
    """Items of the explanatory notes of NACE, in one language, to class labels in another."""
    classes = read_nace_classes(folder)
    built = Built(
        f"nace-{asked}-{told}",
        {"title": f"NACE, {asked} → {told}"},
        [_document(one.code, "", one.labels[told], lang=told) for one in classes],
    )
    labels = {fold(one.labels[asked]) for one in classes}
    codes = {one.code for one in classes}
    for number, item in enumerate(read_nace_items(folder), start=2):
        text = _plain(item.text)
        if (
            item.lang == asked
            and item.kind in {"includes", "sub"}
            and item.split in SPLITS
            and item.code in codes
            and fold(text) not in labels
            and _says_something(text)
        ):
            built.add(
                f"{item.code}-{asked}-{number}",
                text,
                item.split,
                [item.code],
                lang=asked,
                group=f"{asked}→{told}",
            )
    return built


def products(folder: Path) -> Built:
    """Goods of the Combined Nomenclature, in French and English, to French labels of NACE."""
    classes = read_nace_classes(folder)
    built = Built(
        "products",
        {"title": "Products → NACE", "by": "both"},
        [_document(one.code, "", one.labels["fr"], lang="fr") for one in classes],
    )
    codes = {one.code for one in classes}
    makers: dict[str, list[str]] = {}
    path = HELD / "products.tsv"
    for number, (heading, code) in _table(path, ("heading", "nace")):
        _check_known(path, number, code, codes)
        makers.setdefault(heading, []).append(code)
    # Which of a heading's are taken is chance, and the same each time.
    goods = sorted(read_cn_products(folder), key=lambda one: _digest(one.code))
    taken: dict[tuple[str, str], set[str]] = {}
    for one in goods:
        if one.heading not in makers or one.split not in SPLITS:
            continue
        seen = all(split_of(code) == "train" for code in makers[one.heading])
        for lang in ("fr", "en"):
            text = _plain(_EXCLUSION.sub("", one.labels[lang]))
            texts = taken.setdefault((one.heading, lang), set())
            if len(texts) >= ITEMS_PER_HEADING or fold(text) in texts or not _says_something(text):
                continue
            texts.add(fold(text))
            built.add(
                f"{one.code}-{lang}",
                text,
                one.split,
                makers[one.heading],
                lang=lang,
                group="class seen" if seen else "class unseen",
            )
    return built


def _document(id_: str, title: str, text: str, **metadata: str) -> dict[str, Any]:
    return {"_id": id_, "title": title, "text": text, "metadata": metadata}


def _plain(text: str) -> str:
    return " ".join(_SIGNS.sub(" ", text).split()).replace(" ,", ",")


def _says_something(text: str) -> bool:
    """Whether a text can be asked: more than a word, not the opening of a list, not too long."""
    if len(text) > MAX_QUERY_CHARS or text.endswith(":"):
        return False
    return len(list(words(text))) > 1 and text.rsplit(maxsplit=1)[-1].casefold() not in _STUB_ENDS


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _check_known(path: Path, number: int, id_: str, known: Iterable[str]) -> None:
    if id_ not in known:
        raise FileError(f"{path}:{number}: {id_!r} is not known.")


def _table(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
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


def _write_lines(path: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in objects]
    path.write_text("".join(lines), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the development sets.")
    parser.add_argument("--data", type=Path, help="firms.tsv, repurposing.tsv and nomenclatures")
    parser.add_argument("--out", type=Path, required=True, help="where the sets are written")
    given = parser.parse_args(arguments)
    try:
        for line in build(given.data, given.out):
            print(line)
    except (QuisaitError, OSError) as error:
        print(f"development_sets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
