"""The development sets are built from small data of the same shapes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.adaptation.trade_indexing import split_of, split_of_phrase
from kb.evaluation.sets import DevelopmentSet, read_set, read_split
from tests.development_sets import build, built
from tests.development_sets.conversions import COLUMNS
from tests.development_sets.territories import SPLIT_OF


def _code(split: str, form: Callable[[int], str]) -> str:
    return next(code for code in map(form, range(100)) if split_of(code) == split)


def _class(split: str) -> str:
    return _code(split, lambda number: f"20.{number:02}")


def _heading(split: str) -> str:
    return _code(split, lambda number: f"34{number:02}")


def _phrase(split: str) -> str:
    texts = (f"Soap number {number} (manufacture)" for number in range(100))
    return next(text for text in texts if split_of_phrase(text) == split)


HELD_OUT = {"tune": _phrase("tune"), "test": _phrase("test")}
LEARNT = _phrase("train")
LEARNT_TOO = next(
    text
    for text in (f"Glue number {number} (manufacture)" for number in range(100))
    if split_of_phrase(text) == "train" != split_of_phrase(text.replace("(", "").replace(")", ""))
)
"""A phrase that may be learnt from, and may not be in other words."""
TRAIN, TUNE, TEST = _class("train"), _class("tune"), _class("test")


def _write(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join("\t".join(row.split(" | ")) for row in rows) + "\n"
    path.write_text(text, encoding="utf-8")


def _write_territory(folder: Path, name: str) -> None:
    _write(
        folder / f"{name}-actors.tsv",
        "id | name | lang | place | department | activity_code | text | source",
        "ciergerie | Ciergerie | fr | Caen | 14 | 32.99 | cierges | a.fr",
        "rucher | Rucher | fr | Caen | 14 | 01.49 | miel | a.fr",
    )
    _write(
        folder / f"{name}-needs.tsv",
        "id | lang | wording | novel | kind | text",
        "n1 | fr | plain | no | need | des bougies",
        "n2 | fr | plain | no | need | une fusée",
        "n3 | en | plain | no | off-topic | hello",
    )
    _write(
        folder / f"{name}-judgements.tsv",
        "need | actor | first | second",
        "n1 | ciergerie | 2 | 2",
        "n1 | rucher | 0 | 1",
    )
    _write(
        folder / f"{name}-wordings.tsv", "group | lang | text", "g | fr | bougies", "g | en | wax"
    )


def _write_demo_needs(folder: Path) -> None:
    _write(folder / "qrels" / "tune.tsv", "q | c | s", "n1 | avel | 2")
    _write(folder / "qrels" / "test.tsv", "q | c | s", "n2 | avel | 2")
    _write(
        folder / "queries.jsonl",
        '{"_id": "n1", "text": "du cirage", "metadata": {"lang": "fr"}}',
        '{"_id": "n2", "text": "shoe polish", "metadata": {"lang": "en"}}',
    )


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything that sets are made of: the project's part in `held`, the rest in `data`."""
    held, data = tmp_path / "held", tmp_path / "data"
    monkeypatch.setattr(built, "HELD", held)
    _write(
        held / "known-items.tsv",
        "query | actor_id | kind | split",
        "Périplast | periplast | exact | tune",
        "Periplast | periplast | elided | test",
    )
    _write(
        held / "repurposing" / "cases.tsv",
        "firm_id | need | need_fr | need_en | contribution_fr | contribution_en | role",
        "P1 | gel | du gel | some gel | fabrique du gel | made gel | producer",
        "P2 | masque | des masques | masks | coud des masques | sewed masks | producer",
    )
    _write(
        held / "repurposing" / "needs.tsv",
        "need | lang | text | split",
        "gel | fr | gel hydroalcoolique | tune",
        "gel | en | hand sanitiser | tune",
        "masque | fr | des masques | test",
    )
    _write(
        held / "products.tsv",
        "heading | nace",
        f"{_heading('tune')} | {TRAIN}",
        f"{_heading('test')} | {TUNE}",
    )
    _write(held / "conversions" / "rows.tsv", "id | need", "V1 | gel", "V2 | gel", "V3 | lits")
    _write(
        held / "conversions" / "needs.tsv",
        "need | lang | text | split",
        "gel | fr | du gel | tune",
        "gel | en | hand rub | tune",
        "lits | fr | des couchages | test",
    )
    _write(
        held / "more-conversions" / "firms.tsv",
        " | ".join(COLUMNS),
        "O1 | C | Caen | FR | cirerie | wax maker | bougies | candles | made | 1940 | c.fr",
    )
    _write(held / "more-conversions" / "rows.tsv", "id | need", "O1 | bougies")
    _write(
        held / "more-conversions" / "needs.tsv",
        "need | lang | text | split",
        "bougies | fr | de quoi s'éclairer | tune",
    )
    _write(
        held / "everyday.tsv",
        "query | lang | nace_codes | source",
        f"savon d'invité | fr | {TRAIN},{TUNE} | authored",
        f"scent for men | en | {TUNE} | authored",
    )
    _write(held / "off-topic.tsv", "text | lang | kind", "il pleut | fr | weather")
    _write_demo_needs(tmp_path / "demo-needs")
    for name in SPLIT_OF:
        _write_territory(held / "territories", name)
    firms = "id | name | place | department | region | trade | source_url"
    _write(
        data / "firms.tsv",
        firms,
        "F1 | Ferme | Niort | 79 | N | élevage |  ",
        "P1 | Avel | Magnac | 16 | N | cirages |  ",
        "P2 | Allande | Le Dorat | 87 | N | lingerie |  ",
    )
    _write(
        data / "repurposing.tsv",
        "firm_id | firm | new_product | need | role | source_url",
        "P1 | Avel | gel | gel | fabrique |  ",
        "P2 | Allande | masques | masque | fabrique |  ",
    )
    _write(
        data / "open" / "nace_class_labels.tsv",
        "code | label_fr | label_en | label_de | label_es",
        f"{TRAIN} | Savons | Soaps | Seifen | Jabones",
        f"{TUNE} | Parfums et fards | Perfumes | Parfüm | Perfumes",
        f"{TEST} | Colles | Glues | Leim | Colas",
    )
    _write(
        data / "open" / "nace_note_items.tsv",
        "lang | code | kind | text",
        f"fr | {TRAIN} | includes | la fabrication de savons mous",
        f"fr | {TUNE} | includes | la fabrication de produits tels que",
        f'fr | {TUNE} | sub | eaux de toilette, dites "fraîches"',
        f"fr | {TUNE} | sub | fards",
        f"fr | {TUNE} | includes | Parfums et fards",
        f"fr | {TUNE} | also_includes | la vente de parfums",
        f"en | {TUNE} | includes | manufacture of perfumes",
        f"fr | {TEST} | includes | la fabrication de colles",
    )
    _write(
        data / "conversions.tsv",
        " | ".join(COLUMNS),
        "V1 | A | Caen | FR | distillerie | distillery | gel | gel | made | 2020 | a.fr",
        "V2 | B | Caen | FR | brasserie | brewery | alcool | spirit | supplied | 2020 | a.fr",
        "V3 | B | Caen | FR | brasserie | brewery | lits | beds | made | 2021 | a.fr",
    )
    index = "code | lang | text | source"
    _write(
        data / "open" / "uksic2007_index_en.tsv",
        index,
        f"{TEST} | en | {HELD_OUT['test']} | UKSIC",
        f"{TUNE}|{TEST} | en | {HELD_OUT['tune']} | UKSIC",
        f"{TRAIN} | en | {LEARNT} | UKSIC",
        f"{TRAIN} | en | {LEARNT_TOO} | UKSIC",
        f"99.99 | en | {HELD_OUT['test']} of another class | UKSIC",
    )
    _write(data / "open" / "naics2022_index_en.tsv", index, f"{TEST} | en | {HELD_OUT['test']} | x")
    _write(data / "open" / "nacebel2003_fr.tsv", index)
    _write(data / "open" / "nacebel2008_fr.tsv", index, f"{TEST} | fr | {HELD_OUT['test']} | x")
    _write(
        data / "open" / "cpv2008_fr_en.tsv",
        index,
        f"33700000-7 | en | {HELD_OUT['tune']} | CPV2008",
        f"33700000-7 | fr | {LEARNT} | CPV2008",
        f"99000000-0 | en | {HELD_OUT['test']} | CPV2008",
        f"99000000-0 | fr | {HELD_OUT['test']} | CPV2008",
    )
    _write(
        data / "open" / "cpv_to_nace_auto.tsv",
        "cpv | nace | cosine | vote | cpv_name_en | nearest_phrase",
        f"33700000-7 | {TRAIN} | 1 | 1 | x | x",
    )
    tune, test = _heading("tune"), _heading("test")
    _write(
        data / "open" / "cn2023_fr_en_de.tsv",
        "code | fr | en | de",
        *(f"{tune}{n}00 | savon numéro {n} | soap number {n} | Seife {n}" for n in range(10, 17)),
        f"{test}1000 | savon (à l’excl. du savon [dur] (ou mou)), -parfumé | rose soap | Seife",
        f"{test}2000 | savon, parfumé | rose soap (excl. hard) | Seife",
    )
    return data


