"""Reading the open indexes of activities, and the splits of their classes and phrases."""

from pathlib import Path

from kb.adaptation.trade_indexing import (
    PHRASE_FILES,
    IndexPhrase,
    NaceItem,
    read_index_phrases,
    read_nace_items,
)

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
