"""Firms that met needs of 2020, by their trades of before."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kb.errors import FileError
from tests.development_sets.built import Built, check_known, document, held, table


def repurposing(data: Path, *, unseen: bool) -> Built:
    """Who answered four needs in 2020, by trades of before; each firm is ranked without its own
    case.

    With `unseen`, no case of the need that is asked is matched: what other cases must not spoil.
    """
    columns = ("id", "name", "place", "department", "region", "trade", "source_url")
    firms = {row[0]: row for _, row in table(data / "firms.tsv", columns)}
    built = Built(
        "repurposing-unseen" if unseen else "repurposing",
        {
            "title": "Repurposing, no case of the need" if unseen else "Repurposing",
            "leave_one_out": True,
        },
        [
            document(id_, name, trade, lang="fr", place=place, department=department)
            for id_, name, place, department, _, trade, _ in firms.values()
        ],
    )
    answers: dict[str, list[str]] = {}
    path = data / "repurposing.tsv"
    for number, (firm_id, _, _, need, _, _) in table(
        path, ("firm_id", "firm", "new_product", "need", "role", "source_url")
    ):
        check_known(path, number, firm_id, firms)
        answers.setdefault(need, []).append(firm_id)
    cases: list[Mapping[str, Any]] = []
    of_need: dict[str, list[str]] = {}
    path = held("repurposing", "cases.tsv")
    names = "firm_id need need_fr need_en contribution_fr contribution_en role".split()
    for number, row in table(path, names):
        firm_id, need, need_fr, need_en, contribution_fr, contribution_en, role = row
        check_known(path, number, firm_id, firms)
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
    path = held("repurposing", "needs.tsv")
    for number, (need, lang, text, split) in table(path, ("need", "lang", "text", "split")):
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
