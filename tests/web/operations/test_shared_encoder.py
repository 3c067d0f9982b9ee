import socket
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import EncoderError
from tests.encoders import WordCountEncoder
from web.operations.shared_encoder import SharedEncoder, share_encoder

TEXTS = ["du gel", "Œuvre d'été 🙂", "\ud800 seul"]


@pytest.fixture
def channel() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_it_gives_what_the_encoder_gives(channel: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = channel
    encoder = WordCountEncoder()
    share_encoder(lambda: encoder, ours)
    shared = SharedEncoder(theirs)
    assert (shared.name, shared.engine) == (encoder.name, encoder.engine)
    assert (shared.fingerprint, shared.dimension) == (encoder.fingerprint, encoder.dimension)
    for kind in TextKind:
        assert np.array_equal(shared.encode(TEXTS, kind), encoder.encode(TEXTS, kind))
        assert shared.encode([], kind).shape == (0, encoder.dimension)
    words = encoder.encode_words("du gel", TextKind.QUERY)
    found = shared.encode_words("du gel", TextKind.QUERY)
    assert (words is None) == (found is None)
    if words and found:
        assert found.spans == words.spans
        assert np.array_equal(found.tokens, words.tokens)


def test_what_the_encoder_refuses_is_told(channel: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = channel

    def refuse() -> WordCountEncoder:
        raise EncoderError("The model cannot be found.")

    share_encoder(refuse, ours)
    with pytest.raises(EncoderError, match="The model cannot be found"):
        SharedEncoder(theirs)


def test_a_failure_of_the_encoder_is_told_and_the_next_text_is_encoded(
    channel: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(WordCountEncoder):
        def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
            if "hostile" in texts:
                raise RuntimeError("out of memory")
            return super().encode(texts, kind)

    ours, theirs = channel
    encoder = Failing()
    share_encoder(lambda: encoder, ours)
    shared = SharedEncoder(theirs)
    with pytest.raises(EncoderError, match="The encoder failed"):
        shared.encode(["hostile"], TextKind.QUERY)
    assert "out of memory" in caplog.text
    assert len(shared.encode(["du gel"], TextKind.QUERY)) == 1


def test_it_ends_with_the_process_that_has_it(
    channel: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = channel
    ours.close()
    with pytest.raises(EncoderError, match="is gone"):
        SharedEncoder(theirs)
