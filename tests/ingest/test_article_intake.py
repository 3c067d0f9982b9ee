"""Articles from the command line and in the background, with a site on this machine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.article_intake import ArticleIntake
from ingest.fetching.safe_fetch import Fetcher
from ingest.pipeline import ingest
from ingest.submission import Submissions
from ingest.worker import run_next
from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind
from kb.registers.drafts import DraftState
from kb.registers.jobs import JobState
from tests.ingest.articles.test_feeds import item, rss
from tests.ingest.commands.test_commands import encoder as encoder  # noqa: PLC0414 (a fixture)
from tests.ingest.commands.test_commands import opened, run
from tests.ingest.local_site import Site, page, serving
from tests.ingest.sample_articles import BODY, NETWORK_HTML, NETWORK_PAGE, PARAGRAPHS, SECOND, TITLE
from tests.ingest.test_drafting import OTHER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "page.txt").write_text(NETWORK_PAGE, encoding="utf-8")
    (folder / "chaudiere.md").write_text(f"# Une chaudière\n\n{OTHER}\n", encoding="utf-8")
    (folder / "README.md").write_text(f"# Ce dossier\n\n{SECOND}\n", encoding="utf-8")
    (folder / "vide.html").write_text("<html><body></body></html>", encoding="utf-8")
    (folder / "bad.pdf").write_bytes(b"no PDF")
    (folder / "cas.md").write_text("---\ntitle: Un cas\n---\nRécit.\n", encoding="utf-8")
    return folder


@pytest.fixture
def site() -> Iterator[Site]:
    with serving({"/12": page(NETWORK_HTML)}) as served:
        yield served


def intake(
    base: KnowledgeBase, site: Site | None = None, *, publish: bool = False
) -> ArticleIntake:
    fetcher = Fetcher(local={site.origin}) if site else None
    submissions = Submissions(base, by="léa", fetcher=fetcher)
    return ArticleIntake(base, submissions, publish=publish)


def test_articles_wait_for_a_moderator_and_cases_do_not(base: KnowledgeBase, folder: Path) -> None:
    report = ingest(base, [folder], articles=intake(base))
    assert sorted(one.title for one in report.drafts) == [TITLE, "Une chaudière"]
    assert base.ids(Kind.CASE) == {"un-cas"}
    assert {draft.state for draft in base.drafts.list()} == {DraftState.SUBMITTED}
    assert [str(note) for note in report.failures] == [f"{folder}/bad.pdf: is not a PDF"]
    assert sorted(note.file for note in report.skipped) == [
        f"{folder}/README.md",
        f"{folder}/vide.html",
    ]


def test_proposals_can_be_published_at_once(base: KnowledgeBase, folder: Path) -> None:
    report = ingest(base, [folder / "page.txt"], articles=intake(base, publish=True))
    (drafted,) = report.drafts
    assert (drafted.case_id, report.added) == ("du-petit-lait-pour-les-betes", 1)
    assert base.case(drafted.case_id).author == "Jeanne Morel"
    assert base.drafts.get(drafted.draft_id).state is DraftState.PUBLISHED


# Addresses and feeds


def test_a_page_and_a_file_of_the_same_article_are_one(
    base: KnowledgeBase, folder: Path, site: Site
) -> None:
    site.answers["/12"] = page(f"<html lang=fr><h1>{TITLE}</h1>{PARAGRAPHS}</html>")
    (folder / "copie.txt").write_text(f"{TITLE}\n\n{BODY}\n", encoding="utf-8")
    taken = intake(base, site)
    report = ingest(base, [folder / "copie.txt"], articles=taken, addresses=[site.url("/12")])
    assert len(report.drafts) == 1
    assert [str(note) for note in report.known] == [
        f"{site.url('/12')}: is there already: the draft '{TITLE}' "
        f"({report.drafts[0].draft_id}) has the same text"
    ]


def test_one_bad_address_does_not_hold_up_the_others(base: KnowledgeBase, site: Site) -> None:
    site.answers["/image"] = page(b"...", "image/png")
    taken = intake(base, site)
    for url in ("http://192.168.0.1/", site.url("/image"), site.url("/none"), site.url("/12")):
        taken.take_url(url)
    assert [str(note) for note in taken.report.failures] == [
        "http://192.168.0.1/: '192.168.0.1' is at 192.168.0.1, which is not a public address: it "
        "is not fetched",
        f"{site.url('/image')}: is image/png, which is not an article",
        f"{site.url('/none')}: answers with error 404: check the address",
    ]
    assert [one.title for one in taken.report.drafts] == [TITLE]


def test_the_items_of_a_feed_each_become_a_draft_once(base: KnowledgeBase, site: Site) -> None:
    items = [
        item(link=site.url("/12")),
        item(title="Une chaudière", link=site.url("/13"), content=f"<p>{OTHER}</p>"),
        item(title="Perdu", link=site.url("/lost")),
    ]
    site.answers["/feed"] = page(rss(*items), "application/rss+xml")
    taken = intake(base, site)
    taken.take_url(site.url("/feed"))
    assert [one.title for one in taken.report.drafts] == [TITLE, "Une chaudière"]
    assert [note.file for note in taken.report.failures] == [site.url("/lost")]
    again = intake(base, site)
    again.take_feed(site.url("/feed"))
    assert (len(again.report.drafts), len(again.report.known)) == (0, 2)


# The command


@pytest.mark.usefixtures("encoder")
def test_the_command_takes_files_and_addresses(
    tmp_path: Path, folder: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUISAIT_FETCH_LOCAL", site.origin)
    result = run("ingest", folder / "chaudiere.md", site.url("/12"), kb=tmp_path / "kb")
    assert result.exit_code == 0, result.output
    base = opened(tmp_path / "kb")
    drafts = {draft.record.title: draft.id for draft in base.drafts.list()
              if isinstance(draft.record, Case)}  # fmt: skip
    base.close()
    assert result.output.splitlines()[:3] == [
        "2 read, 0 added, 0 changed, 0 unchanged, 0 failed, 2 drafted; passages embedded: 0.",
        f"{folder}/chaudiere.md: Une chaudière → draft {drafts['Une chaudière']}, waiting for a "
        "moderator",
        f"{site.url('/12')}: {TITLE} → draft {drafts[TITLE]}, waiting for a moderator",
    ]


# In the background


def test_a_job_of_articles(
    base: KnowledgeBase, folder: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUISAIT_FETCH_LOCAL", site.origin)
    parameters = {
        "paths": json.dumps([str(folder / "chaudiere.md"), str(folder / "bad.pdf")]),
        "urls": json.dumps([site.url("/12")]),
    }
    job = base.jobs.add("articles", parameters, by="léa")
    assert run_next(base)
    done = base.jobs.get(job.id)
    assert (done.state, done.done, done.total) == (JobState.DONE, 3, 3)
    assert [one["file"] for one in done.report["drafts"]] == ["chaudiere.md", site.url("/12")]  # type: ignore[attr-defined]
    assert {draft.created_by for draft in base.drafts.list()} == {"léa"}
