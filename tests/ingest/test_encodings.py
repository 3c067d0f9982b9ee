from pathlib import Path

import pytest

from ingest.encodings import encoding_of, lines_of, open_text
from kb.errors import InputError


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    path = tmp_path / "file.csv"
    text = "nom;activité\nL’Œuvre à façon;pièces à 3 €\n"
    path.write_bytes(text.encode(encoding))
    assert encoding_of(path) == found
    with open_text(path) as file:
        assert file.read() == text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01", "is not text"),
        (
            "été\nété\n".encode()[:-2] + b"\n",
            "has a damaged character on line 2: save it again as UTF-8",
        ),
        (
            b"\xef\xbb\xbfnom\n\xe9",
            "has a damaged character on line 2: save it again as UTF-8",
        ),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        encoding_of(path)
    assert str(refusal.value) == reason


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman"])
def test_the_encodings_of_old_machines_are_told_by_their_letters(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "file.csv"
    text = "nom;métier\nDélage;moulé à façon, où c'est prêt\n"
    path.write_bytes(text.encode(encoding))
    with open_text(path) as file:
        assert file.read() == text


def test_a_file_that_was_encoded_twice_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    text = "nom\n" + "café, métier, créé\n" * 10
    path.write_bytes(text.encode().decode("cp1252").encode())
    with pytest.raises(InputError) as refusal:
        encoding_of(path)
    assert str(refusal.value) == (
        "was encoded twice: line 2 has 'Ã' and a sign where a letter with an accent should be; "
        "export it again as UTF-8"
    )


def test_a_line_without_an_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.encodings.MAX_LINE_CHARS", 100)
    path = tmp_path / "file.csv"
    path.write_text("nom\n" + "x" * 200, encoding="utf-8")
    with open_text(path) as file, pytest.raises(InputError) as refusal:
        list(lines_of(file))
    assert str(refusal.value) == "has a line of more than 100 characters"
