from pathlib import Path

import pytest

from kb.adaptation.trade_indexing import make_trade_index
from tests.encoders import WordCountEncoder


@pytest.fixture(scope="session")
def index_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trade index of the tiny nomenclatures and the lexicon, which takes seconds to make."""
    folder = tmp_path_factory.mktemp("trades") / "of"
    make_trade_index(Path("tests/data/nomenclatures"), WordCountEncoder(), folder, lambda _: None)
    return folder
