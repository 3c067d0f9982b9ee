"""Sources that are read again: from a site on this machine, and from folders."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ingest.fetching.safe_fetch import Fetcher
from ingest.report import FieldChange, RecordChange, SourceReport
from ingest.schedule import queue_reading
from ingest.source_reading import SourceReading
from ingest.submission import Submissions
from ingest.worker import run_next
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.registers.jobs import JobState
from kb.registers.records.rereading import Interval
from tests.ingest.articles.test_feeds import item, rss
from tests.ingest.local_site import Site, page, serving
from tests.ingest.sample_articles import PARAGRAPHS
from tests.ingest.test_drafting import OTHER

HEADER = "Réf;Nom;Activité;Commune;Tél.\n"
AVEL = "1;Avel;Fabrique des cirages;Magnac;0536490010\n"
MERLET = "2;Merlet;Distille des eaux-de-vie;Cognac;\n"
BRUN = "3;Brun;Scie du chêne;Jarnac;\n"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving({}) as served:
        yield served


def read(
    base: KnowledgeBase, site: Site, path: str = "", name: str = "cci", location: str = ""
) -> SourceReport:
    """Reads a source, which is registered before the first reading."""
    names = {known.name for known in base.source_locations.list()}
    if name not in names:
        base.source_locations.add(name, location or site.url(path), Interval.DAY)
    fetcher = Fetcher(local={site.origin})
    submissions = Submissions(base, by="léa", fetcher=fetcher)
    return SourceReading(base, submissions, fetcher).read(name)


def csv(*rows: str, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return page("".join([HEADER, *rows]), "text/csv", headers=headers)


def test_a_reading_tells_what_is_new_changed_gone_and_unchanged(
    base: KnowledgeBase, site: Site
) -> None:
    site.answers["/f.csv"] = csv(AVEL, MERLET)
    first = read(base, site, "/f.csv")
    assert [(change.name, change.is_new) for change in first.changes] == [
        ("Avel", True),
        ("Merlet", True),
    ]
    site.answers["/f.csv"] = csv(
        "1;Avel;Fabrique des cirages et des colles;Magnac;0536490099\n", BRUN
    )
    second = read(base, site, "/f.csv")
    assert list(second.changes) == [
        RecordChange(
            Kind.ACTOR,
            "1",
            "Avel",
            is_new=False,
            fields=(
                FieldChange(
                    "description", "Fabrique des cirages", "Fabrique des cirages et des colles"
                ),
                FieldChange("phone"),  # contacts are not told
            ),
        ),
        RecordChange(Kind.ACTOR, "3", "Brun", is_new=True),
    ]
    assert [(record.id, record.name) for record in second.gone] == [("2", "Merlet")]
    assert (second.added, second.changed, second.unchanged) == (1, 1, 0)
    assert base.actor("2").name == "Merlet"  # never deleted


def test_what_is_gone_stays_flagged_until_it_is_listed_again_or_withdrawn(
    base: KnowledgeBase, site: Site
) -> None:
    site.answers["/f.csv"] = csv(AVEL, MERLET, BRUN)
    read(base, site, "/f.csv")
    site.answers["/f.csv"] = csv(AVEL)
    read(base, site, "/f.csv")
    assert {record.id for record in base.unlisted.of("cci")} == {"2", "3"}
    base.withdraw(Kind.ACTOR, "3", by="léa")
    assert {record.id for record in base.unlisted.of("cci")} == {"2"}
    site.answers["/f.csv"] = csv(AVEL, MERLET.replace("Distille", "Distille encore"))
    third = read(base, site, "/f.csv")
    assert base.unlisted.of("cci") == []
    assert third.gone == []


def test_a_directory_without_rows_fails_where_it_had_some_and_flags_nothing(
    base: KnowledgeBase, site: Site
) -> None:
    site.answers["/f.csv"] = csv()
    assert read(base, site, "/f.csv").problem == ""  # it had none before either
    site.answers["/f.csv"] = csv(AVEL, MERLET)
    read(base, site, "/f.csv")
    site.answers["/f.csv"] = csv()
    for failures in (1, 2, 3):
        report = read(base, site, "/f.csv")
        assert "is empty" in report.problem
        assert base.source_locations.get("cci").failures == failures
    assert "is empty" in base.source_locations.failing()[0].problem
    assert base.unlisted.of("cci") == []
    site.answers["/f.csv"] = csv(AVEL, MERLET)
    read(base, site, "/f.csv")
    assert base.source_locations.get("cci").failures == 0


@pytest.mark.parametrize("content", [HEADER + AVEL, "---\ntitle: Un\nneed: du gel\n---\nRécit.\n"])
def test_a_folder_that_was_emptied_is_a_failure(
    base: KnowledgeBase, site: Site, tmp_path: Path, content: str
) -> None:
    folder = tmp_path / "annuaire"
    folder.mkdir()
    file = folder / ("a.csv" if content.startswith(HEADER) else "a.md")
    file.write_text(content, encoding="utf-8")
    read(base, site, location=str(folder))
    file.unlink()
    assert "is empty" in read(base, site).problem
    assert base.source_locations.get("cci").failures == 1
    assert base.unlisted.of("cci") == []


def test_unchanged_content_is_not_sent_again_by_a_server_that_knows(
    base: KnowledgeBase, site: Site
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers["If-None-Match"] == '"v1"':
            page(b"", status=304)(handler)
        else:
            csv(AVEL, ETag='"v1"', **{"Last-Modified": "Thu, 26 Nov 2026 03:00:00 GMT"})(handler)

    site.answers["/f.csv"] = answer
    assert not read(base, site, "/f.csv").is_same
    again = read(base, site, "/f.csv")
    assert again.is_same
    assert again.read == 0
    asked = [headers for path, headers in site.seen if path == "/f.csv"]
    assert "If-None-Match" not in asked[0]
    assert asked[1]["If-Modified-Since"] == "Thu, 26 Nov 2026 03:00:00 GMT"
    assert base.source_locations.get("cci").failures == 0


def test_a_page_where_a_directory_was_is_a_failure(base: KnowledgeBase, site: Site) -> None:
    site.answers["/f.csv"] = csv(AVEL)
    read(base, site, "/f.csv")
    site.answers["/f.csv"] = page("<html><body><p>Connectez-vous.</p></body></html>")
    with pytest.raises(InputError, match="no longer what it was"):
        read(base, site, "/f.csv")
    assert base.drafts.list() == []
    assert base.unlisted.of("cci") == []


def test_new_items_of_a_feed_become_drafts(base: KnowledgeBase, site: Site) -> None:
    rss_type = "application/rss+xml"
    first_item = item(title="Un", link="https://blog.example/un", content=PARAGRAPHS)
    site.answers["/feed"] = page(rss(first_item), rss_type)
    first = read(base, site, "/feed", name="blog")
    assert [draft.title for draft in first.drafts] == ["Un"]
    assert read(base, site, "/feed", name="blog").is_same
    other = item(title="Deux", link="https://blog.example/deux", content=f"<p>{OTHER}</p>")
    site.answers["/feed"] = page(rss(other, first_item), rss_type)
    third = read(base, site, "/feed", name="blog")
    assert [draft.title for draft in third.drafts] == ["Deux"]
    assert len(third.known) == 1


def test_three_failures_in_a_row_are_for_people_to_see_and_a_success_ends_them(
    base: KnowledgeBase, site: Site
) -> None:
    site.answers["/f.csv"] = page("no", status=500)
    for failures in (1, 2, 3):
        assert base.source_locations.failing() == []
        with pytest.raises(InputError, match="error 500"):
            read(base, site, "/f.csv")
        assert base.source_locations.get("cci").failures == failures
    assert [location.name for location in base.source_locations.failing()] == ["cci"]
    site.answers["/f.csv"] = csv(AVEL)
    read(base, site, "/f.csv")
    assert base.source_locations.failing() == []
    assert base.source_locations.get("cci").problem == ""


def test_a_folder_is_read_again_when_a_file_in_it_changes(
    base: KnowledgeBase, site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "annuaire"
    folder.mkdir()
    (folder / "a.csv").write_text(HEADER + AVEL + MERLET, encoding="utf-8")
    case = "---\ntitle: {}\nneed: du gel\n---\nRécit.\n"
    for name in ("un", "deux"):
        (folder / f"{name}.md").write_text(case.format(name), encoding="utf-8")
    first = read(base, site, name="annuaire", location=str(folder))
    assert first.added == 4
    assert read(base, site, name="annuaire").is_same
    (folder / "a.csv").write_text(HEADER + AVEL, encoding="utf-8")
    (folder / "deux.md").unlink()
    (folder / "un.md").write_text(case.format("un").replace("gel", "gel hydroalcoolique"))
    second = read(base, site, name="annuaire")
    assert list(second.changes) == [
        RecordChange(
            Kind.CASE,
            "un",
            "un",
            is_new=False,
            fields=(FieldChange("need", "du gel", "du gel hydroalcoolique"),),
        )
    ]
    assert {(record.kind, record.id) for record in second.gone} == {
        (Kind.ACTOR, "2"),
        (Kind.CASE, "deux"),
    }


def test_a_job_reads_a_source_and_keeps_what_changed(
    base: KnowledgeBase, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUISAIT_FETCH_LOCAL", site.origin)
    site.answers["/f.csv"] = csv(AVEL)
    location = base.source_locations.add("cci", site.url("/f.csv"), Interval.DAY, by="léa")
    queue_reading(base, location)
    assert run_next(base)
    (job,) = base.jobs.of_source("cci")
    assert (job.state, job.created_by, job.done) == (JobState.DONE, "léa", 1)
    assert job.report["changes"] == [
        {"kind": "actor", "id": "1", "name": "Avel", "is_new": True, "fields": []}
    ]
    base.erase(Kind.ACTOR, "1", by="léa")
    assert base.jobs.get(job.id).report["changes"] == []
