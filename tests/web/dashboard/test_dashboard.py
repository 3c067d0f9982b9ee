"""The dashboard: who sees it, what it counts once somebody chose so, and what it keeps of it."""

import csv
import io
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kb.knowledge_base import DATABASE_FILE
from kb.reference.departments import NAMES
from kb.registers.accounts import AccountRole
from kb.registers.clock import today
from kb.registers.sites import Sites
from kb.search.results import Fit
from tests.web.page_reader import Page
from tests.web.sample_base import SampleBase
from tests.web.signed_in import SETTINGS, account_client, another_browser, send
from web.dashboard import TABLES, departments_missing
from web.mcp.tools import TOOLS
from web.tallies import Tallies

ROCKET = "une fusée en titane"


@pytest.fixture(scope="module")
def shared() -> Iterator[SampleBase]:
    base = SampleBase()
    base.sites = Sites(base._stores)  # those of the sample are in memory
    yield base
    base.close()


@pytest.fixture
def base(shared: SampleBase) -> SampleBase:
    """The base, with nothing counted and nobody's choice made."""
    with sqlite3.connect(shared.folder / DATABASE_FILE) as database:
        for table in ("demand_choices", "search_counts", "missed_needs", "missed_words"):
            database.execute(f"delete from {table}")
    return shared


@pytest.fixture
def administrator(base: SampleBase) -> TestClient:
    return account_client(base, AccountRole.ADMINISTRATOR)


def on_day(client: TestClient, ago: int) -> Tallies:
    """The counter of the site, on a day before today from now on."""
    base = cast("FastAPI", client.app).state.knowledge_base
    day = (date.fromisoformat(today()) - timedelta(days=ago)).isoformat()
    counter = Tallies(base, SETTINGS, lambda: day)
    counter.flush()
    cast("FastAPI", client.app).state.tallies = counter
    return counter


def kept(base: SampleBase) -> str:
    """All that is kept of searches, as text."""
    with sqlite3.connect(base.folder / DATABASE_FILE) as database:
        return repr(
            [
                database.execute(f"select * from {table}").fetchall()
                for table in ("search_counts", "missed_needs", "missed_words")
            ]
        )


def test_only_administrators_choose_whether_to_count(base: SampleBase) -> None:
    moderator = account_client(base, AccountRole.MODERATOR)
    read = Page(moderator.get("/en/dashboard").text)
    assert not [one for one in read.all("button") if one.attributes.get("value") == "count"]
    for what in ("count", "stop"):
        assert send(moderator, "/en/dashboard", {"do": what}).status_code == 403
    assert send(moderator, "/en/dashboard", {"do": "dance"}).status_code == 400
    assert not base.demand.choice().at


def test_nothing_is_counted_before_an_administrator_chooses_so(
    base: SampleBase, administrator: TestClient
) -> None:
    empty = kept(base)
    visitor = another_browser(administrator)
    counter = on_day(administrator, 0)
    visitor.get("/fr/recherche", params={"q": ROCKET})
    counter.flush()
    assert kept(base) == empty
    assert "Nothing: searches are not counted." in visitor.get("/en/privacy").text
    answer = send(administrator, "/en/dashboard", {"do": "count"})
    assert answer.headers["Location"] == "/en/dashboard?done=count#asked"
    visitor.get("/fr/recherche", params={"q": ROCKET})
    counter.flush()
    assert base.demand.searches("") == {today(): {"none": 1}}
    for path in ("/en/privacy", "/en/about"):
        assert "until it was asked on 3 different days" in visitor.get(path).text
    send(administrator, "/en/dashboard", {"do": "stop"})
    visitor.get("/fr/recherche", params={"q": ROCKET})
    counter.flush()
    assert kept(base) == empty


def test_a_need_that_is_asked_on_three_days_can_be_posted_or_erased(
    base: SampleBase, administrator: TestClient
) -> None:
    base.demand.choose(counted=True, by="Léa")
    for ago, words in ((9, ROCKET), (4, "fusées titane"), (4, ROCKET), (1, "Titane pour fusée")):
        counter = on_day(administrator, ago)
        another_browser(administrator).get("/en/search", params={"q": words})
        counter.flush()
        if ago > 1:
            assert "tane" not in kept(base)
            assert "titane" not in administrator.get("/en/dashboard").text
    page = administrator.get("/en/dashboard").text
    read = Page(page)
    (item,) = read.inside(read.one("ol", class_="queue missed"), "li")
    assert "asked 4 times, on 3 days" in " ".join(item.text.split())
    (post,) = (one for one in read.inside(item, "a") if "button" in one.attributes.get("class", ""))
    assert post.attributes["href"] == "/en/needs-and-offers/post?q=titane+fus%C3%A9e"
    assert "titane fusée" in administrator.get(post.attributes["href"]).text
    # Where to is named as in the navigation; assistants name it so, too.
    for path, board in (
        ("/fr/tableau-de-bord", "/fr/besoins-et-offres"),
        ("/en/dashboard", "/en/needs-and-offers"),
    ):
        there = Page(administrator.get(path).text)
        name = there.all("a", href=board)[0].text
        assert name in there.one("section", aria_labelledby="asked").text
        assert name in TOOLS["post_need"].description
    (hidden,) = (one for one in read.inside(item, "input") if one.attributes["name"] == "need")
    erased = send(
        administrator, "/en/dashboard", {"do": "forget", "need": hidden.attributes["value"]}
    )
    assert erased.headers["Location"] == "/en/dashboard?done=forget#asked"
    assert not base.demand.missed()
    assert base.demand.below_threshold() == 0


