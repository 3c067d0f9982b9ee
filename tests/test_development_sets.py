"""The development sets are built from small data of the same shapes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.adaptation.nomenclatures import split_of, split_of_phrase
from kb.errors import FileError
from kb.evaluation.sets import DevelopmentSet, answerable, read_set, read_split
from tests.development_sets import build, built
from tests.development_sets.__main__ import main
from tests.development_sets.built import held, table
from tests.development_sets.conversions import COLUMNS
from tests.development_sets.everyday import half_of
from tests.development_sets.nomenclatures import ITEMS_PER_HEADING
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


def test_needs_of_a_territory_have_summed_grades_and_several_wordings(
    data: Path, tmp_path: Path
) -> None:
    given = _built(data, tmp_path, "territory-b")
    assert read_split(given, "test").qrels == {"n1": {"ciergerie": 4, "rucher": 1}}
    assert [(one.text, one.about["kind"]) for one in given.silence] == [
        ("une fusée", "unmeetable"),
        ("hello", "off-topic"),
    ]
    assert [(one.text, one.lang, one.split) for one in given.wordings] == [
        ("bougies", "fr", "test"),
        ("wax", "en", "test"),
    ]


def test_off_topic_texts_stand_beside_needs_of_the_demonstration(
    data: Path, tmp_path: Path
) -> None:
    given = _built(data, tmp_path, "off-topic")
    assert given.actors is None
    assert [(query.text, query.split) for query in given.queries] == [
        ("du cirage", "tune"),
        ("shoe polish", "test"),
    ]
    (rain,) = given.silence
    assert (rain.text, rain.lang, rain.split) == ("il pleut", "fr", half_of("il pleut"))
    assert [query.text for query in answerable(given, read_split(given, "tune"))] == ["du cirage"]


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


def test_nace_asks_what_says_something_of_classes_that_are_not_learnt(
    data: Path, tmp_path: Path
) -> None:
    given = _built(data, tmp_path, "nace-fr-fr")
    assert given.actors
    # A class has no name: its code would be searched.
    soaps = given.actors[0]
    assert (soaps.id, soaps.name, soaps.description) == (TRAIN, "", "Savons")
    assert [query.text for query in given.queries] == [
        "eaux de toilette, dites fraîches",
        "la fabrication de colles",
    ]
    assert list(read_split(given, "tune").qrels.values()) == [{TUNE: 1}]
    assert list(read_split(given, "test").qrels.values()) == [{TEST: 1}]
    english = read_set(tmp_path / "out" / "nace-en-fr")
    assert [(query.text, query.about["group"]) for query in english.queries] == [
        ("manufacture of perfumes", "en→fr")
    ]
    other = read_set(tmp_path / "out" / "nace-fr-en").actors
    assert other
    assert other[0].description == "Soaps"


def test_products_are_a_few_of_each_heading(data: Path, tmp_path: Path) -> None:
    given = _built(data, tmp_path, "products")
    tune, test = read_split(given, "tune"), read_split(given, "test")
    assert len(tune.queries) == 2 * ITEMS_PER_HEADING
    assert {query.about["group"] for query in tune.queries} == {"class seen"}
    # What is left out of a heading is no part of what is asked, nor is what steers a search.
    assert {(query.text, query.about["group"]) for query in test.queries} == {
        ("savon, parfumé", "class unseen"),
        ("rose soap", "class unseen"),
    }
    assert set(map(str, test.qrels.values())) == {str({TUNE: 1})}


def test_a_text_is_of_one_split(data: Path, tmp_path: Path) -> None:
    with (data / "open" / "nace_note_items.tsv").open("a", encoding="utf-8") as file:
        file.write(f"fr\t{TEST}\tsub\teaux de toilette, dites fraîches\n")
        file.write(f"fr\t{TEST}\tsub\tLa fabrication de colles\n")
    given = _built(data, tmp_path, "nace-fr-fr")
    assert len(given.queries) == 2
    assert list(read_split(given, "tune").qrels.values()) == [{TUNE: 1}]


def test_conversions_are_trades_without_names_and_a_case_for_each_row(
    data: Path, tmp_path: Path
) -> None:
    given = _built(data, tmp_path, "conversions")
    assert given.leave_one_out
    assert given.actors
    assert given.by == "lang,group"
    # A firm that converted twice is one firm with two cases.
    assert [(actor.id, actor.name, actor.description) for actor in given.actors] == [
        ("V1", "", "distillerie"),
        ("V2", "", "brasserie"),
    ]
    assert [
        (case.id, case.need, case.participants[0].actor_id, str(case.participants[0].role))
        for case in given.cases
    ] == [
        ("case-V1", "gel", "V1", "producer"),
        ("case-V1-en", "gel", "V1", "producer"),
        ("case-V2", "alcool", "V2", "supplier"),
        ("case-V2-en", "spirit", "V2", "supplier"),
        ("case-V3", "lits", "V2", "producer"),
        ("case-V3-en", "beds", "V2", "producer"),
    ]
    assert {case.story for case in given.cases} == {"case-V1", "case-V2", "case-V3"}
    assert [(query.text, query.about["group"]) for query in given.queries] == [
        ("du gel", "with example"),
        ("hand rub", "with example"),
        ("des couchages", "no example"),
    ]
    tune, test = read_split(given, "tune"), read_split(given, "test")
    assert list(tune.qrels.values()) == [{"V1": 1, "V2": 1}] * 2
    assert list(test.qrels.values()) == [{"V2": 1}]

    more = read_set(tmp_path / "out" / "more-conversions")
    assert [query.text for query in more.queries] == ["de quoi s'éclairer"]
    unseen = read_set(tmp_path / "out" / "conversions-unseen")
    assert unseen.queries[0].unmatched == {"case-V1", "case-V1-en", "case-V2", "case-V2-en"}
    english = read_set(tmp_path / "out" / "conversions-en")
    assert english.actors
    assert [(actor.description, actor.lang) for actor in english.actors] == [
        ("distillery", "en"),
        ("brewery", "en"),
    ]
    assert [query.text for query in english.queries] == [query.text for query in given.queries]


def test_everyday_needs_are_asked_of_labels_and_of_descriptions(data: Path, tmp_path: Path) -> None:
    lines = _built(data, tmp_path, "everyday-lines")
    descriptions = read_set(tmp_path / "out" / "everyday-descriptions")
    assert lines.actors
    assert descriptions.actors
    assert [actor.description for actor in lines.actors] == [
        "Savons",
        "Parfums et fards",
        "Colles",
    ]
    assert [actor.description for actor in descriptions.actors] == [
        "Savons : la fabrication de savons mous.",
        'Parfums et fards : eaux de toilette, dites "fraîches" ; fards ; Parfums et fards.',
        "Colles : la fabrication de colles.",
    ]
    split = half_of("savon d'invité")
    assert {TRAIN: 1, TUNE: 1} in read_split(lines, split).qrels.values()
    assert [query.text for query in lines.silence] == ["il pleut"]


def test_phrases_that_may_be_learnt_are_not_asked(data: Path, tmp_path: Path) -> None:
    given = _built(data, tmp_path, "phrases-british")
    asked = {query.text: query.about["group"] for query in given.queries}
    assert asked == {
        HELD_OUT["tune"].removesuffix(" (manufacture)"): "class unseen",
        HELD_OUT["test"].removesuffix(" (manufacture)"): "class unseen",
    }
    assert list(read_split(given, "tune").qrels.values()) == [{TUNE: 1, TEST: 1}]
    assert list(read_split(given, "test").qrels.values()) == [{TEST: 1}]


def test_a_phrase_that_only_wording_tells_from_a_learnt_one_is_not_asked(
    data: Path, tmp_path: Path
) -> None:
    other_words = LEARNT_TOO.replace("(", "").replace(")", "")
    index = "code | lang | text | source"
    _write(
        data / "open" / "naics2022_index_en.tsv",
        index,
        f"{TRAIN} | en | {other_words} | NAICS",
        f"{TRAIN} | en | {HELD_OUT['test']} | NAICS",
    )
    asked = _built(data, tmp_path, "phrases-american").queries
    assert [query.text for query in asked] == [HELD_OUT["test"].removesuffix(" (manufacture)")]


def test_codes_of_purchasing_are_split_by_division(data: Path, tmp_path: Path) -> None:
    given = _built(data, tmp_path, "cpv")
    assert [query.text for query in given.queries] == [HELD_OUT["tune"]]
    assert read_split(given, half_of("33")).qrels == {"33700000-7-en": {TRAIN: 1}}


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("held/everyday.tsv", "x\tfr\t99.99\t", r"everyday\.tsv:4: '99\.99' is not known"),
        ("held/conversions/rows.tsv", "V9\tgel", r"rows\.tsv:5: 'V9' is not in conversions"),
        ("held/conversions/needs.tsv", "vin\tfr\tx\ttune", r"needs\.tsv:5: no firm"),
        (
            "data/conversions.tsv",
            "V9\tC\tCaen\tFR\tx\tx\ty\ty\tmade\t2020\ta.fr",
            r"rows\.tsv: the row 'V9' of conversions\.tsv has no need",
        ),
        (
            "data/conversions.tsv",
            "V9\tC\tCaen\tFR\tx\tx\ty\ty\tsang\t2020\ta.fr",
            r"conversions\.tsv:5: the role 'sang' is not known",
        ),
        ("data/firms.tsv", "F9", r"firms\.tsv:5: 1 columns, 7 expected"),
        ("data/repurposing.tsv", "X\t\t\tgel\t\t", r"repurposing\.tsv:4: 'X' is not known"),
        ("held/products.tsv", "3401\t99.99", r"products\.tsv:4: '99\.99' is not known"),
        ("held/repurposing/needs.tsv", "vin\tfr\tdu vin\ttune", r"needs\.tsv:5: no firm"),
        ("held/known-items.tsv", "a\tb\texact\ttrain", r"known-items\.tsv:4: the split should"),
        ("data/open/nace_note_items.tsv", "fr\tx\tsub\ty", r"nace_note_items\.tsv:10: 'x' is not"),
        ("data/open/nace_class_labels.tsv", f"{TEST}\ta\tb\tc\td", rf":5: {TEST} was there before"),
        ("data/open/cn2023_fr_en_de.tsv", "3303\ta\tb\tc", r":11: '3303' is not the eight digits"),
        ("data/open/cpv2008_fr_en.tsv", "3370\tfr\ta\tb", r":6: '3370' is not a code of the CPV"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(
    data: Path, tmp_path: Path, name: str, row: str, message: str
) -> None:
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write(row + "\n")
    with pytest.raises(FileError, match=message):
        list(build(data, tmp_path / "out"))


def test_a_missing_file_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "firms.tsv").unlink()
    arguments = ["--data", str(data), "--out", str(tmp_path / "out")]
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"development_sets: {data / 'firms.tsv'} cannot be read: no such file."
    _write(data / "firms.tsv", "id | name")
    assert main(arguments) == 1
    assert "firms.tsv:1: the columns should be id, name, place" in capsys.readouterr().err


def test_the_data_that_the_project_holds_can_be_built(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path)]) == 0
    assert read_split(read_set(tmp_path / "known-items"), "tune").queries
    assert len(read_set(tmp_path / "off-topic").unanswerable("test")) > 20


@pytest.mark.parametrize("folder", ["conversions", "more-conversions"])
def test_a_need_of_conversions_and_the_firms_that_met_it_are_in_one_split(folder: str) -> None:
    """Whoever chooses on *tune* has seen no firm and no need of *test*."""
    needs = list(table(held(folder, "needs.tsv"), ("need", "lang", "text", "split")))
    split_of_need: dict[str, set[str]] = {}
    langs_of_need: dict[str, list[str]] = {}
    for _, (need, lang, _, split) in needs:
        split_of_need.setdefault(need, set()).add(split)
        langs_of_need.setdefault(need, []).append(lang)
    assert all(len(splits) == 1 for splits in split_of_need.values())
    assert all(
        min(langs.count(lang) for lang in ("fr", "en")) >= 2 for langs in langs_of_need.values()
    )
    splits_of_row: dict[str, set[str]] = {}
    for _, (id_, need) in table(held(folder, "rows.tsv"), ("id", "need")):
        splits_of_row.setdefault(id_, set()).update(split_of_need[need])
    assert all(len(splits) == 1 for splits in splits_of_row.values())


def test_a_need_of_two_sets_is_in_the_same_split() -> None:
    columns = ("need", "lang", "text", "split")
    splits: dict[str, set[str]] = {}
    for folder in ("conversions", "more-conversions"):
        for _, (need, _, _, split) in table(held(folder, "needs.tsv"), columns):
            splits.setdefault(need, set()).add(split)
    assert [need for need, found in splits.items() if len(found) > 1] == []
