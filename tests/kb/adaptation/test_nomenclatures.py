"""Reading the open indexes of activities, and the splits of their classes and phrases."""

from pathlib import Path

import pytest

from kb.adaptation.nomenclatures import (
    PHRASE_FILES,
    IndexPhrase,
    NaceItem,
    read_index_phrases,
    read_nace_items,
    split_of,
    split_of_phrase,
)
from kb.errors import FileError

NOTES = "lang\tcode\tkind\ttext\n"
INDEX = "code\tlang\ttext\tsource\n"


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_rows_are_read_as_records(tmp_path: Path) -> None:
    notes = NOTES + 'en\t20.42\tsub\tperfumes "and" toilet water\r\n'
    write(tmp_path, "nace_note_items.tsv", notes)
    assert read_nace_items(tmp_path) == [
        NaceItem("en", "20.42", "sub", 'perfumes "and" toilet water')
    ]
    for name in PHRASE_FILES:
        write(tmp_path, name, INDEX)
    write(tmp_path, "uksic2007_index_en.tsv", INDEX + "15.12\ten\tSatchels (manufacture)\tUK:1\n")
    write(tmp_path, "nacebel2003_fr.tsv", INDEX + "15.12|20.42\tfr\tCuirs\tBE:1\n")
    phrases = read_index_phrases(tmp_path)
    assert phrases == [
        IndexPhrase("en", ("15.12",), "Satchels (manufacture)"),
        IndexPhrase("fr", ("15.12", "20.42"), "Cuirs"),
    ]
    assert [phrase.split for phrase in phrases] == ["train", "tune"]  # 20.42 is tune


def test_a_phrase_has_a_split_of_its_own() -> None:
    # `printf 'saddle trees of wood' | sha256sum`, modulo 10, and so on.
    assert split_of_phrase(" Saddle trees of WOOD ") == "tune"
    assert split_of_phrase("saddlery") == "test"
    assert split_of_phrase("satchels") == "train"
    assert IndexPhrase("en", ("15.12",), "saddlery").split == "test"


def test_the_splits_are_those_of_the_hash_of_the_code() -> None:
    # `printf 20.42 | sha256sum`, modulo 10, and so on.
    splits = {
        "01.11": "test",
        "13.92": "train",
        "14.12": "test",
        "20.41": "tune",
        "20.42": "tune",
        "22.29": "train",
        "32.50": "test",
        "3401": "train",
        "6307": "test",
        "3926": "test",
    }
    assert {code: split_of(code) for code in splits} == splits


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "lang\tcode\n",
            ":1: the columns should be lang, code, kind, text, with tabs between them.",
        ),
        (NOTES + "fr\t20.42\tsub\n", ":2: 3 columns, 4 expected."),
        (NOTES + "fr\t20.4\tsub\tx\n", ":2: '20.4' is not a NACE class such as 20.42."),
        (NOTES + "\nfr\t20.42\tsub\t \n", ":3: the column text is empty."),
        (NOTES + "it\t20.42\tsub\tx\n", ":2: lang is 'it'; known: fr, en."),
        (
            NOTES + "fr\t20.42\texcludes\tx\n",
            ":2: kind is 'excludes'; known: includes, sub, also_includes.",
        ),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, "nace_note_items.tsv", text) / "nace_note_items.tsv"
    with pytest.raises(FileError) as caught:
        read_nace_items(tmp_path)
    assert str(caught.value) == f"{path}{message}"


def test_a_bad_code_a_missing_file_and_another_encoding_are_named(tmp_path: Path) -> None:
    write(tmp_path, "uksic2007_index_en.tsv", INDEX + "15.12|x\ten\tSatchels\tUK:1\n")
    with pytest.raises(FileError, match=r":2: '15\.12\|x' is not a NACE class such as 20\.42\."):
        read_index_phrases(tmp_path)
    with pytest.raises(FileError, match=r"nace_note_items\.tsv cannot be read: No such file"):
        read_nace_items(tmp_path)
    (tmp_path / "nace_note_items.tsv").write_bytes(NOTES.encode() + b"fr\t20.42\tsub\t\xe9\n")
    with pytest.raises(FileError, match=r"nace_note_items\.tsv is not in UTF-8; save it so\."):
        read_nace_items(tmp_path)
