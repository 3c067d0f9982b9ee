"""Firms of many countries and years, their ordinary trades, and what they came to make or supply.

The firms are those of `conversions.tsv`, and those of public pages that the project tells in its
own words (`tests/data/development/more-conversions/firms.tsv`). Which need each of them met, and
how people word that need, is written by hand beside these.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from kb.errors import FileError
from tests.development_sets.built import Built, document, held, table

COLUMNS = (
    "id",
    "firm",
    "place",
    "country",
    "ordinary_trade_fr",
    "ordinary_trade_en",
    "new_product_fr",
    "new_product_en",
    "role",
    "year",
    "source_site",
)

ROLES = {
    "made": "producer",
    "supplied": "supplier",
    "repackaged": "repackager",
    "transported": "carrier",
}
"""The project's role for what a firm did, as the table says it."""


def conversions(data: Path, *, lang: str = "fr", unseen: bool = False) -> Built:
    """The conversions of `conversions.tsv`, with the trades in a language."""
    return _built("conversions", data / "conversions.tsv", "Conversions", lang, unseen)


def more_conversions(*, lang: str = "fr", unseen: bool = False) -> Built:
    """Conversions that the project tells, with the trades in a language."""
    path = held("more-conversions", "firms.tsv")
    return _built("more-conversions", path, "More conversions", lang, unseen)


def _built(folder: str, firms: Path, title: str, lang: str, unseen: bool) -> Built:
    """The set of a table of firms; each firm is ranked without its own cases.

    Names are left out: they would tell more of some firms than their trades do. With `unseen`, no
    case of the need that is asked is matched.
    """
    rows = _rows(firms)
    needs_of = _needs_of(rows, folder, firms.name)
    name = folder if lang == "fr" else f"{folder}-{lang}"
    if lang != "fr":
        title += ", English trades"
    built = Built(
        f"{name}-unseen" if unseen else name,
        {
            "title": f"{title}, no case of the need" if unseen else title,
            "leave_one_out": True,
            # These firms are known conversions themselves.
            **({"elsewhere": False} if folder == "more-conversions" else {}),
            "by": "lang,group",
        },
    )
    firm_of = _firms(rows)
    built.corpus = [
        document(id_, "", row[f"ordinary_trade_{lang}"], lang=lang)
        for id_, row in rows.items()
        if firm_of[id_] == id_
    ]
    built.cases = [case for id_, row in rows.items() for case in _editions(row, firm_of[id_])]
    rows_of: dict[str, list[str]] = {}
    for id_, needs in needs_of.items():
        for need in needs:
            rows_of.setdefault(need, []).append(id_)
    path = held(folder, "needs.tsv")
    for number, (need, asked_in, text, split) in table(path, ("need", "lang", "text", "split")):
        if need not in rows_of:
            raise FileError(f"{path}:{number}: no firm of {firms.name} answers {need!r}.")
        who = dict.fromkeys(firm_of[id_] for id_ in rows_of[need])
        unheard = [case for id_ in rows_of[need] for case in (f"case-{id_}", f"case-{id_}-en")]
        built.add(
            f"{need}-{asked_in}-{number:03}",
            text,
            split,
            who,
            lang=asked_in,
            group="with example" if len(who) > 1 else "no example",
            **({"unheard": unheard} if unseen else {}),
        )
    return built


def _rows(path: Path) -> dict[str, Mapping[str, str]]:
    rows: dict[str, Mapping[str, str]] = {}
    for number, cells in table(path, COLUMNS):
        row = dict(zip(COLUMNS, cells, strict=True))
        if row["role"] not in ROLES:
            raise FileError(f"{path}:{number}: the role {row['role']!r} is not known.")
        rows[row["id"]] = row
    return rows


def _firms(rows: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The id of the firm of each row: a firm that converted twice has the id of its first row."""
    first: dict[tuple[str, str], str] = {}
    return {id_: first.setdefault((row["firm"], row["place"]), id_) for id_, row in rows.items()}


def _needs_of(rows: Collection[str], folder: str, firms: str) -> dict[str, list[str]]:
    """The needs that each row met, by its id.

    Raises:
        FileError: a row has no need, or a need is of a row that is not there.
    """
    path = held(folder, "rows.tsv")
    needs: dict[str, list[str]] = {}
    for number, (id_, need) in table(path, ("id", "need")):
        if id_ not in rows:
            raise FileError(f"{path}:{number}: {id_!r} is not in {firms}.")
        needs.setdefault(id_, []).append(need)
    for id_ in rows:
        if id_ not in needs:
            raise FileError(f"{path}: the row {id_!r} of {firms} has no need.")
    return needs


def _editions(row: Mapping[str, str], firm_id: str) -> Sequence[Mapping[str, Any]]:
    """The case of a row in French, and its English translation."""
    original = f"case-{row['id']}"
    return [
        {
            "id": original if lang == "fr" else f"{original}-{lang}",
            "title": row[f"new_product_{lang}"],
            "need": row[f"new_product_{lang}"],
            "text": f"{row[f'new_product_{lang}']}.",
            "lang": lang,
            "translation_of": "" if lang == "fr" else original,
            "participants": [
                {
                    "name": "",
                    "actor_id": firm_id,
                    "role": ROLES[row["role"]],
                    "contribution": row[f"new_product_{lang}"],
                }
            ],
        }
        for lang in ("fr", "en")
    ]
