"""The bundled model as it reads articles, by some of its layers; prepared before the first article.

Nothing that reads is imported: a server prepares the models when it starts.
"""

from contextlib import suppress
from functools import cache
from multiprocessing import get_context

from kb.encoder.encoder import Encoder
from kb.encoder.prepared import is_prepared, load_encoder
from kb.errors import EncoderError
from kb.settings import BUNDLED_MODEL, NO_ADAPTATION, Settings

LOWER_LAYERS = 7
"""The layers of the bundled model, of twelve, whose vectors tell who acts."""

READING_LAYERS = (LOWER_LAYERS, 0)
"""The layers that are read for names and for roles; 0 for all."""


@cache
def reading_encoder(layers: int) -> Encoder:
    """The bundled model, whichever model searches, on a single thread; 0 for all its layers."""
    return load_encoder(_settings(), layers=layers)


def prepare_reading() -> None:
    """Prepares the models that read articles, in a process of its own if that is still to be done.

    It returns at once. The process takes half a minute and 2 GB, which stay with nobody; what goes
    wrong there is told by the first article.
    """
    with suppress(EncoderError):
        if not all(is_prepared(_settings(), layers=layers) for layers in READING_LAYERS):
            get_context("spawn").Process(target=_prepare, daemon=True).start()


def _prepare() -> None:
    with suppress(EncoderError):
        for layers in READING_LAYERS:
            load_encoder(_settings(), layers=layers)


def _settings() -> Settings:
    given = Settings.from_environment(model=BUNDLED_MODEL, adaptation=NO_ADAPTATION, threads=1)
    # The judges learnt from vectors of words that are not rounded.
    return given.model_copy(update={"engine": "auto"}) if given.engine == "int8" else given
