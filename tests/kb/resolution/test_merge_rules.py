from dataclasses import replace

from kb.models import Actor
from kb.resolution.merge_rules import MODERATION, SourceRow, corrected, merged, source_record

AVEL = Actor(
    id="avel",
    name="Avel",
    description="Fabrique des cirages.",
    place="Magnac-Lavalette",
    department="16",
    country="FR",
    themes=("Cuir",),
    facts={"Effectif": "40"},
)


def record(*given: tuple[str, Actor], is_open: bool = False) -> Actor | None:
    """The actor that sources claim together, each a day after the one before."""
    records = [
        source_record(
            source, SourceRow(actor, is_open and day == len(given)), "avel", f"2026-01-0{day}"
        )
        for day, (source, actor) in enumerate(given, start=1)
    ]
    return merged("avel", records)


def test_the_claims_of_a_single_source_are_the_record() -> None:
    assert record(("cci", AVEL)) == AVEL


def test_the_first_source_keeps_each_field_and_others_fill_what_is_empty() -> None:
    other = Actor(id="A1", name="AVEL SAS", place="Angoulême", website="https://avel.fr", lang="en")
    assert record(("cci", AVEL), ("annuaire", other)) == replace(AVEL, website="https://avel.fr")


def test_themes_and_facts_are_united() -> None:
    other = replace(AVEL, themes=("cuir", "Chimie"), facts={"Effectif": "60", "CA": "2 M€"})
    found = record(("cci", AVEL), ("annuaire", other))
    assert found == replace(AVEL, themes=("Cuir", "Chimie"), facts={"Effectif": "40", "CA": "2 M€"})


def test_descriptions_are_joined_without_repeating() -> None:
    cases: list[tuple[str, str, str]] = [
        ("Des cirages.", "", "Des cirages."), ("", "Des cirages.", "Des cirages."),
        ("Des cirages.", "Des  cirages.", "Des cirages."),
        ("Des cirages.", "Des cirages. Des crèmes.", "Des cirages. Des crèmes."),
        ("Des cirages. Des crèmes.", "Des CRÈMES.", "Des cirages. Des crèmes."),
        ("Des cirages.", "Des boîtes.", "Des cirages.\n\nDes boîtes."),
        ("Un.\n\nDeux.", "Deux.\n\nTrois.", "Un.\n\nDeux.\n\nTrois."),
    ]  # fmt: skip
    for first, second, both in cases:
        found = record(
            ("cci", replace(AVEL, description=first)), ("web", replace(AVEL, description=second))
        )
        assert found is not None
        assert found.description == both


def test_a_source_that_claims_closed_closes() -> None:
    found = record(("cci", AVEL), ("sirene", replace(AVEL, closed_on="2024-05-01")))
    assert found == replace(AVEL, closed_on="2024-05-01")


def test_a_newer_source_that_claims_open_opens() -> None:
    closed = replace(AVEL, closed_on="2024-05-01")
    assert record(("cci", closed), ("sirene", AVEL), is_open=True) == AVEL


def test_a_source_that_takes_back_that_it_is_closed_opens() -> None:
    before = source_record(
        "cci", SourceRow(replace(AVEL, closed_on="2024-05-01")), "avel", "2026-01-01"
    )
    now = source_record("cci", SourceRow(AVEL), "avel", "2026-01-02", before)
    assert merged("avel", [now]) == AVEL
    assert now.claims["closed_on"].at == "2026-01-02"


def test_the_word_of_a_moderator_wins_over_sources_that_came_before_and_after() -> None:
    first = source_record("cci", SourceRow(AVEL), "avel", "2026-01-01")
    edited = replace(AVEL, name="Avel (Saphir)", themes=(), facts={})
    word = corrected(AVEL, edited, "2026-01-02")
    assert (word.source, set(word.claims)) == (MODERATION, {"name", "themes", "fact:Effectif"})
    later = source_record(
        "web", SourceRow(replace(AVEL, name="AVEL", themes=("Chimie",))), "avel", "2026-01-03"
    )
    assert merged("avel", [first, word, later]) == edited
