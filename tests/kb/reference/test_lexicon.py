"""The lexicon: every row is a phrase of a class, once, in both languages."""

import re
from collections import Counter
from pathlib import Path

import pytest

import kb.reference.lexicon
from kb.reference.lexicon import LexiconKind, lexicon, means_of
from kb.reference.trades import trades


def test_every_class_makes_and_could_make_things_in_both_languages() -> None:
    codes = [phrase.code for phrase in lexicon()]
    assert codes == sorted(codes)
    known = {trade.code for trade in trades()}
    for lang in ("fr", "en"):
        for kind in (LexiconKind.MAKES, LexiconKind.COULD):
            told = {p.code for p in lexicon() if (p.lang, p.kind) == (lang, kind)}
            assert told == known


def test_no_class_has_a_phrase_twice_in_a_language() -> None:
    said = Counter((phrase.code, phrase.lang, phrase.text.casefold()) for phrase in lexicon())
    assert [key for key, count in said.items() if count > 1] == []
    assert [p for p in lexicon() if not p.text or p.text != " ".join(p.text.split())] == []


def test_the_means_of_a_class_are_found_by_language() -> None:
    for lang in ("fr", "en"):
        of_class = [
            p.text for p in lexicon() if (p.code, p.lang, p.kind) == ("15.20", lang, "means")
        ]
        assert means_of("15.20", lang) == tuple(of_class) != ()
    assert means_of("99.98", "fr") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("code\tlang\n", "lexicon.tsv begins with"),
        ("code\tlang\tkind\tphrase\n99.98\tfr\tmakes\tx\n", "lexicon.tsv, line 2: not a code"),
        ("code\tlang\tkind\tphrase\n15.20\tit\tmakes\tx\n", "lexicon.tsv, line 2: not a code"),
        ("code\tlang\tkind\tphrase\n15.20\tfr\tmakes\n", "lexicon.tsv, line 2: not a code"),
        ("code\tlang\tkind\tphrase\n15.20\tfr\tsells\tx\n", "'sells' is not a valid LexiconKind"),
    ],
)
def test_a_spoilt_file_is_refused(
    text: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lexicon.tsv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(kb.reference.lexicon, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}"):
        lexicon.__wrapped__()
