"""The development data is well formed: see tests/data/development/README.md."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests/data/development"
SILENCE = DATA / "silence"
SPLITS = {"tune", "test"}


def table(path: Path, delimiter: str = "\t") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=delimiter, strict=True))
    for row in rows:
        assert None not in row, f"{path.name}: too many columns: {row}"
        for column, value in row.items():
            assert isinstance(value, str), f"{path.name}: too few columns: {row}"
            assert value == value.strip(), f"{path.name}: {column}: {value!r}"
    return rows


def actors() -> dict[str, str]:
    return {row["id"]: row["name"] for row in table(ROOT / "ingest/demo/actors.csv", ",")}


class Need(NamedTuple):
    id: str
    text: str
    lang: str
    split: str


def written(name: str) -> list[Need]:
    needs = []
    for line in (SILENCE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        given = json.loads(line)
        assert given.keys() == {"_id", "text", "metadata"}
        assert given["metadata"].keys() == {"lang", "split"}
        about = given["metadata"]
        needs.append(Need(given["_id"], given["text"], about["lang"], about["split"]))
    return needs


@pytest.mark.parametrize("name", ["queries", "silence"])
def test_both_halves_and_languages_of_the_needs_are_there(name: str) -> None:
    count = Counter((query.lang, query.split) for query in written(name))
    assert count.keys() == {(lang, split) for lang in ("fr", "en") for split in SPLITS}
    assert min(count.values()) >= 20
    assert max(count.values()) - min(count.values()) <= 1


def test_no_need_is_written_twice() -> None:
    earlier = [
        json.loads(line)["text"]
        for name in ("queries", "silence")
        for line in (ROOT / f"tests/data/demo-needs/{name}.jsonl")
        .read_text(encoding="utf-8")
        .splitlines()
    ]
    here = written("queries") + written("silence")
    texts = Counter(text.lower() for text in [*earlier, *(query.text for query in here)])
    assert not [text for text, count in texts.items() if count > 1]
    assert len({query.id for query in here}) == len(here)


def test_every_answerable_need_is_judged_in_its_half_and_no_other() -> None:
    known = actors()
    queries = {query.id: query.split for query in written("queries")}
    judged: dict[str, str] = {}
    for split in sorted(SPLITS):
        pairs = table(SILENCE / f"qrels/{split}.tsv")
        assert list(pairs[0]) == ["query-id", "corpus-id", "score"]
        assert len({(p["query-id"], p["corpus-id"]) for p in pairs}) == len(pairs)
        best: dict[str, str] = {}
        for pair in pairs:
            assert pair["corpus-id"] in known, pair
            assert pair["score"] in {"1", "2"}, pair
            best[pair["query-id"]] = max(pair["score"], best.get(pair["query-id"], ""))
        assert set(best.values()) == {"2"}, split
        assert not best.keys() & judged.keys()
        judged |= dict.fromkeys(best, split)
    assert judged == queries


def test_known_items_name_every_actor_and_none_doubtfully() -> None:
    known = actors()
    rows = table(DATA / "known-items.tsv")
    assert list(rows[0]) == ["query", "actor_id", "kind", "split"]
    assert len({row["query"].lower() for row in rows}) == len(rows)
    assert {row["actor_id"] for row in rows} <= known.keys()
    kinds = Counter(row["kind"] for row in rows)
    assert kinds.keys() == {"exact", "misspelt", "elided", "reworded", "partial"}
    assert kinds.total() - kinds["exact"] >= 160
    exact = {row["actor_id"]: row["query"] for row in rows if row["kind"] == "exact"}
    assert exact == known
    for number, row in enumerate(rows, start=1):
        assert row["split"] == ("tune" if number % 2 else "test"), row
    assert {(row["kind"], row["split"]) for row in rows} == {
        (kind, split) for kind in kinds for split in SPLITS
    }
