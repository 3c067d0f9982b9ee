"""Reading the open nomenclatures, and the splits of their classes and headings."""

from dataclasses import replace
from pathlib import Path

import pytest

from kb.adaptation.nomenclatures import (
    PHRASE_FILES,
    CnProduct,
    IndexPhrase,
    NaceClass,
    NaceItem,
    Occupation,
    Purchase,
    read_cn_products,
    read_index_phrases,
    read_nace_classes,
    read_nace_items,
    read_occupations,
    read_purchases,
    split_of,
    split_of_phrase,
)
from kb.errors import FileError

LABELS = "code\tlabel_fr\tlabel_en\tlabel_de\tlabel_es\n"
NOTES = "lang\tcode\tkind\ttext\n"
CN = "code\tfr\ten\tde\n"
INDEX = "code\tlang\ttext\tsource\n"
CPV_TO_NACE = "cpv\tnace\tcosine\tvote\tcpv_name_en\tnearest_phrase\n"
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


def test_phrases_and_purchases_are_read_as_records(tmp_path: Path) -> None:
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

    rows = [
        "19510000-4\ten\tSoles\tCPV",
        "19510000-4\tfr\tSemelles\tCPV",
        "44600000-6\ten\tTanks\tCPV",
        "39221100-8\tfr\tVaisselle\tCPV",
        "39221100-8\ten\tCrockery\tCPV",
    ]
    write(tmp_path, "cpv2008_fr_en.tsv", INDEX + "\n".join(rows))
    write(tmp_path, "cpv_to_nace_auto.tsv", CPV_TO_NACE + "39221100-8\t23.41\t1\t1\ta\tb\n")
    assert read_purchases(tmp_path) == [
        Purchase("19510000-4", {"en": "Soles", "fr": "Semelles"}, ""),
        Purchase("39221100-8", {"fr": "Vaisselle", "en": "Crockery"}, "23.41"),
    ]


def test_a_phrase_has_a_split_of_its_own() -> None:
    # `printf 'saddle trees of wood' | sha256sum`, modulo 10, and so on.
    assert split_of_phrase(" Saddle trees of WOOD ") == "tune"
    assert split_of_phrase("saddlery") == "test"
    assert split_of_phrase("satchels") == "train"
    assert IndexPhrase("en", ("15.12",), "saddlery").split == "test"
    purchase = Purchase("19510000-4", {"fr": "semelles", "en": "satchels"}, "")
    assert purchase.split == "train"
    assert replace(purchase, labels={"fr": "semelles", "en": "saddlery"}).split == "test"
    assert replace(purchase, nace="23.41").split == "tune"


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
            "uksic2007_index_en.tsv",
            INDEX + "15.12|x\ten\tSatchels\tUK:1\n",
            read_index_phrases,
            ":2: '15.12|x' is not a NACE class such as 20.42.",
        ),
        (
            "cpv_to_nace_auto.tsv",
            "cpv\tnace\n",
            read_purchases,
            ":1: the columns should be cpv, nace, cosine, vote, cpv_name_en, nearest_phrase, "
            "with tabs between them.",
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
