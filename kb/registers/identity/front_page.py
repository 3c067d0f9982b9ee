"""The front page: the stories that moderators chose for it, and the newest after them."""

import json
from collections.abc import Collection, Sequence

from kb.registers.clock import now
from kb.store.pool import StorePool


class FrontPage:
    """The stories on the front page. A story is the id that a case and its translations share."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def choose(self, story: str, *, by: str) -> None:
        """Puts a story first on the front page."""
        with self._stores.lend() as store, store.writing():
            store.execute(
                "insert into front_page (story, chosen_by, chosen_at) values (?, ?, ?)"
                " on conflict (story) do update set"
                " chosen_by = excluded.chosen_by, chosen_at = excluded.chosen_at",
                [story, by, now()],
            )

    def leave_out(self, story: str) -> None:
        """Chooses a story no more, if it was."""
        with self._stores.lend() as store, store.writing():
            store.execute("delete from front_page where story = ?", [story])

    def is_chosen(self, story: str) -> bool:
        with self._stores.lend() as store:
            found = store.execute("select 1 from front_page where story = ?", [story]).fetchone()
        return found is not None

    def stories(self, most: int) -> Sequence[Collection[str]]:
        """Returns the ids of the editions of each story to show: the chosen, then the newest."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select json_group_array(id) as editions,"
                " coalesce(nullif(translation_of, ''), id) as its_story from cases"
                " left join front_page on story = coalesce(nullif(translation_of, ''), id)"
                " group by its_story order by max(chosen_at) desc nulls last, max(date) desc,"
                " its_story limit ?",
                [most],
            ).fetchall()
        return [json.loads(row["editions"]) for row in rows]
