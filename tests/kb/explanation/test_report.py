"""Reports: one search on record, as files that show any change."""

import csv
import hashlib
import io
import json
import re
from typing import Any

import pytest

from kb.explanation.report import SearchReport
from kb.explanation.report_files import (
    CsvLayout,
    as_csv,
    as_json,
    signature,
    verify,
)
from kb.explanation.signature import canonical
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from tests.kb.records import RECORDS

KEY, OTHER_KEY = "k" * 40, "o" * 40
GEL = "gel hydroalcoolique pour l'hôpital"
FORMULA = Actor(
    id="@id",
    name='=HYPERLINK("http://exemple.fr")',
    description='+33 : un atelier de gants,\nde « cuir » ; et de "soie"',
    place=" -1",
    department="16",
    source_url="https://exemple.fr/a",
)


@pytest.fixture
def filled(base: KnowledgeBase) -> KnowledgeBase:
    base.put([*RECORDS, FORMULA])
    return base


@pytest.fixture
def report(filled: KnowledgeBase) -> SearchReport:
    return filled.report(GEL)


def cells(file: bytes, lang: str) -> list[list[str]]:
    text = io.StringIO(file.decode("utf-8-sig"), newline="")
    return list(csv.reader(text, delimiter=";" if lang == "fr" else ","))


def content_of(file: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file)["report"]
    return content


def test_every_candidate_is_given_in_the_order_of_the_search(
    filled: KnowledgeBase, report: SearchReport
) -> None:
    hits = filled.search(GEL, complete=True).hits
    assert report.hits == hits
    assert {hit.actor.id for hit in hits} == {"avel", "matha", "gants", "@id"}
    candidates = content_of(as_json(report, KEY))["candidates"]
    assert [one["rank"] for one in candidates] == [1, 2, 3, 4]
    best, hit = candidates[0], hits[0]
    assert best == {
        "rank": 1,
        "id": "avel",
        "name": "Avel",
        "siret": "55208131766522",
        "place": "Magnac-Lavalette",
        "department": "16",
        "country": "FR",
        "phone": [],
        "email": [],
        "address": "",
        "contact": "",
        "website": "",
        "fit": "strong",
        "score": round(hit.score, 6),
        "parts": {
            name: round(getattr(hit.parts, name), 6)
            for name in (
                *(
                    "dense",
                    "lexical",
                    "own",
                    "case",
                    "inferred",
                    "similar",
                    "example",
                    "likeness",
                    "limit",
                    "name",
                ),
            )
        }
        | {"filing": None, "able": None},
        "distance_km": None,
        "evidence": {
            "kind": "case",
            "text": "prépare le gel",
            "source": "https://exemple.fr/gel",
            "case": {
                "id": "gel-angouleme",
                "title": "Du gel hydroalcoolique à Angoulême",
                "date": "2026-11-20",
                "period": "",
                "role": "producer",
                "contribution": "prépare le gel",
            },
        },
        "source": "https://exemple.fr/avel",
    }


def test_json_is_canonical_and_signed(report: SearchReport) -> None:
    file = as_json(report, KEY)
    given = json.loads(file)
    assert file == canonical(given) + b"\n"
    assert "hôpital".encode() in file
    signed = signature(report, KEY)
    assert (given["sha256"], given["hmac"]) == (signed.sha256, signed.hmac)
    assert signed.sha256 == hashlib.sha256(canonical(given["report"])).hexdigest()
    assert signature(report, OTHER_KEY).sha256 == signed.sha256
    assert signature(report, OTHER_KEY).hmac != signed.hmac


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"rank":1', '"rank":2'),
        ('"rank":1', '"rank":1.0'),
        ("Avel", "Avem"),
        ('"closed":0', '"closed":1'),
        ('"closed":0', '"closed":0,"closed":0'),
        ('"at":"2', '"by":"","at":"2'),
        ('{"hmac"', '{"note":"","hmac"'),
        ('"sha256":"', '"sha256":"0'),
        ('"hmac":"', '"hmac":"0'),
        ('"score":', '"score":NaN,"was":'),
        ('"Avel"', '"\\ud800"'),
    ],
)
def test_a_changed_json_is_not_known_again(report: SearchReport, before: str, after: str) -> None:
    file = as_json(report, KEY).decode()
    assert before in file
    assert not verify(file.replace(before, after, 1), KEY)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"sha256,a\r\nhmac,b\r\n\r\n",
        b'{"report":1,"sha256":2,"hmac":3}',
        b'"' * 3,
        b"[" * 100_000,
        b'{"report":' * 100_000,
        b'{"hmac":"","sha256":"","report":1' + b"0" * 5000 + b"}",
    ],
)
def test_what_is_no_report_is_none(file: bytes) -> None:
    assert not verify(file, KEY)