def test_what_may_say_who_asks_is_no_need(base: SampleBase, administrator: TestClient) -> None:
    base.demand.choose(counted=True, by="Léa")
    counter = on_day(administrator, 0)
    queries = (
        f"{ROCKET}, écrire à lea@exemple.fr",
        f"{ROCKET} 06 12 34 56 78",
        f"« {ROCKET} »",
        "Avel",  # of the base
        "Zyxtor Kwazimbo SARL",
        "84012345600017",
        f"Bonjour, je cherche {ROCKET}.\nMerci, Léa",
    )
    for query in queries:
        assert administrator.get("/fr/recherche", params={"q": query}).status_code == 200
        counter.flush()
        assert base.demand.below_threshold() == 0, query
    assert sum(base.demand.searches("")[today()].values()) == len(queries)


def test_a_search_is_counted_once_and_a_filtered_one_is_no_missed_need(
    base: SampleBase, administrator: TestClient
) -> None:
    base.demand.choose(counted=True, by="Léa")
    counter = on_day(administrator, 0)
    visitor = another_browser(administrator)
    visitor.head("/fr/recherche", params={"q": ROCKET})
    visitor.get("/fr/recherche", params={"q": ROCKET, "like": "avel"})
    visitor.get("/fr/recherche", params={"q": ROCKET, "limit": 25})
    visitor.get("/fr/recherche", params={"q": ""})
    visitor.get("/api/search", params={"q": ROCKET})
    counter.flush()
    assert base.demand.searches("") == {}
    visitor.get("/fr/recherche", params={"q": ROCKET, "department": "16"})
    counter.flush()
    assert (base.demand.searches(""), base.demand.below_threshold()) == ({today(): {"none": 1}}, 0)


def test_plots_tables_and_files_have_the_same_numbers(
    base: SampleBase, administrator: TestClient
) -> None:
    base.demand.choose(counted=True, by="Léa")
    days = [(date.fromisoformat(today()) - timedelta(days=ago)).isoformat() for ago in (29, 3, 0)]
    counted = {
        days[0]: {"strong": 3, "none": 1},
        days[1]: {"possible": 7, "weak": 1},
        days[2]: {"none": 2},
    }
    for day, fits in counted.items():
        base.demand.count(day, fits, key="k")
    read = Page(administrator.get("/en/dashboard").text)
    (plot,) = read.all("svg", class_="plot")
    assert plot.attributes["role"] == "img"
    (title,) = read.inside(plot, "title")
    assert title.text == "Searches by day and best fit"
    (description,) = read.inside(plot, "desc")
    assert "14 searches in 30 days; 71% found" in " ".join(description.text.split())
    drawn = {
        (round(float(bar.attributes["x"])) // 10, bar.attributes["class"]): round(
            float(bar.attributes["height"]) * 8 / 100
        )
        for bar in read.inside(plot, "rect")
    }
    series = {fit.value: f"series-{number}" for number, fit in enumerate(Fit)}
    assert drawn == {
        (29 - (date.fromisoformat(today()) - date.fromisoformat(day)).days, series[fit]): number
        for day, fits in counted.items()
        for fit, number in fits.items()
    }
    (table,) = (
        one
        for one in read.all("table")
        if "Searches by day and best fit" in "".join(c.text for c in read.inside(one, "caption"))
    )
    cells = [int(cell.text) for cell in read.inside(table, "td")]
    file = administrator.get("/en/dashboard/figures.csv?table=searches")
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[0] == ["Day", "Strong fit", "Possible fit", "Unlikely", "Very unlikely"]
    assert [int(cell) for row in rows[1:] for cell in row[1:]] == cells
    assert {row[0]: sum(map(int, row[1:])) for row in rows[1:] if any(map(int, row[1:]))} == {
        day: sum(fits.values()) for day, fits in counted.items()
    }


def test_each_table_is_a_file_and_a_text_in_it_is_no_formula(
    base: SampleBase, administrator: TestClient
) -> None:
    for table in TABLES:
        french = administrator.get(f"/fr/tableau-de-bord/chiffres.csv?table={table}")
        assert french.status_code == 200
        assert ";" in french.text.splitlines()[0]
    assert administrator.get("/fr/tableau-de-bord/chiffres.csv?table=accounts").status_code == 404
    missing = administrator.get("/en/dashboard/figures.csv?table=departments").text.splitlines()
    assert len(missing) > 100
    assert "23,0" in missing


def test_only_departments_of_where_the_base_is_are_missing() -> None:
    assert departments_missing({"44": 500, "16": 1}) == []
    assert departments_missing({"22": 4, "29": 5, "35": 1}) == ["56"]
    all_but_corsica = dict.fromkeys(set(NAMES) - {"2A", "2B"}, 1)
    assert departments_missing(all_but_corsica) == ["2A", "2B"]


def test_no_department_is_said_to_be_missing_where_the_base_has_one(
    administrator: TestClient,
) -> None:
    for path in ("/fr/tableau-de-bord", "/en/dashboard"):
        said = administrator.get(path).text
        assert "n’en ont aucune" not in said
        assert "have none" not in said
