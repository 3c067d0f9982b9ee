"""A tokenizer of few texts gives the tokens of the whole one."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from kb.encoder import tokenizer as module
from kb.encoder.encoder import Encoder
from kb.encoder.openvino_engine import OpenVinoEncoder
from kb.encoder.tokenizer import IN_BATCHES, LONGEST_WORD, ModelTokenizer, Tokens, keep_pieces
from kb.encoder.trial_texts import judging_texts, odd_texts

MAX_TOKENS = 40
PIECES = [("<s>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0), ("rare", -14.5)] + [
    (piece, -float(number) / 7)
    for number, piece in enumerate(
        "▁gant ▁ga an nt s ts c u i r ui cuir ▁de d e ▁d é è g a n t fi f ▁cui v er ni".split(),
        start=15,
    )
]
TEXTS = (
    "gants de cuir",
    "",
    "  cuir\tverni ﬁ  é è ",
    "qui fabrique des gants ? 手袋 😀😀 x",
    "rare rarement",
    "gants de cuir " * 30,
)


def described(**given: object) -> dict[str, Any]:
    """A small tokenizer, made as the bundled model's, as its file describes it."""
    tokenizer = Tokenizer(models.Unigram(PIECES, 2, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in ("<s>", "</s>", "<unk>")]
        + [AddedToken("<mask>", special=True, normalized=False, lstrip=True)]
    )
    found: dict[str, Any] = json.loads(tokenizer.to_str())
    found["model"] |= given
    return found


def written(folder: Path, tokenizer: dict[str, Any]) -> tuple[Path, Path]:
    """The paths of a tokenizer that is written, and of its pieces, which are not."""
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    return path, folder / "pieces.npz"


def whole_tokens(path: Path, texts: Sequence[str], max_tokens: int = MAX_TOKENS) -> list[Tokens]:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(max_tokens)
    return [Tokens(found.ids, found.offsets) for found in map(tokenizer.encode, texts)]


@pytest.fixture
def never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_path: Path, _max_tokens: int) -> None:
        raise AssertionError("the whole tokenizer is read")

    monkeypatch.setattr(module, "_read_whole", fail)


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Path]:
    path, pieces = written(tmp_path, described())
    assert keep_pieces(path, pieces, MAX_TOKENS, TEXTS)
    return path, pieces


def test_few_texts_have_the_tokens_of_the_whole_tokenizer(
    kept: tuple[Path, Path], request: pytest.FixtureRequest
) -> None:
    expected = whole_tokens(kept[0], TEXTS)
    request.getfixturevalue("never_whole")
    tokenizer = ModelTokenizer(*kept, MAX_TOKENS)
    for _ in range(2):  # the second time, words are remembered
        assert [tokenizer.tokens(text) for text in TEXTS] == expected
        assert tokenizer.ids(TEXTS * 20) == [tokens.ids for tokens in expected] * 20
        assert tokenizer.ids(TEXTS) == [tokens.ids for tokens in expected]
    assert len(expected[-1].ids) == MAX_TOKENS


@pytest.mark.parametrize(
    "texts",
    [["gants <mask> de"], ["</s>"], ["g" * (LONGEST_WORD + 1)], ["gants"] * (IN_BATCHES + 1)],
    ids=["mask", "end", "a long word", "many"],
)
def test_for_other_texts_the_whole_tokenizer_is_read(
    kept: tuple[Path, Path], texts: list[str], request: pytest.FixtureRequest
) -> None:
    expected = [tokens.ids for tokens in whole_tokens(kept[0], texts)]
    assert ModelTokenizer(*kept, MAX_TOKENS).ids(texts) == expected
    request.getfixturevalue("never_whole")
    with pytest.raises(AssertionError, match="is read"):
        ModelTokenizer(*kept, MAX_TOKENS).ids(texts)


@pytest.mark.parametrize(
    "tokenizer",
    [
        described(byte_fallback=True),
        described(vocab=[*PIECES, ("gants", -1.0), ("gants", -2.0)]),
        {**described(), "added_tokens": [{**described()["added_tokens"][0], "normalized": True}]},
        json.loads(Tokenizer(models.WordPiece({"gants": 0, "[UNK]": 1})).to_str()),
    ],
    ids=["bytes", "a piece twice", "normalised tokens", "word pieces"],
)
def test_other_kinds_are_read_whole(tmp_path: Path, tokenizer: dict[str, Any]) -> None:
    path, pieces = written(tmp_path, tokenizer)
    assert not keep_pieces(path, pieces, MAX_TOKENS, TEXTS)
    assert not pieces.exists()
    texts = ["gants"]
    found = ModelTokenizer(path, pieces, MAX_TOKENS)
    assert [found.tokens(text) for text in texts] == whole_tokens(path, texts)
    assert found.ids(texts) == [tokens.ids for tokens in whole_tokens(path, texts)]


def test_pieces_that_give_other_tokens_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pieces = written(tmp_path, described())
    monkeypatch.setattr(module._TokenizerOfFew, "_look_up", lambda _self, _word: ())
    assert not keep_pieces(path, pieces, MAX_TOKENS, TEXTS)
    assert not pieces.exists()


@pytest.mark.slow
def test_the_bundled_model_reads_few_texts_without_its_whole_tokenizer(
    real_encoder: Encoder, request: pytest.FixtureRequest
) -> None:
    """Thousands of texts: trades, all of Unicode, and what chance makes of it."""
    assert isinstance(real_encoder, OpenVinoEncoder)
    path = real_encoder._tokenizer._path
    chance = random.Random(15)
    kinds = [(32, 127), (0xA0, 0x250), (0x300, 0x370), (0x2000, 0x2100), (0x3040, 0xD7A0), (9, 33)]
    texts = judging_texts() + odd_texts()
    texts += [
        "".join(
            chr(chance.randrange(*kind)) for kind in chance.choices(kinds, k=chance.randrange(60))
        )
        for _ in range(2_000)
    ]
    expected = whole_tokens(path, texts, 512)
    request.getfixturevalue("never_whole")
    tokenizer = ModelTokenizer(path, path.with_name("pieces.npz"), 512)
    assert [tokenizer.tokens(text) for text in texts] == expected