def test_csv_is_a_table_after_values_given_once(report: SearchReport) -> None:
    file = as_csv(report, KEY)
    assert file.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    gap = rows.index([])
    once = dict(rows[:gap])
    assert once["query.typed"] == GEL
    assert once["constants.wording.kind_shares.material"] == "0.25"
    assert once["report sha256"] == signature(report, KEY).sha256
    header, *table = rows[gap + 1 :]
    assert [len(row) for row in table] == [len(header)] * 4
    best = dict(zip(header, table[0], strict=True))
    assert (best["rank"], best["name"], best["siret"]) == ("1", "Avel", "55208131766522")
    assert float(best["score case"]) == round(report.hits[0].parts.case, 6)
    assert (best["evidence"], best["role"]) == ("case", "producer")
    # A number is one, with its sign.
    assert any(float(row[header.index("score dense")]) < 0 for row in table)


def test_a_french_csv_is_one_that_french_spreadsheets_open(report: SearchReport) -> None:
    """With one cell in each column, and numbers that are numbers."""
    file = as_csv(report, KEY, "fr")
    french, english = cells(file, "fr"), cells(as_csv(report, KEY, "en"), "en")
    assert file.startswith('\ufeff"format";"quisait report 5"\r\n'.encode())
    assert dict(french[: french.index([])])["constants.wording.kind_shares.material"] == "0,25"
    header = french[french.index([]) + 1]
    row, same = (next(one for one in rows if one[1:2] == ["avel"]) for rows in (french, english))
    score = header.index("score")
    assert re.fullmatch(r"\d+,\d+", row[score])
    assert row[score].replace(",", ".") == same[score]
    signs = header.index("score dense")
    assert any(re.fullmatch(r"-\d+,\d+", one[signs]) for one in french if len(one) > signs)
    # A text is as it was: its commas and points are not those of a number.
    assert row[header.index("source")] == "https://exemple.fr/avel"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Gel; =cmd|x", "Gel; '=cmd|x"),
        ("Gel,+1", "Gel,'+1"),
        ("Gel\t@a", "Gel\t'@a"),
        ("Gel\r\n-a\n\n =b", "Gel\r\n'-a\n\n '=b"),
        ('Gel;"=cmd"', 'Gel;"\'=cmd"'),
        ("Gel ;\xa0＝a", "Gel ;\xa0'＝a"),
        (" \n=a", " \n'=a"),
        ("\t=a", "\t'=a"),
        ("a-b = c; d, e - f", "a-b = c; d, e - f"),
        ("", ""),
        (-0.5, "-0.5"),
    ],
)
def test_no_cell_starts_as_a_formula_wherever_a_text_is_split(text: object, written: str) -> None:
    assert CsvLayout().cell(text) == written


def test_no_text_is_taken_for_a_formula(report: SearchReport) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(report, KEY).decode("utf-8-sig"), newline="")))
    header = next(row for row in rows if row[:1] == ["rank"])
    (row,) = (one for one in rows if "HYPERLINK" in "".join(one))
    named = dict(zip(header, row, strict=True))
    assert named["name"] == "'" + FORMULA.name
    assert named["id"] == "'@id"
    assert named["place"] == " '-1"
    assert named["text"] == "'" + FORMULA.description
