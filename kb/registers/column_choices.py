"""Column choices: how a person chose that the columns of each directory are read."""

import json
from collections.abc import Mapping

from kb.registers.clock import now
from kb.store.pool import StorePool


class ColumnChoices:
    """The register of the chosen targets of columns, by source."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def mapping(self, name: str) -> Mapping[str, str]:
        """The chosen target of each of a source's columns, by header; empty if nobody chose any."""
        with self._stores.lend() as store:
            row = store.execute("select mapping from sources where name = ?", [name]).fetchone()
        return dict(json.loads(row["mapping"])) if row else {}

    def remember(self, name: str, mapping: Mapping[str, str]) -> None:
        """Stores the chosen targets of a source's columns, in the place of any before.

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
