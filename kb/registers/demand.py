"""The register of demand: searches by day and fit, and the needs that nothing answered.

Off until chosen. A need is kept as a keyed hash, its words only once it was asked on several days.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kb.registers.clock import now
from kb.registers.register import Register, find
from kb.store.store import Store
from kb.text.analysis import carrying_words, stem

MOST_CHARS = 100
MOST_WORDS = 8
MOST_DIGITS = 4  # more digits in a text could be of a telephone number, a firm or a street
_QUOTED_OR_ADDRESS = re.compile('["«»“”„@/\\\\]|www\\.', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NeedWords:
    """The words of a need: `key` has their stems, in alphabetical order, `shown` is for people."""

    key: str
    shown: str


def need_words(text: str) -> NeedWords | None:
    """Returns the words of a need; None for a text that could say who asks, but for names."""
    text = unicodedata.normalize("NFKC", text)
    if len(text) > MOST_CHARS or "\n" in text.strip() or _QUOTED_OR_ADDRESS.search(text):
        return None
    if sum(map(str.isdigit, text)) > MOST_DIGITS:
        return None
    found = carrying_words(text)
    if not 0 < len(found) <= MOST_WORDS:
        return None
    stems = {stem(stem(word.forms[-1], "en"), "fr") for word in found}
    shown = dict.fromkeys(text[word.start : word.end].lower() for word in found)
    return NeedWords(" ".join(sorted(stems)), " ".join(shown))


@dataclass(frozen=True, slots=True)
class DemandChoice:
    counted: bool = False
    by: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class MissedNeed:
    id: str
    words: str
    days: int
    asked: int
    last: str


class Demand(Register):
    THRESHOLD_DAYS = 3  # different days on which a need is asked before its words are kept
    NEED_DAYS = 90  # days after which a need that was asked is forgotten
    SEARCH_DAYS = 365  # days after which the counts of searches are forgotten

    def choice(self) -> DemandChoice:
        with self._stores.lend() as store:
            return _choice(store)

    def choose(self, *, counted: bool, by: str) -> None:
        """Has searches counted, or no more; then what was counted is erased."""
        with self._writing() as store:
            store.insert("demand_choices", {"counted": int(counted), "by": by, "at": now()})
            if not counted:
                for table in ("search_counts", "missed_needs", "missed_words"):
                    store.execute(f"delete from {table}")  # noqa: S608 (named above)

    def count(
        self, day: str, fits: Mapping[str, int], missed: Sequence[NeedWords] = (), *, key: str
    ) -> None:
        """Adds to the counts of a day of searches by best fit, if chosen; `key` hashes needs."""
        # In the order of the hashes, so that the order of the searches is told by nothing.
        hashed = sorted((_hash(need.key, key), need.shown) for need in missed)
        with self._writing() as store:
            if not _choice(store).counted:
                return
            store.executemany(
                "insert into search_counts (day, fit, searches) values (?, ?, ?)"
                " on conflict (day, fit) do update set"
                " searches = search_counts.searches + excluded.searches",
                [(day, fit, searches) for fit, searches in fits.items()],
            )
            store.executemany(
                "insert into missed_needs (hash, day, asked) values (?, ?, 1)"
                " on conflict (hash, day) do update set asked = missed_needs.asked + 1",
                [(hash_, day) for hash_, _ in hashed],
            )
            store.executemany(
                "insert into missed_words (hash, words) select :hash, :words"
                " where (select count(*) from missed_needs where hash = :hash) >= :days"
                " on conflict (hash) do nothing",
                [
                    {"hash": hash_, "words": words, "days": self.THRESHOLD_DAYS}
                    for hash_, words in hashed
                ],
            )
            forget_old_counts(store, day)

    def missed(self) -> Sequence[MissedNeed]:
        return self._read(
            MissedNeed,
            "select hash as id, words, count(*) as days, "
            " cast(sum(asked) as bigint) as asked, max(day) as last"
            " from missed_words join missed_needs using (hash)"
            " group by hash, words order by asked desc, last desc, words",
        )

    def below_threshold(self) -> int:
        rows = self._rows(
            "select count(distinct hash) from missed_needs"
            " where hash not in (select hash from missed_words)"
        )
        return int(rows[0][0])

    def forget(self, need_id: str) -> None:
        with self._writing() as store:
            store.execute("delete from missed_needs where hash = ?", [need_id])
            store.execute("delete from missed_words where hash = ?", [need_id])

    def searches(self, since: str) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for row in self._rows("select * from search_counts where day >= ? order by day", [since]):
            found.setdefault(row["day"], {})[row["fit"]] = row["searches"]
        return found


def _choice(store: Store) -> DemandChoice:
    choice = find(store, DemandChoice, "select * from demand_choices order by id desc limit 1")
    return choice or DemandChoice()


def _hash(words: str, key: str) -> str:
    return hmac.new(f"missed needs {key}".encode(), words.encode(), hashlib.sha256).hexdigest()


# Within a transaction of the caller's


def forget_old_counts(store: Store, today: str) -> int:
    statements: tuple[tuple[str, list[str | int]], ...] = (
        ("delete from missed_needs where day <= ?", [_days_before(today, Demand.NEED_DAYS)]),
        ("delete from search_counts where day <= ?", [_days_before(today, Demand.SEARCH_DAYS)]),
        # What is asked on too few days again loses its words.
        (
            "delete from missed_words where (select count(*) from missed_needs"
            " where missed_needs.hash = missed_words.hash) < ?",
            [Demand.THRESHOLD_DAYS],
        ),
    )
    return sum(store.execute(statement, values).rowcount for statement, values in statements)


def _days_before(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


@dataclass(frozen=True, slots=True)
class AgeingActor:
    id: str
    name: str
    changed: str


class AgeingActors(Register):
    """The actors that did not change for long, and that no source was read for since."""

    def count(self, before: str) -> int:
        return int(self._rows(f"select count(*) {_AGEING}", {"before": before})[0][0])

    def oldest(self, before: str, limit: int) -> Sequence[AgeingActor]:
        return self._read(
            AgeingActor,
            f"select id, name, updated_at as changed {_AGEING}"
            " order by updated_at, id limit :limit",
            {"before": before, "limit": limit},
        )


# An actor whose source was read since was confirmed, if the source still lists it.
_AGEING = (
    "from actors where updated_at < :before and not exists ("
    "select 1 from statements join source_locations on source_locations.name = statements.source"
    " where statements.actor_id = actors.id and unlisted_at = '' and read_at >= :before)"
)
