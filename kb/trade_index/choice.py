"""The trade index that the settings name."""

import contextlib
import json
from pathlib import Path

from kb.errors import EncoderError
from kb.settings import BUNDLED_TRADE_INDEX, NO_TRADE_INDEX, Settings
from kb.trade_index.trade_index import BUNDLED, CARD_FILE


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


def state_of(folder: Path | None, fingerprint: str) -> str:
    """A line about a trade index, for who uses the encoder with this fingerprint; by its card."""
    if folder is None:
        return "none"
    card = {}
    with contextlib.suppress(OSError, ValueError):
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    line = f"{card.get('phrases', '?')} phrases"
    if card.get("fingerprint") != fingerprint:
        line += f", made for {card.get('encoder', 'another encoder')}: "
        line += "used only if the embeddings of this encoder agree"
    return line
