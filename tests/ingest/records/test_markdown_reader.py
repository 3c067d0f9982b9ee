from pathlib import Path

import pytest

from ingest.records.case_file import MAX_CHARS, read_markdown
from ingest.records.entries import Entry, NotInput
from kb.models import Case, Participation
from kb.reference.roles import Role


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
