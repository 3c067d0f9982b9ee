"""The development sets are built from small data of the same shapes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.adaptation.nomenclatures import split_of
from kb.errors import FileError
from kb.evaluation.sets import DevelopmentSet, read_set, read_split
from tests import development_sets
from tests.development_sets import ITEMS_PER_HEADING, build, main


def _code(split: str, form: Callable[[int], str]) -> str:
    return next(code for code in map(form, range(100)) if split_of(code) == split)


def _class(split: str) -> str:
    return _code(split, lambda number: f"20.{number:02}")


def _heading(split: str) -> str:
    return _code(split, lambda number: f"34{number:02}")


TRAIN, TUNE, TEST = _class("train"), _class("tune"), _class("test")


def _write(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join("\t".join(row.split(" | ")) for row in rows) + "\n"
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything that sets are made of: the project's part in `held`, the rest in `data`."""
    held, data = tmp_path / "held", tmp_path / "data"
    monkeypatch.setattr(development_sets, "HELD", held)
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
        "known-items: 1 queries to tune, 1 queries to test"
    ]
    given = read_set(tmp_path / "out" / "known-items")
    assert given.actors is None
    assert given.columns == ("S@1", "S@3", "MRR", "R@10")
    # Names that differ in an accent only are two queries.
    assert [(query.text, query.group) for query in given.queries] == [
        ("Périplast", "exact"),
        ("Periplast", "elided"),
    ]
    assert read_split(given, "test").qrels == {"known003": {"periplast": 1}}


def test_repurposing_lets_a_case_raise_others_only(data: Path, tmp_path: Path) -> None:
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
    assert [query.unmatched for query in unseen.queries if query.group == "gel"] == [
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
    assert [(query.text, query.group) for query in english.queries] == [
        ("manufacture of perfumes", "en→fr")
    ]
    other = read_set(tmp_path / "out" / "nace-fr-en").actors
    assert other
    assert other[0].description == "Soaps"


def test_products_are_a_few_of_each_heading(data: Path, tmp_path: Path) -> None:
    given = _built(data, tmp_path, "products")
    tune, test = read_split(given, "tune"), read_split(given, "test")
    assert len(tune.queries) == 2 * ITEMS_PER_HEADING
    assert {query.group for query in tune.queries} == {"class seen"}
    # What is left out of a heading is no part of what is asked, nor is what steers a search.
    assert {(query.text, query.group) for query in test.queries} == {
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


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("data/firms.tsv", "F9", r"firms\.tsv:5: 1 columns, 7 expected"),
        ("data/repurposing.tsv", "X\t\t\tgel\t\t", r"repurposing\.tsv:4: 'X' is not known"),
        ("held/products.tsv", "3401\t99.99", r"products\.tsv:4: '99\.99' is not known"),
        ("held/repurposing/needs.tsv", "vin\tfr\tdu vin\ttune", r"needs\.tsv:5: no firm"),
        ("held/known-items.tsv", "a\tb\texact\ttrain", r"known-items\.tsv:4: the split should"),
        ("data/open/nace_note_items.tsv", "fr\tx\tsub\ty", r"nace_note_items\.tsv:10: 'x' is not"),
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
