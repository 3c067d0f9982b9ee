import sqlite3
from pathlib import Path

import pytest

from kb.store import database


@pytest.fixture
def lazy_deletes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deletes as SQLite does where it was not built to overwrite what is deleted."""
    connect = database._connect

    def connected(path: Path, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        connection.execute("pragma secure_delete = off")
        return connection

    monkeypatch.setattr(database, "_connect", connected)
