"""The editorial pages in a real browser: accessible in every state, and the way through them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Cookie, Page, expect

from kb.knowledge_base import KnowledgeBase
from kb.models import Kind, Participation, Record
from kb.reference.roles import Role
from kb.registers.accounts import AccountRole
from kb.registers.drafts import DraftState, Proposals, ProposedField, ProposedParticipation
from kb.registers.jobs import SOURCE_JOB, JobState
from kb.registers.records.rereading import MANY_FAILURES, Interval
from tests.browser.accessibility import check_page
from tests.browser.conftest import Visits, made_base, signed_in
from tests.web.editorial.test_contribute import BODY, TITLE
from tests.web.editorial.test_draft import CASE, PROPOSALS, SOURCE
from tests.web.editorial.test_editorial_pages import TWIN
from tests.web.sample_base import ANGOULEME, AVEL, DISTILLERY

pytestmark = pytest.mark.browser

ENTRY = "/fr/contribuer/organisation?participant=Avel"
LONG_WORD = "anticonstitutionnellement" * 12


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    records: list[Record] = [replace(AVEL, closed_on="2024-03-31"), DISTILLERY, TWIN, ANGOULEME]
    with made_base(tmp_path_factory, records, {"Léa": AccountRole.MODERATOR}) as base:
        need = f"Du gel pour l'hôpital {LONG_WORD}"
        base.put([replace(ANGOULEME, need=need)], by="Léa", note="mieux")
        base.put([replace(ANGOULEME, id="withdrawn", title="Retiré")])
        base.withdraw(Kind.CASE, "withdrawn", by="Léa", reason="à la demande de la ville")
        yield base


@pytest.fixture(scope="module")
def cookies(browser: Browser, site: str) -> Sequence[Cookie]:
    return signed_in(browser, site, "Léa")


@pytest.fixture
def desk(browser: Browser, site: str, cookies: Sequence[Cookie]) -> Iterator[Visits]:
    visits = Visits(browser, site, cookies=cookies)
    yield visits
    visits.close()


@pytest.fixture(scope="module")
def paths(base: KnowledgeBase) -> dict[str, str]:
    """A page of every state, by what it shows."""
    drafts, jobs = base.drafts, base.jobs

    def draft(name: str, state: DraftState | None = None) -> str:
        added = drafts.add(
            replace(CASE, id=name, title=f"{CASE.title} {LONG_WORD}"),
            by="Léa",
            origin="gel.pdf",
            source_text=f"{SOURCE}{LONG_WORD}",
            proposals=PROPOSALS,
            remarks=["has no certain date"],
        )
        if state:
            drafts.set_state(added.id, state, by="Léa", revision=1, message="Quelle source ?")
        return f"/fr/brouillons/{added.id}"

    waiting = draft("waiting")
    returned = draft("returned", DraftState.RETURNED)
    rejected = draft("rejected", DraftState.REJECTED)
    entry = drafts.add(replace(AVEL, id="new", siret=""), by="Léa", origin="typed")
    queued = jobs.add("directory", {"path": "/x.csv", "name": f"{LONG_WORD}.csv"}, by="Léa")
    done = jobs.add("feed", {"url": "https://example.org/feed"}, by="Léa")
    running = jobs.add("articles", {"paths": "[]"}, by="Léa")
    for _ in range(3):
        jobs.claim()
    jobs.release(queued.id)
    jobs.beat(running.id, 12_300, 50_000, f"{LONG_WORD}.csv", "embedding", 88.2)
    note = {"file": f"{LONG_WORD}.csv", "row": 12, "reason": "has no name"}
    report = {"read": 3, "added": 1, "failures": [note], "known": [note]}
    jobs.finish(done.id, JobState.DONE, report)
    base.source_locations.add("annuaire", f"https://{LONG_WORD}.example/", Interval.DAY)
    for _ in range(MANY_FAILURES):
        base.source_locations.failed("annuaire", f"{LONG_WORD} does not answer")
    reading = jobs.add(SOURCE_JOB, {"source": "annuaire", "name": "annuaire"}, by="Léa")
    jobs.claim(reading.id)
    record = {"kind": "actor", "id": "avel", "name": f"Avel {LONG_WORD}"}
    change = {"field": "description", "before": LONG_WORD, "after": "Des cirages"}
    changes = [
        {**record, "is_new": True, "fields": []},
        {**record, "is_new": False, "fields": [change, {**change, "before": "", "after": ""}]},
    ]
    gone = [{**record, "since": "2026-11-26T03:00:00.000+00:00"}]
    jobs.finish(reading.id, JobState.DONE, {"read": 2, "changes": changes, "gone": gone})
    return {
        "reading of a source": f"/fr/taches/{reading.id}",
        "contribute": "/fr/contribuer",
        "contribute in English": "/en/contribute",
        "mine": "/fr/contributions",
        "moderation": "/fr/moderation",
        "moderation in English": "/en/moderation",
        "duplicates": "/fr/doublons",
        "sources": "/fr/sources",
        "jobs": "/fr/taches",
        "waiting job": f"/fr/taches/{queued.id}",
        "running job": f"/fr/taches/{running.id}",
        "done job": f"/fr/taches/{done.id}",
        "waiting draft": waiting,
        "waiting draft in English": waiting.replace("/fr/brouillons", "/en/drafts"),
        "returned draft": returned,
        "rejected draft": rejected,
        "organisation": "/fr/contribuer/organisation",
        "organisation in English": "/en/contribute/organisation",
        "correction": "/fr/contribuer/organisation?corrects=avel",
        "entry of a participant": waiting.replace("/fr/brouillons/", f"{ENTRY}&draft="),
        "draft of an actor": f"/fr/brouillons/{entry.id}",
        "case history": "/fr/historique/cas/angouleme",
        "actor history": "/en/history/actors/avel",
        "history of what was withdrawn": "/fr/historique/cas/withdrawn",
        "participation": "/fr/modifier/cas/angouleme?item=0",
        "people": "/en/edit/cases/angouleme?item=people",
        "description": "/fr/modifier/acteurs/avel?item=description",
        "particulars": "/en/edit/actors/avel?item=particulars",
        "case": "/fr/cas/angouleme",
        "actor": "/fr/acteurs/avel",
        "withdrawn case": "/fr/cas/withdrawn",
    }


def look_at(page: Page) -> None:
    # What is folded away is looked at, too; not the menu, which lies on top of the page.
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach(one => one.open = true)")
    check_page(page)


def test_pages_are_accessible_and_fit_in_every_state(desk: Visits, paths: dict[str, str]) -> None:
    for state, path in paths.items():
        look_at(desk.open(path, expected=410 if state == "withdrawn case" else 200))


def test_what_is_wrong_is_told_accessibly_and_has_the_focus(
    desk: Visits, paths: dict[str, str]
) -> None:
    page = desk.open(paths["waiting draft"], fails_later=True)
    page.get_by_label("Titre").fill("")
    page.get_by_text("Auteur, dates, thèmes").first.click()
    page.get_by_label("Écrit le").fill("l'été dernier")
    page.get_by_role("button", name="Enregistrer le brouillon").click()
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(page.get_by_label("Écrit le")).to_have_value("l'été dernier")
    look_at(page)
    alert.get_by_role("link", name="Écrit le").click()
    expect(page.get_by_label("Écrit le")).to_be_focused()


def test_an_organisation_is_added_with_the_keyboard(desk: Visits, base: KnowledgeBase) -> None:
    page = desk.open("/fr/contribuer/organisation", width=390, fails_later=True)
    page.get_by_label("Nom").fill("Avel Saphir")
    page.get_by_label("Commune").fill("Magnac-Lavalette")
    page.get_by_label("Département").fill("99")
    page.get_by_role("button", name="Publier").press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    look_at(page)
    page.get_by_label("Département").fill("16")
    page.get_by_role("button", name="Publier").press("Enter")
    question = page.get_by_role("alert")
    expect(question).to_be_focused()
    expect(question).to_contain_text("Est-ce l’une de celles-ci")
    look_at(page)
    page.get_by_label("Aucune de celles-ci").press("Space")
    page.get_by_role("button", name="Publier").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Avel Saphir")
    assert base.actor("avel-saphir-magnac-lavalette").department == "16"


def test_from_a_pasted_text_to_a_published_case(desk: Visits, base: KnowledgeBase) -> None:
    page = desk.open("/fr/contribuer")
    page.get_by_label("Titre").fill(TITLE)
    page.get_by_label("Texte", exact=True).fill(BODY)
    page.get_by_role("button", name="Lire ce texte").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.get_by_role("status")).to_contain_text("Bien reçu")
    page.get_by_role("link", name=re.compile("passage")).first.click()
    expect(page.locator(".passage:target")).to_have_count(1)
    page.get_by_label("Le besoin").fill("Remplir des flacons de gel pour l'hôpital")
    page.get_by_role("button", name="Publier").click()
    expect(page.get_by_role("status")).to_contain_text("les recherches le trouvent")
    page.goto(page.url.split("/fr/")[0] + "/fr/recherche?q=remplir+des+flacons+de+gel")
    page.get_by_role("radio", name=re.compile("Cas semblables")).press("Space")
    expect(page.get_by_role("link", name=TITLE).first).to_be_visible()


def test_a_draft_is_corrected_beside_its_text(desk: Visits, paths: dict[str, str]) -> None:
    page = desk.open(paths["waiting draft"])
    need = page.get_by_label("Le besoin auquel on a répondu")
    badge = page.locator(".field", has=need).locator(".confidence")
    expect(badge).to_be_visible()
    need.fill("Remplir 300 flacons")
    expect(badge).to_be_hidden()
    link = page.get_by_role("link", name="Chercher ce besoin")
    expect(link).to_have_attribute("href", re.compile(r"q=Remplir\+300\+flacons$"))
    need.fill(CASE.need)
    expect(badge).to_be_visible()
    row = page.locator("#row-0")
    expect(row.locator(".confidence")).to_be_visible()
    row.get_by_label("Rôle").select_option("supplier")
    expect(row.locator(".confidence")).to_be_hidden()
    # However long the need is, all of it is to be seen; and the text stays beside the fields.
    need.fill("Du gel pour l'hôpital, vite. " * 20)
    assert need.evaluate("one => one.scrollHeight <= one.clientHeight")
    page.get_by_text("Aperçu du cas").scroll_into_view_if_needed()
    expect(page.get_by_role("region", name="Texte d’origine")).to_be_in_viewport()
    page.goto("about:blank")


def test_a_draft_is_short_enough_to_work_on(desk: Visits, base: KnowledgeBase) -> None:
    parts = [
        ("Avel", Role.PRODUCER, "fabrique le gel et le conditionne"),
        ("Distillerie Merlet", Role.SUPPLIER, "fournit l'éthanol à 96 degrés"),
        ("Transports Garandeau", Role.CARRIER, "prête deux camions le week-end"),
        ("Verrerie de Cognac", Role.SUPPLIER, "livre 4 000 bouteilles prévues pour des spiritueux"),
    ]
    sentences = [f"En mars 2020, {name} {did} pour l'hôpital." for name, _, did in parts]
    text = "\n\n".join(f"{sentence} {'Il fallait faire vite. ' * 14}" for sentence in sentences)
    told = tuple(Participation(name, role, "", did) for name, role, did in parts)
    need = "Du gel hydroalcoolique en flacons pour l'hôpital et ses soignants, en dix jours"
    draft = base.drafts.add(
        replace(CASE, id="short", text=text, need=need, period="2020-03", participants=told),
        by="Léa",
        origin="pasted",
        source_text=text,
        proposals=Proposals(
            (ProposedField("need", need, sentences[0], 0.7),),
            tuple(map(ProposedParticipation, told, sentences, [0.9, 0.7, 0.5, 0.4])),
        ),
    )
    assert 250 < len(text.split()) < 350
    for width, most in ((1280, 3000), (390, 5000)):
        page = desk.open(f"/fr/brouillons/{draft.id}", width=width)
        assert page.evaluate("document.documentElement.scrollHeight") < most
        expect(page.locator(".source-text mark").first).to_be_visible(visible=width == 1280)
    page.get_by_role("link", name="passage 4").click()
    expect(page.locator(".passage:target")).to_be_in_viewport()


def test_targets_are_large_enough_for_a_finger(desk: Visits, paths: dict[str, str]) -> None:
    for state in (
        "contribute",
        "organisation",
        "entry of a participant",
        "waiting draft",
        "case history",
        "participation",
        "duplicates",
        "sources",
    ):
        page = desk.open(paths[state], width=390)
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                "main :is(button, input, select, textarea, summary):not([type=hidden])")]
              .filter(one => one.checkVisibility() && !one.matches(".visually-hidden"))
              .map(one => [one.outerHTML.slice(0, 80),
                   (one.type === "checkbox" ? one.parentElement : one).getBoundingClientRect()])
              .filter(([_, box]) => box.height < 43.5)
              .map(([html, box]) => `${html} ${box.height}`)"""
        )
        assert small == [], state
