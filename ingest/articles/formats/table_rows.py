"""Rows of tables as blocks."""

from collections.abc import Sequence

from ingest.articles.blocks import Block, BlockKind
from ingest.articles.markdown_escape import escaped

MAX_CELL_CHARS = 400
"""The longest cell that is a value; a longer cell holds a part of the page."""


def row_block(cells: Sequence[str], width: int = 0) -> Block:
    """The block of a row, with empty cells up to a width; two cells are a label and its value."""
    shown = [escaped(cell).replace("|", "\\|") for cell in cells]
    shown += [""] * (width - len(shown))
    text = f"| {' | '.join(shown)} |"
    return Block(row_text(cells), text, BlockKind.ROW, stands_alone=False)


def row_text(cells: Sequence[str]) -> str:
    return " : ".join(cells) if len(cells) == 2 else " | ".join(cells)
