"""Tables of this room: a spoilt one is refused, with its line."""

from pathlib import Path

import pytest

import kb.reference.lexicon
import kb.reference.tables
from kb.reference.lexicon import lexicon
from kb.reference.tables import rows


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("code\tlang\n", "^lexicon.tsv begins with"),
        ("code\tlang\tkind\tphrase\n15.20\tfr\tmakes\n", "^lexicon.tsv, line 2: 3 fields, not 4"),
        ("code\tlang\tkind\tphrase\n99.98\tfr\tmakes\tx\n", "not a code, a language, a kind"),
        ("code\tlang\tkind\tphrase\n15.20\tit\tmakes\tx\n", "not a code, a language, a kind"),
        ("code\tlang\tkind\tphrase\n15.20\tfr\tsells\tx\n", "not a code, a language, a kind"),
    ],
)
def test_a_spoilt_table_is_refused(
    text: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lexicon.tsv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(kb.reference.tables, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=reason):
        lexicon.__wrapped__()


def test_rows_are_those_below_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some.tsv").write_text("a\tb\n1\t2\n", encoding="utf-8")
    monkeypatch.setattr(kb.reference.tables, "files", lambda _: tmp_path)
    assert rows("some.tsv", ("a", "b")) == [["1", "2"]]