def _built(data: Path, tmp_path: Path, name: str) -> DevelopmentSet:
    list(build(data, tmp_path / "out"))
    return read_set(tmp_path / "out" / name)


def test_what_the_project_holds_is_built_without_data(data: Path, tmp_path: Path) -> None:
    assert list(build(None, tmp_path / "out")) == [
        "known-items: 1 queries to tune, 1 queries to test",
        "off-topic: 1 without an answer",
        "more-conversions: 1 queries to tune, 0 queries to test; 1 records, 2 cases",
        "more-conversions-unseen: 1 queries to tune, 0 queries to test; 1 records, 2 cases",
        "more-conversions-en: 1 queries to tune, 0 queries to test; 1 records, 2 cases",
        "territory-a: 1 queries to tune, 2 without an answer; 2 records",
        "territory-b: 1 queries to test, 2 without an answer; 2 records",
        "territory-c: 1 queries to tune, 2 without an answer; 2 records",
    ]
    given = read_set(tmp_path / "out" / "known-items")
    assert given.actors is None
    assert given.columns == ("S@1", "S@3", "MRR", "R@10")
    # Names that differ in an accent only are two queries.
    assert [(query.text, query.about["group"]) for query in given.queries] == [
        ("Périplast", "exact"),
        ("Periplast", "elided"),
    ]
    assert read_split(given, "test").qrels == {"known003": {"periplast": 1}}


