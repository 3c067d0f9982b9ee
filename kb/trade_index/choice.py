"""The trade index that the settings name."""

from pathlib import Path

from kb.errors import EncoderError
from kb.settings import BUNDLED_TRADE_INDEX, NO_TRADE_INDEX, Settings
from kb.trade_index.trade_index import BUNDLED


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
