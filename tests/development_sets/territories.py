"""Territories: real organisations that describe themselves, and needs as people type them.

Each was written and judged by hands that had seen no search: the organisations are told from public
pages, the needs were written without them, and two readers graded each pair blind. *a* and *c* are
to choose by, *b* to measure. A grade is the sum of theirs (2: its ordinary work; 1: it could).
"""

import json
from pathlib import Path
from typing import Any

from tests.development_sets.built import Built, document, held, table

SPLIT_OF = {"a": "tune", "b": "test", "c": "tune"}

_ACTORS = ("id", "name", "lang", "place", "department", "activity_code", "text", "source")
_NEEDS = ("id", "lang", "wording", "novel", "kind", "text")


def territory(name: str) -> Built:
    """The set of a territory, `a` to `c`; needs that nobody meets are in its silence."""
    split = SPLIT_OF[name]
    corpus = [
        document(id_, title, text, lang=lang, place=place, department=dep, activity_code=code)
        for _, (id_, title, lang, place, dep, code, text, _) in table(
            _file(name, "actors"), _ACTORS
        )
    ]
    grades: dict[str, dict[str, int]] = {}
    judged = table(_file(name, "judgements"), ("need", "actor", "first", "second"))
    for _, (need, actor, first, second) in judged:
        grades.setdefault(need, {})[actor] = int(first) + int(second)
    silence: list[dict[str, Any]] = []
    built = Built(
        f"territory-{name}", {"title": f"Territory {name.upper()}"}, corpus, silence=silence
    )
    for _, (id_, lang, wording, novel, kind, text) in table(_file(name, "needs"), _NEEDS):
        about = {"lang": lang, "wording": wording, "novel": novel, "kind": kind, "split": split}
        right = grades.get(id_, {})
        if right and kind == "need":
            built.queries[id_] = {"_id": id_, "text": text, "metadata": about}
            built.qrels[split][id_] = right
        else:
            told = "unmeetable" if kind == "need" else kind
            silence.append({"_id": id_, "text": text, "metadata": {**about, "kind": told}})
    return built


def wordings(name: str, folder: Path) -> None:
    """Writes the wordings of needs of a territory into the folder of its set."""
    lines = [
        json.dumps(
            {
                "_id": f"{group}-{number}",
                "group": group,
                "text": text,
                "metadata": {"lang": lang, "split": SPLIT_OF[name]},
            },
            ensure_ascii=False,
        )
        for number, (group, lang, text) in table(_file(name, "wordings"), ("group", "lang", "text"))
    ]
    (folder / "wordings.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _file(name: str, what: str) -> Path:
    return held("territories", f"{name}-{what}.tsv")