def test_every_set_can_be_read_and_is_parted_by_metadata_of_its_queries(
    data: Path, tmp_path: Path
) -> None:
    assert len(list(build(data, tmp_path / "out"))) == 23
    sets = [read_set(folder) for folder in (tmp_path / "out").iterdir()]
    assert len(sets) == 23
    for one in sets:
        assert all(name in query.about for query in one.queries for name in one.by.split(","))


def test_repurposing_ranks_each_firm_without_its_own_case(data: Path, tmp_path: Path) -> None:
    given = _built(data, tmp_path, "repurposing")
    assert given.leave_one_out
    assert given.actors
    polish = given.actors[1]
    assert (polish.id, polish.name, polish.description) == ("P1", "Avel", "cirages")
    french, english = given.cases[:2]
    assert (french.need, french.story, french.lang) == ("du gel", "case-P1", "fr")
    assert (english.need, english.story, english.lang) == ("some gel", "case-P1", "en")
    assert french.participants[0].actor_id == "P1"
    assert all(not query.unmatched for query in given.queries)
    tune = read_split(given, "tune")
    assert {query.text for query in tune.queries} == {"gel hydroalcoolique", "hand sanitiser"}
    assert all(grades == {"P1": 1} for grades in tune.qrels.values())

    unseen = read_set(tmp_path / "out" / "repurposing-unseen")
    assert [query.unmatched for query in unseen.queries if query.about["group"] == "gel"] == [
        {"case-P1", "case-P1-en"}
    ] * 2
