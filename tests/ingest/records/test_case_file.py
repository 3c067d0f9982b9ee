from pathlib import Path

import pytest

from ingest.records.case_file import MAX_CHARS, case_from, read_markdown
from ingest.records.entries import Entry, NotInput
from kb.errors import InputError
from kb.models import Case, Participation
from kb.reference.roles import Role


def test_every_key_is_read() -> None:
    front_matter: dict[str, object] = {
        "id": "gel",
        "title": "Gel",
        "lang": "en",
        "date": "2020-04-02",
        "modified": "2020-05-01 08:00",
        "author": ["A. Martin", "B. Petit"],
        "moderator": "C. Roy",
        "themes": ["Santé", "Chimie"],
        "need": "Hand sanitiser\nfor the hospital",
        "source_url": "ville.example/gel",
        "participants": [
            {"actor": "P001", "name": "Avel", "role": "producer", "contribution": "Mixed it."},
            {"name": "Mairie", "role": "buyer", "actor": None},
        ],
        "layout": "article",
    }
    assert case_from(front_matter, "How.") == Case(
        id="gel",
        title="Gel",
        text="How.",
        lang="en",
        date="2020-04-02",
        modified="2020-05-01T08:00:00",
        author="A. Martin, B. Petit",
        moderator="C. Roy",
        themes=("Santé", "Chimie"),
        need="Hand sanitiser for the hospital",
        source_url="https://ville.example/gel",
        participants=(
            Participation("Avel", Role.PRODUCER, "P001", "Mixed it."),
            Participation("Mairie", Role.BUYER),
        ),
    )


@pytest.mark.parametrize(
    ("key", "written", "period"),
    [
        ("period", "printemps 2020", "2020-21"),
        ("quand", "depuis 2019", "2019/.."),
        ("Période", "2020-03/2020-05", "2020-03/2020-05"),
        ("when", None, ""),
    ],
)
def test_a_period_is_known_in_both_languages(key: str, written: str | None, period: str) -> None:
    assert case_from({"title": "x", key: written}, "y").period == period


_ROLES = ", ".join(Role)


@pytest.mark.parametrize(
    ("front_matter", "text", "reason"),
    [
        ({}, "y", "has no title"),
        ({"title": "x"}, " \n", "has no text after its front matter"),
        ({"title": "x"}, "y" * 200_001, "text has 200,001 characters; at most 200,000 fit"),
        ({"title": {"fr": "x"}}, "y", "title holds something else than text"),
        ({"title": "x", "date": "hier"}, "y", "date 'hier' is not a date such as 2020-03-18"),
        (
            {"title": "x", "period": "naguère"},
            "y",
            "period 'naguère' is not understood: write it like 2020, March 2020, spring 2020, "
            "March to May 2020 or since 2019",
        ),
        (
            {"title": "x", "flow": "vers l'aval"},
            "y",
            '"vers l\'aval" is no flow: write one of seeks, offers, shares, or leave it empty',
        ),
        ({"title": "x", "participants": "Avel"}, "y", "participants is not a list"),
        (
            {"title": "x", "participants": ["Avel"]},
            "y",
            "participant 1 has no keys: give it a name and a role",
        ),
        ({"title": "x", "participants": [{"role": "buyer"}]}, "y", "participant 1 has no name"),
        (
            {"title": "x", "participants": [{"name": "Avel"}]},
            "y",
            f"participant 'Avel' has no role: write one of {_ROLES}",
        ),
        (
            {"title": "x", "participants": [{"name": "Avel", "role": "chef"}]},
            "y",
            f"participant 'Avel' has the role 'chef': write one of {_ROLES}",
        ),
        (
            {"title": "x", "particpants": []},
            "y",
            "key 'particpants' is not known: is it participants?",
        ),
        (
            {"title": "x", "need": "y" * 20_001},
            "y",
            "need has 20,001 characters; at most 20,000 fit",
        ),
    ],
)
def test_a_case_that_cannot_be_kept_says_why(
    front_matter: dict[str, object], text: str, reason: str
) -> None:
    with pytest.raises(InputError) as refusal:
        case_from(front_matter, text)
    assert str(refusal.value) == reason


def read(tmp_path: Path, content: str, encoding: str = "utf-8") -> Entry:
    path = tmp_path / "case.md"
    path.write_text(content, encoding=encoding, newline="")
    (entry,) = read_markdown(path)
    return entry


def test_long_front_matter_is_not_parsed(tmp_path: Path) -> None:
    entry = read(tmp_path, f"---\ntitre: Du gel\nbesoin: {'x' * MAX_CHARS}\n---\nÀ Cognac.\n")
    assert entry.reason == "has front matter of more than 200,000 characters"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_article_is_a_case(tmp_path: Path, encoding: str, line_end: str) -> None:
    article = """---
titre: Du gel à Angoulême
lang: no
date: 2020-04-02
modified: 2020-04-03 10:00:00
author:
need: yes
themes: [Santé, Chimie]
participants:
  - {nom: Avel, rôle: producteur}
---

# Récit

---

Fin.
"""
    assert read(tmp_path, article.replace("\n", line_end), encoding) == Entry(
        0,
        Case(
            id="du-gel-a-angouleme",
            title="Du gel à Angoulême",
            text="# Récit\n\n---\n\nFin.",
            lang="no",
            date="2020-04-02",
            modified="2020-04-03T10:00:00",
            need="yes",
            themes=("Santé", "Chimie"),
            participants=(Participation("Avel", Role.PRODUCER),),
        ),
    )


@pytest.mark.parametrize(
    ("article", "reason"),
    [
        (
            "---\ntitle: x\n\nRécit.\n",
            "has front matter that is not closed: end it with a line of three dashes",
        ),
        (
            "---\ntitle: x\nneed: a: b\n---\ny",
            "has front matter that is not YAML on line 3: mapping values are not allowed here",
        ),
        ("---\n- x\n---\ny", "has front matter that is not keys and values"),
        ("---\n---\ny", "has front matter that is not keys and values"),
        (
            "---\ntitle: !!python/object:os.system x\n---\ny",
            "has front matter that is not YAML on line 2: could not determine a constructor for "
            "the tag 'tag:yaml.org,2002:python/object:os.system'",
        ),
        (
            "---\ntitle: a\x00b" + "c" * 99 + "\n---\ny",
            "has front matter that is not YAML: unacceptable character #x0000: special characters "
            'are not allowed in "<unicode string>", position 8',
        ),
        ("---\nneed: x\n---\ny", "has no title"),
        ("---\ntitle: x\n---\n", "has no text after its front matter"),
    ],
)
def test_an_article_that_is_no_case_says_why(tmp_path: Path, article: str, reason: str) -> None:
    assert read(tmp_path, article) == Entry(0, reason=reason)


def test_front_matter_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    entry = read(tmp_path, f"---\ntitle: {'[' * 1_000}\n---\ny")
    assert entry.reason.startswith("has front matter that is not YAML: ")
    assert "\n" not in entry.reason


@pytest.mark.parametrize("text", ["# Read me\n", "--- x\n", "----\n", "\n---\ntitle: x\n---\ny"])
def test_a_text_without_front_matter_is_something_else(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotInput) as refusal:
        read(tmp_path, text)
    assert str(refusal.value) == "has no front matter: begin it with a line of three dashes"
