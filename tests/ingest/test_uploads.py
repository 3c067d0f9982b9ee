import io
import os
import time
from pathlib import Path

import pytest

from ingest.uploads import keep_upload, plain_name, tidy_uploads
from kb.base_folder import UPLOADS
from kb.errors import InputError


def test_an_upload_is_kept_under_its_own_name(tmp_path: Path) -> None:
    path = keep_upload(tmp_path, "annuaire.csv", io.BytesIO(b"nom\nAvel\n"))
    assert path.name == "annuaire.csv"
    assert path.read_bytes() == b"nom\nAvel\n"
    assert path.parents[1] == tmp_path / UPLOADS


def test_two_uploads_of_one_name_are_two(tmp_path: Path) -> None:
    first, second = (keep_upload(tmp_path, "a.csv", io.BytesIO(b"x")) for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("annuaire 2020 (v2).csv", "annuaire 2020 (v2).csv"),
        ("Société d'été.csv", "Société d'été.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.csv", "a.csv"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("a\n\x1b[31m.csv", "a___31m.csv"),
        ("..", "upload"),
        ("", "upload"),
        ("x" * 500 + ".csv", "x" * 116 + ".csv"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_name_is_made_a_plain_one(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_what_is_too_large_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv has more than 2 MB"):
        keep_upload(tmp_path, "a.csv", io.BytesIO(bytes(2_000_001)), max_bytes=2_000_000)
    assert list((tmp_path / UPLOADS).iterdir()) == []


def test_uploads_are_deleted_when_nothing_needs_them(tmp_path: Path) -> None:
    wanted, done, both, fresh, old = (
        keep_upload(tmp_path, "a.csv", io.BytesIO(b"x")) for _ in range(5)
    )
    yesterday = time.time() - 25 * 3600
    for path in (wanted, old):
        os.utime(path.parent, (yesterday, yesterday))
    tidy_uploads(tmp_path, [str(wanted), f'["{both}"]'], [str(done), str(both)])
    assert [path.exists() for path in (wanted, done, both, fresh, old)] == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert not done.parent.exists()


def test_a_base_without_uploads_has_nothing_to_tidy(tmp_path: Path) -> None:
    tidy_uploads(tmp_path, [], [])
    assert not (tmp_path / UPLOADS).exists()
