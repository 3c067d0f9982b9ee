"""Serves a copy of the sample base in a process of its own, with an encoder that counts words.

`python -m tests.web.operations.small_server FOLDER` prints the address of the server when it
listens. Further arguments are given to `quisait serve`.
"""

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from kb.encoder.encoder import Encoder
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.search.results import SearchResult
from kb.settings import Settings
from kb.store.store import Store
from tests.web.sample_base import ACTORS, CASES, sample_encoder
from web import searcher, server
from web.cli import main

HELD = "cirages held"
"""A need that is searched for as long as a file of this name is in the folder."""


class SmallBase(KnowledgeBase):
    """The sample base in a folder, made when it is first opened."""

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        create: bool = False,
        encoder: Callable[[], Encoder] | None = None,
    ) -> Self:
        settings.folder.mkdir(exist_ok=True)
        is_new = not (settings.folder / DATABASE_FILE).exists()
        Store.open(settings.folder / DATABASE_FILE, create=is_new).close()
        base = cls(settings.folder, encoder or sample_encoder)
        if is_new:
            base.put([*ACTORS, *CASES])
        return base

    def search(self, query: str, **named: Any) -> SearchResult:
        while query == HELD and (self.folder / HELD).exists():
            time.sleep(0.01)
        return super().search(query, **named)


SMALL: dict[str, Any] = {
    # What the real encoder alone needs is not loaded.
    "KnowledgeBase": SmallBase,
    "warm_up": lambda _: None,
    "warm_up_hints": lambda _: None,
}


def run_small_searcher(channel: socket.socket, encoder: socket.socket, settings: Settings) -> None:
    with patch.multiple(searcher, **SMALL):
        searcher.run_searcher(channel, encoder, settings)


def serve(folder: Path, *arguments: str) -> None:
    with (
        patch("kb.encoder.prepared.load_ahead", lambda _: sample_encoder),
        patch.multiple(
            server, **SMALL, prepare_reading=lambda: None, run_searcher=run_small_searcher
        ),
    ):
        main(["--kb", str(folder), "serve", *arguments])


if __name__ == "__main__":
    serve(Path(sys.argv[1]), *sys.argv[2:])
