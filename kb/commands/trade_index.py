"""The command `quisait index-trades`. Imports click; the rest when it runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Index the phrases of activity indexes.")
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with the nomenclatures: see docs/adaptation.md.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("trade-index"),
    show_default=True,
    help="The output folder: the index and its card.",
)
def index_trades(data: Path, out: Path) -> None:
    """Make the trade index of an encoder, from which a search knows in which trades a text is.

    The encoder is that of the settings. Set QUISAIT_TRADE_INDEX to the output folder to use the
    result.
    """
    from kb.adaptation.trade_indexing import make_trade_index
    from kb.encoder.prepared import load_encoder
    from kb.settings import Settings

    encoder = load_encoder(Settings.from_environment())
    index = make_trade_index(data, encoder, out, click.echo)
    click.echo(f"{len(index)} phrases are in {out}.")
