"""The bundled model as it reads articles, by some of its layers."""

import logging
from functools import cache

from kb.encoder.encoder import Encoder
from kb.encoder.prepared import load_encoder, prepare
from kb.errors import EncoderError
from kb.settings import BUNDLED_MODEL, NO_ADAPTATION, Settings

_log = logging.getLogger(__name__)
LOWER_LAYERS = 7  # the layers of the bundled model, of twelve, whose vectors tell who acts
READING_LAYERS = (LOWER_LAYERS, 0)  # the layers that are read for names and for roles; 0 for all


@cache
def reading_encoder(layers: int) -> Encoder:
    """The bundled model, whichever model searches, on a single thread; 0 for all its layers."""
    return load_encoder(_settings(), layers=layers)


def prepare_reading() -> None:
    """Prepares the models that read articles, once; logs a failure, told to who needs them."""
    try:
        for layers in READING_LAYERS:
            prepare(_settings(), layers=layers)
    except EncoderError as error:
        _log.warning("The models that read articles are not prepared: %s", error)


def _settings() -> Settings:
    return Settings.from_environment(model=BUNDLED_MODEL, adaptation=NO_ADAPTATION, threads=1)
