"""Serves a copy of the sample base in a process of its own, with an encoder that counts words.

`python -m tests.web.operations.small_server FOLDER` prints the address of the server when it
listens. Further arguments are given to `quisait serve`.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from kb.encoder.encoder import Encoder
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.settings import Settings
from kb.store.store import Store
from tests.web.sample_base import ACTORS, CASES, sample_encoder
from web import server
from web.cli import main


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


SMALL: dict[str, Any] = {
    # What the real encoder alone needs is not loaded.
    "KnowledgeBase": SmallBase,
    "warm_up": lambda _: None,
    "prepare_reading": lambda: None,
    "warm_up_hints": lambda _: None,
}


def serve(folder: Path, *arguments: str) -> None:
    with patch("kb.knowledge_base.load_encoder", lambda _: sample_encoder()):
        main(["--kb", str(folder), "serve", *arguments])


if __name__ in {"__main__", "__mp_main__"}:  # of a server, and of each further worker
    patch.multiple(server, **SMALL).start()

if __name__ == "__main__":
    serve(Path(sys.argv[1]), *sys.argv[2:])
