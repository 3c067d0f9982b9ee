"""The identity of the site: checked, kept in revisions, and seen by every process."""

from dataclasses import replace

import pytest

from kb.errors import EditConflict, InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers.identity import DEFAULT_NAME, UNCHANGED, Identity

IDENTITY = Identity(
    name="Réseau de l’Angoumois",
    taglines={"fr": "Qui peut aider ici ?"},
    accent="#1D6FA5",
    contact="reseau@angoumois.example",
    texts={"privacy.fr": "## Qui\r\n\r\nNous."},
)


def test_what_is_saved_is_kept_as_it_is_used(base: KnowledgeBase) -> None:
    saved = base.identity.save(IDENTITY, by="Léa", revision=0)
    assert base.identity.current() == saved
    assert (saved.revision, saved.by) == (1, "Léa")
    assert saved.identity == replace(
        IDENTITY,
        accent="#1d6fa5",
        contact="mailto:reseau@angoumois.example",
        texts={"privacy.fr": "## Qui\n\nNous."},
    )


def test_every_change_is_a_revision_and_none_is_lost(base: KnowledgeBase) -> None:
    first = base.identity.save(IDENTITY, by="Léa", revision=0)
    assert base.identity.save(first.identity, by="Marc", revision=1) == first
    second = base.identity.save(replace(first.identity, name="Autre"), by="Marc", revision=1)
    assert base.identity.get(1) == first
    assert base.identity.current() == second
    assert [(number, by) for number, by, _ in base.identity.revisions()] == [
        (2, "Marc"),
        (1, "Léa"),
    ]
    with pytest.raises(EditConflict, match="Marc"):
        base.identity.save(IDENTITY, by="Léa", revision=1)
    assert base.identity.current() == second
    with pytest.raises(UnknownRecord):
        base.identity.get(3)


def test_a_value_that_cannot_be_used_is_refused_by_its_field(base: KnowledgeBase) -> None:
    for wrong, field in (
        (Identity(name="x" * 61), "name"),
        (Identity(name="a\x07b"), "name"),
        (Identity(taglines={"en": "x" * 241}), "tagline_en"),
        (Identity(accent="#12345g"), "accent"),
        (Identity(contact="javascript:alert(1)"), "contact"),
        (Identity(logo="a", logo_alt="x" * 201), "logo_alt"),
        (Identity(texts={"legal.fr": "x" * 50_001}), "legal.fr"),
    ):
        with pytest.raises(InputError) as refusal:
            base.identity.save(wrong, by="Léa", revision=0)
        assert refusal.value.field == field
    assert base.identity.current() == UNCHANGED


def test_an_empty_name_is_that_of_the_software(base: KnowledgeBase) -> None:
    saved = base.identity.save(Identity(name="  ", accent="#123456"), by="Léa", revision=0)
    assert saved.identity.name == DEFAULT_NAME
    assert not saved.identity.has_own_name
