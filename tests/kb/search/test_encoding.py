"""A failing encoder fails the search."""

from collections.abc import Sequence

import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import EncoderError
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS


class Failing(WordCountEncoder):
    """Fails to encode queries once it is told to."""

    fails = False

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if kind is TextKind.QUERY and self.fails:
            raise EncoderError("gone")
        return super().encode(texts, kind)


def test_an_error_of_the_encoder_is_the_error_of_the_search(open_base: OpenBase) -> None:
    encoder = Failing()
    base = open_base(encoder)
    base.put(RECORDS)
    encoder.fails = True
    with pytest.raises(EncoderError, match="gone"):
        base.search("gants de cuir")
    encoder.fails = False
    assert base.search("gants de cuir").hits
