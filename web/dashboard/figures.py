"""The figures of the dashboard: what is counted in the registers, as tables.

A table has the numbers of its plot and of its file, so that all three agree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kb.knowledge_base import KnowledgeBase
from kb.reference.departments import NAMES
from kb.registers.alerts.subscriptions import Subscription
from kb.registers.board.notice import NoticeState
from kb.registers.clock import before, today
from kb.registers.drafts import DraftState
from kb.registers.sites import SHOWN_DAYS, SiteCounts
from kb.search.results import Fit
from web.dashboard.labels import COLUMN_TITLES
from web.dashboard.plots import Plot, stacked_bars

YEAR_S = 365 * 24 * 60 * 60
THIN_ACTORS = 3
"""A theme with fewer actors than this is thin, and so is one with fewer actors than cases."""
SHOWN_AGEING = 10
AGEING_IN_FILE = 5_000


@dataclass(frozen=True, slots=True)
class FigureTable:
    """Rows of figures. `columns` are names of `COLUMN_TITLES`."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str | int, ...]]

    @property
    def titles(self) -> Sequence[str]:
        """The titles of the columns, in English."""
        return [COLUMN_TITLES[column] for column in self.columns]

    def plot(self, *columns: str) -> Plot:
        """Returns a bar for each row, of the numbers of these columns, the first one lowest."""
        places = [self.columns.index(column) for column in columns]
        return stacked_bars([[int(row[place]) for place in places] for row in self.rows])

    def total(self, *columns: str) -> int:
        """Returns the sum of the numbers of these columns."""
        places = [self.columns.index(column) for column in columns]
        return sum(int(row[place]) for row in self.rows for place in places)


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """What waits for moderators: how much, and since when the oldest does, empty if unknown."""

    drafts: int
    drafts_since: str
    notices: int
    notices_since: str
    answers: int
    pairs: int
    flags: int
    duplicates: int
    failing: int
    unlisted: int

    @classmethod
    def of(cls, base: KnowledgeBase) -> "WaitingWork":
        drafts = base.drafts.list([DraftState.SUBMITTED])
        notices = base.notices.list([NoticeState.WAITING])
        sources = base.source_locations.list()
        return cls(
            drafts=len(drafts),
            drafts_since=min((draft.created_at for draft in drafts), default=""),
            notices=len(notices),
            notices_since=min((notice.created_at for notice in notices), default=""),
            answers=len(base.answers.waiting()),
            pairs=len(base.notice_pairs.proposed()),
            flags=len(base.flags.waiting()),
            duplicates=base.duplicates.count(),
            failing=len(base.source_locations.failing()),
            unlisted=sum(len(base.unlisted.of(source.name)) for source in sources),
        )


def missed_needs(base: KnowledgeBase) -> FigureTable:
    found = base.demand.missed()
    return FigureTable(
        ("need", "asked", "days", "last"),
        [(need.words, need.asked, need.days, need.last) for need in found],
    )


def searches_by_fit(base: KnowledgeBase) -> FigureTable:
    """Returns the count of searches by best fit, on each of the last `SHOWN_DAYS` days."""
    days = _last_days()
    found = base.demand.searches(days[0])
    rows: list[tuple[str | int, ...]] = [
        (day, *(found.get(day, {}).get(fit, 0) for fit in Fit)) for day in days
    ]
    return FigureTable(("day", *(fit.value for fit in Fit)), rows)


def thin_themes(base: KnowledgeBase) -> FigureTable:
    """Returns the themes with few actors, those with most cases first."""
    thin = [
        theme for theme in base.themes() if theme.actors < THIN_ACTORS or theme.actors < theme.cases
    ]
    thin.sort(key=lambda theme: (theme.actors - theme.cases, theme.name))
    rows = [(theme.name, theme.actors, theme.cases) for theme in thin]
    return FigureTable(("theme", "actors", "cases"), rows)


def actors_by_department(base: KnowledgeBase) -> FigureTable:
    """Returns the count of actors of every department, in the order of their codes."""
    counts = dict(base.departments())
    return FigureTable(("department", "actors"), [(code, counts.get(code, 0)) for code in NAMES])


def ageing_actors(base: KnowledgeBase, limit: int = AGEING_IN_FILE) -> FigureTable:
    """Returns the actors that nothing confirmed for a year, the oldest first."""
    oldest = base.ageing_actors.oldest(year_ago(), limit)
    return FigureTable(
        ("organisation", "changed"), [(actor.name, actor.changed[:10]) for actor in oldest]
    )


def use_of_sites(base: KnowledgeBase) -> FigureTable:
    """Returns the use of each site that embeds the search, on each of the last days."""
    return FigureTable(
        ("site", "day", "searches", "empty", "selections"),
        [(name, *row) for name, table in use_by_site(base).items() for row in table.rows],
    )


def use_by_site(base: KnowledgeBase) -> Mapping[str, FigureTable]:
    """Returns the use by day of each site, by its name; of namesakes, by name and key."""
    days = _last_days()
    sites = base.sites.list()
    names = [site.name for site in sites]
    found = {}
    for site in sites:
        counts = dict(base.sites.counts(site.key, since=days[0]))
        used = [(day, counts.get(day, SiteCounts())) for day in days]
        rows = [(day, use.searches, use.empty, use.selections) for day, use in used]
        name = site.name if names.count(site.name) == 1 else f"{site.name} ({site.key})"
        found[name] = FigureTable(("day", "searches", "empty", "selections"), rows)
    return found


def subscribed(base: KnowledgeBase) -> Sequence[Subscription]:
    """Returns the alerts by mail that somebody confirmed."""
    return base.subscriptions.confirmed()


TABLES: Mapping[str, Callable[[KnowledgeBase], FigureTable]] = {
    "searches": searches_by_fit,
    "needs": missed_needs,
    "themes": thin_themes,
    "departments": actors_by_department,
    "ageing": ageing_actors,
    "sites": use_of_sites,
}
"""The tables that there are files of, by the name in their address."""


def year_ago() -> str:
    """Returns the day a year ago."""
    return before(YEAR_S)[:10]


def _last_days() -> Sequence[str]:
    last = date.fromisoformat(today())
    return [(last - timedelta(days=ago)).isoformat() for ago in reversed(range(SHOWN_DAYS))]
