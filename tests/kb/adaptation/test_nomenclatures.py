"""Reading the open nomenclatures, and the splits of their classes and headings."""

from pathlib import Path

import pytest

from kb.adaptation.nomenclatures import (
    CnProduct,
    NaceClass,
    NaceItem,
    Occupation,
    read_cn_products,
    read_nace_classes,
    read_nace_items,
    read_occupations,
    split_of,
)
from kb.errors import FileError

LABELS = "code\tlabel_fr\tlabel_en\tlabel_de\tlabel_es\n"
NOTES = "lang\tcode\tkind\ttext\n"
CN = "code\tfr\ten\tde\n"
ESCO = "uri\tisco\tlabel_fr\talt_fr\tlabel_en\talt_en\tdescription_en\n"


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_rows_are_read_as_records(tmp_path: Path) -> None:
    write(tmp_path, "nace_class_labels.tsv", LABELS + "20.42\tParfums\tPerfumes\tDuft\tPerfume\r\n")
    write(tmp_path, "nace_note_items.tsv", NOTES + 'en\t20.42\tsub\tperfumes "and" toilet water\n')
    write(tmp_path, "cn2023_fr_en_de.tsv", CN + "33030010\tParfums\tPerfumes\tParfüms\n")
    write(
        tmp_path,
        "esco_occupations_fr_en.tsv",
        ESCO + "http://x/1\t7531\tcouturier\tcouturière | tailleur\ttailor\t\tTailors sew.\n",
    )

    assert read_nace_classes(tmp_path) == [
        NaceClass("20.42", {"fr": "Parfums", "en": "Perfumes", "de": "Duft", "es": "Perfume"})
    ]
    assert read_nace_items(tmp_path) == [
        NaceItem("en", "20.42", "sub", 'perfumes "and" toilet water')
    ]
    products = read_cn_products(tmp_path)
    assert products == [CnProduct("33030010", {"fr": "Parfums", "en": "Perfumes", "de": "Parfüms"})]
    assert products[0].heading == "3303"
    assert products[0].split == split_of("3303")
    assert read_occupations(tmp_path) == [
        Occupation(
            "http://x/1",
            "7531",
            "couturier",
            ("couturière", "tailleur"),
            "tailor",
            (),
            "Tailors sew.",
        )
    ]


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
    ("name", "text", "read", "message"),
    [
        (
            "nace_class_labels.tsv",
            "code\tfr\n",
            read_nace_classes,
            ":1: the columns should be code, label_fr, label_en, label_de, label_es, "
            "with tabs between them.",
        ),
        (
            "nace_class_labels.tsv",
            LABELS + "20.42\tParfums\tPerfumes\n",
            read_nace_classes,
            ":2: 3 columns, 5 expected.",
        ),
        (
            "nace_class_labels.tsv",
            LABELS + "20.4\ta\tb\tc\td\n",
            read_nace_classes,
            ":2: '20.4' is not a NACE class such as 20.42.",
        ),
        (
            "nace_class_labels.tsv",
            LABELS + "20.42\ta\tb\tc\td\n\n20.42\ta\tb\tc\td\n",
            read_nace_classes,
            ":4: 20.42 was there before; keep one of the two.",
        ),
        (
            "nace_class_labels.tsv",
            LABELS + "20.42\ta\t \tc\td\n",
            read_nace_classes,
            ":2: the column label_en is empty.",
        ),
        (
            "nace_note_items.tsv",
            NOTES + "it\t20.42\tsub\tprofumi\n",
            read_nace_items,
            ":2: lang is 'it'; known: fr, en.",
        ),
        (
            "nace_note_items.tsv",
            NOTES + "fr\t20.42\texcludes\tparfums\n",
            read_nace_items,
            ":2: kind is 'excludes'; known: includes, sub, also_includes.",
        ),
        (
            "cn2023_fr_en_de.tsv",
            CN + "3303\ta\tb\tc\n",
            read_cn_products,
            ":2: '3303' is not the eight digits of a product.",
        ),
        (
            "esco_occupations_fr_en.tsv",
            ESCO + "u\t1\t\t\ttailor\t\tTailors sew.\n",
            read_occupations,
            ":2: the column label_fr is empty.",
        ),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, name: str, text: str, read, message: str) -> None:  # type: ignore[no-untyped-def]
    folder = write(tmp_path, name, text)
    with pytest.raises(FileError) as caught:
        read(folder)
    assert str(caught.value) == f"{folder / name}{message}"


def test_a_missing_file_and_one_in_another_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cn2023_fr_en_de\.tsv cannot be read: No such file"):
        read_cn_products(tmp_path)
    (tmp_path / "cn2023_fr_en_de.tsv").write_bytes(b"code\tfr\ten\tde\n01012100\t\xe9\tb\tc\n")
    with pytest.raises(FileError, match=r"cn2023_fr_en_de\.tsv is not in UTF-8; save it so\."):
        read_cn_products(tmp_path)
