import io
import os
import time
from pathlib import Path

import pytest

from ingest.uploads import (
    forget_upload,
    is_kept,
    keep_upload,
    plain_name,
    tidy_uploads,
    upload_at,
    upload_named,
)
from kb.address import UPLOADS
from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def elsewhere(
    base: KnowledgeBase, open_base: OpenBase, word_counts: WordCountEncoder, engine: str
) -> KnowledgeBase:
    """The same base as another process has it: in PostgreSQL, with a folder of another machine."""
    return open_base(word_counts, "elsewhere" if engine == "postgres" else "kb")


def files_of(base: KnowledgeBase) -> list[Path]:
    return [path for path in (base.folder / UPLOADS).rglob("*") if path.is_file()]


def test_an_upload_is_kept_under_its_own_name(
    base: KnowledgeBase, elsewhere: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.registers.kept_files.PIECE_BYTES", 4)
    path = str(keep_upload(base, "annuaire.csv", io.BytesIO(b"nom\nAvel\n")))
    assert is_kept(elsewhere, path)
    upload = Path(path).parent.name
    assert Path(upload_named(elsewhere, upload)).parts[-3:] == (UPLOADS, upload, "annuaire.csv")
    with upload_at(elsewhere, path) as here, upload_at(elsewhere, path) as again:
        assert here.name == "annuaire.csv"
        assert here.parents[1] == elsewhere.folder / UPLOADS
        assert here.read_bytes() == again.read_bytes() == b"nom\nAvel\n"
    with upload_at(base, path) as here:
        assert here.read_bytes() == b"nom\nAvel\n"
    if base.kept_files:
        # It is on no machine but as long as it is read.
        assert not here.exists()
        assert not [*files_of(base), *files_of(elsewhere)]


def test_an_upload_that_is_forgotten_is_gone_everywhere(
    base: KnowledgeBase, elsewhere: KnowledgeBase
) -> None:
    path = keep_upload(base, "a.csv", io.BytesIO(b"x"))
    forget_upload(elsewhere, path)
    assert not is_kept(base, str(path))
    with pytest.raises(UnknownRecord):
        upload_named(base, path.parent.name)
    with upload_at(base, str(path)) as here:
        assert not here.exists()


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


def test_what_is_too_large_is_refused_and_not_kept(base: KnowledgeBase) -> None:
    with pytest.raises(InputError, match=r"a\.csv has more than 2 MB"):
        keep_upload(base, "a.csv", io.BytesIO(bytes(2_000_001)), max_bytes=2_000_000)
    assert list((base.folder / UPLOADS).iterdir()) == []
    assert not base.kept_files or base.kept_files.names("") == []


def test_nothing_stays_of_what_breaks_off(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    if base.kept_files is None:
        pytest.skip("of files: tests/web/http/test_full_disk.py")
    monkeypatch.setattr("kb.registers.kept_files.PIECE_BYTES", 2)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 3:
                raise OSError(5, "no")
            return super().read(size)

    with pytest.raises(OSError, match="no"):
        base.kept_files.keep("uploads/0/a.csv", Broken(b"abcdef"))
    assert b"".join(base.kept_files.pieces("uploads/0/a.csv")) == b""


def test_uploads_are_deleted_when_nothing_needs_them(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(seconds: float) -> None:
        """Has what was kept so far be older."""
        at = time.time() - seconds
        for folder in (base.folder / UPLOADS).iterdir():
            os.utime(folder, (at, at))
        if base.kept_files:
            with base._stores.lend() as store:
                store.execute("update kept_files set at = '2026-01-01T00:00:00.000+00:00'")

    wanted, old = (keep_upload(base, "a.csv", io.BytesIO(b"x")) for _ in range(2))
    older(25 * 3600)
    done, both, fresh = (keep_upload(base, "a.csv", io.BytesIO(b"x")) for _ in range(3))
    tidy_uploads(base, [str(wanted), f'["{both}"]'], [str(done), str(both)])
    kept = [is_kept(base, str(path)) for path in (wanted, done, both, fresh, old)]
    assert kept == [True, False, True, True, False]
    assert not done.parent.exists()
