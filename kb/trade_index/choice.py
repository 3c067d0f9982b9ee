"""The trade index that the settings name."""

from pathlib import Path

from kb.encoder.encoder import Encoder
from kb.errors import EncoderError
from kb.settings import BUNDLED_TRADE_INDEX, NO_TRADE_INDEX, Settings
from kb.trade_index.trade_index import BUNDLED, TradeIndex, probe_rows


def find_trade_index(settings: Settings) -> Path | None:
    """The folder of the trade index that the settings name, if any.

    Raises:
        EncoderError: there is no such folder.
    """
    if settings.trade_index == NO_TRADE_INDEX:
        return None
    if settings.trade_index == BUNDLED_TRADE_INDEX:
        return BUNDLED
    folder = Path(settings.trade_index).expanduser()
    if not folder.is_dir():
        raise EncoderError(
            f"QUISAIT_TRADE_INDEX={settings.trade_index!r} is neither `{BUNDLED_TRADE_INDEX}`, "
            f"`{NO_TRADE_INDEX}` nor a folder."
        )
    return folder


def state_of(folder: Path | None, encoder: Encoder) -> str:
    """A line about a trade index: its phrases, and whether searches with this encoder use them.

    Raises:
        EncoderError: the folder holds no trade index that can be read.
    """
    if folder is None:
        return "none"
    index = TradeIndex.read(folder)
    line = f"{len(index):,} phrases"
    if index.knows(probe_rows(encoder)):
        return f"{line}, used"
    return f"{line}, not used: made for {index.encoder or 'another encoder'}"
