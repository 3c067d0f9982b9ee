"""Sources: the directories that are ingested, and how a person said their columns are read."""

import json
from collections.abc import Mapping

from kb.registers.clock import now
from kb.store.pool import StorePool


class Sources:
    """The register of how each source's columns are read."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def mapping(self, name: str) -> Mapping[str, str]:
        """What a person said of a source's columns, by header; empty if nobody said anything."""
        with self._stores.lend() as store:
            row = store.database.conn.execute(
                "select mapping from sources where name = ?", [name]
            ).fetchone()
        return dict(json.loads(row["mapping"])) if row else {}

    def remember(self, name: str, mapping: Mapping[str, str]) -> None:
        """Keeps how a source's columns are read, in the place of what was known of it.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
        """
        with self._stores.lend() as store, store.writing():
            store.database.table("sources").upsert(
                {
                    "name": name,
                    "mapping": json.dumps(dict(mapping), ensure_ascii=False),
                    "updated_at": now(),
                },
                pk="name",
            )
