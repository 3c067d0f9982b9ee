"""The portraits: every row is a firm of a known class with five needs."""

from pathlib import Path

import pytest

import kb.reference.portraits
from kb.reference.portraits import portraits
from kb.reference.trades import trades


def test_every_portrait_is_of_a_class_with_five_needs() -> None:
    codes = [portrait.code for portrait in portraits()]
    assert codes == sorted(codes)
    assert set(codes) <= {trade.code for trade in trades()}
    assert {portrait.lang for portrait in portraits()} == {"fr", "en"}
    assert all(len(set(one.needs)) == 5 and all(one.needs) for one in portraits())
    texts = [portrait.text for portrait in portraits()]
    assert all(texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["code\tlang"], r"^portraits\.tsv begins with"),
        (["\t".join(kb.reference.portraits._COLUMNS), "x\tfr"], r"^portraits\.tsv, line 2: 2 f"),
    ],
)
def test_a_spoilt_file_is_refused(
    rows: list[str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "portraits.tsv").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.setattr(kb.reference.portraits, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=reason):
        portraits.__wrapped__()
