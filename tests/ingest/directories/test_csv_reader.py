from pathlib import Path

import pytest

from ingest.directories.readers import read_directory
from ingest.records.entries import Entry
from kb.errors import InputError
from kb.models import Actor


def read(tmp_path: Path, content: str) -> list[Entry]:
    path = tmp_path / "actors.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return list(read_directory(path))


def actor(name: str, description: str = "", department: str = "") -> Actor:
    return Actor(name.lower(), name, description, department=department, country="FR")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    content = delimiter.join(["nom", "commune"]) + "\n" + delimiter.join(["Avel", '"Cire, ; | "'])
    assert read(tmp_path, content) == [
        Entry(2, Actor(id="avel-cire", name="Avel", place="Cire, ; |", country="FR"))
    ]


def test_unknown_columns_are_facts(tmp_path: Path) -> None:
    content = "name,Effectif,Nom,\nAvel,60,Saphir,Tournage\n"
    (entry,) = read(tmp_path, content)
    assert isinstance(entry.record, Actor)
    assert entry.record.facts == {"Effectif": "60", "Nom": "Saphir", "column 4": "Tournage"}


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    content = (
        '\nname,description\n\nAvel,"Des cirages.\n\nEt des cires."\n,,\nMerlet,Des eaux-de-vie.\n'
    )
    assert read(tmp_path, content) == [
        Entry(4, actor("Avel", description="Des cirages.\n\nEt des cires.")),
        Entry(6, actor("Merlet", description="Des eaux-de-vie.")),
    ]


def test_a_bad_row_does_not_stop_the_good_ones(tmp_path: Path) -> None:
    content = (
        "name,description\n"
        "Avel,Des cirages\n"
        ",Sans nom\n"
        "Merlet\n"
        "Jolival,a,b\n"
        "Wide,,,,\n"
        'Quote,"a"b"\n'
        f"Long,{'x' * 50_000}\n"
        f"Longer,{'x' * 200_000}\n"
        "Qualyse,Des analyses\n"
    )
    assert read(tmp_path, content) == [
        Entry(2, actor("Avel", description="Des cirages")),
        Entry(3, reason="has no name"),
        Entry(4, reason="number of cells is 1, but the header has 2"),
        Entry(5, reason="number of cells is 3, but the header has 2"),
        Entry(6, actor("Wide")),
        Entry(7, reason="cannot be read as CSV: ',' expected after '\"'"),
        Entry(8, reason="description has 50,000 characters; at most 20,000 fit"),
        Entry(9, reason="description has 200,000 characters; at most 20,000 fit"),
        Entry(10, actor("Qualyse", description="Des analyses")),
    ]


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(tmp_path: Path) -> None:
    rows = [f"A{number},{'x' * 100}" for number in range(5000)]
    for content in ('Merlet,"y', *rows), ('Merlet,"y',):
        entries = read(tmp_path, "\n".join(["name,description", *content]))
        assert entries[0] == Entry(
            2, reason="cannot be read as CSV: a quote is opened and never closed"
        )
        assert len(entries) == len(content)
        assert all(entry.record for entry in entries[1:])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        (
            "name:description\nAvel:Des cirages\n",
            "has no column called name or nom; its header is 'name:description'",
        ),
        (
            "ville;effectif\nCognac;3\n",
            "has no column called name or nom; its header is 'ville', 'effectif'",
        ),
        (
            ",".join("abcdefghijklmn") + "\n",
            "has no column called name or nom; its header is 'a', 'b', 'c', 'd', 'e', 'f', 'g', "
            "'h', 'i', 'j', 'k', 'l', …",
        ),
        (
            '"name\nAvel\n',
            "has a header that cannot be read as CSV: a quote is opened and never closed",
        ),
    ],
)
def test_a_file_that_is_no_directory_says_why(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        read(tmp_path, content)
    assert str(refusal.value) == reason


def test_titles_above_the_header_are_passed_over(tmp_path: Path) -> None:
    content = "Annuaire des firmes;;\n;;\nÉdité en 2026, par la CCI;;\nNom;Métier;Dépt\nAvel;x;16\n"
    assert read(tmp_path, content) == [
        Entry(5, actor("Avel", description="x", department="16")),
    ]
