"""Reports: one search on record, as files that show any change."""

import csv
import hashlib
import io
import json
import re
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import pytest

from kb.encoder.encoder import Encoder
from kb.explanation.report import SearchReport
from kb.explanation.report_files import CsvLayout, as_csv, as_json, canonical, signature, verify
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.search.results import Filters, Steering
from kb.search.weights import DEFAULT_WEIGHTS
from tests.conftest import OpenBase
from tests.kb.records import DISTILLER, GLOVER, POLISH, RECORDS

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
                "dense lexical own case inferred similar example likeness limit name"
            ).split()
        }
        | {"filing": None, "able": None},
        "distance_km": None,
        "near": None,
        "evidence": {
            "kind": "case",
            "text": "prépare le gel",
            "source": "https://exemple.fr/gel",
            "code": "",
            "case": {
                "id": "gel-angouleme", "title": "Du gel hydroalcoolique à Angoulême",
                "date": "2026-11-20", "period": "", "role": "producer",
                "contribution": "prépare le gel",
            },
        },
        "source": "https://exemple.fr/avel",
    }  # fmt: skip


def test_the_query_and_the_base_are_given(filled: KnowledgeBase) -> None:
    steering = Steering(like=("avel",), unlike=("matha",))
    report = filled.report(
        'gants "cuir" +fins -soie', filters=Filters("Charente", "Cuir"), steering=steering
    )
    content = content_of(as_json(report, KEY))
    assert content["query"] == {
        "typed": 'gants "cuir" +fins -soie', "text": report.asked.text, "required": ["cuir"],
        "wanted": ["fins"], "unwanted": ["soie"], "need": report.asked.need,
        "parts": {},
    }  # fmt: skip
    assert content["filters"] == {
        "department": "16", "departments": [], "theme": "Cuir", "near": "", "within": 0,
    }  # fmt: skip
    assert content["steering"] == {"like": ["avel"], "unlike": ["matha"]}
    assert content["program"] == {"name": "quisait", "version": version("quisait")}
    status = filled.status()
    assert content["base"] == {
        "generation": status.generation, "actors": 4, "cases": 1, "passages": status.passages,
    }  # fmt: skip
    assert content["encoder"] == {"name": "word-count", "fingerprint": "words-1", "adaptation": ""}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", content["at"])
    assert content["constants"] == json.loads(canonical(asdict(DEFAULT_WEIGHTS)))
    assert content["constants"]["wording"]["kind_shares"]["material"] == 0.25


def test_who_is_left_out_is_counted(filled: KnowledgeBase) -> None:
    nobody = {"by_filters": 0, "closed": 0, "unlike": 0, "silent": 0, "by_words": 0}
    assert filled.report(GEL).left_out == nobody
    assert filled.report(GEL, filters=Filters("16")).left_out == nobody | {"by_filters": 2}
    filled.put([replace(GLOVER, closed_on="2026-01-01"), Actor(id="mute", name="Muette")])
    left_out = filled.report(GEL, steering=Steering(unlike=("matha",))).left_out
    assert left_out == nobody | {"closed": 1, "unlike": 1, "silent": 1}
    left_out = filled.report('"cirages"').left_out
    assert left_out == nobody | {"closed": 1, "silent": 1, "by_words": 2}


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


def test_what_was_given_out_is_known_again(report: SearchReport) -> None:
    for file in (as_json(report, KEY), as_csv(report, KEY, "fr"), as_csv(report, KEY, "en")):
        assert verify(file, KEY)
        assert verify(file.decode(), KEY)
        assert not verify(file, OTHER_KEY)


def test_how_it_is_laid_out_does_not_matter(report: SearchReport) -> None:
    given = json.loads(as_json(report, KEY))
    assert verify(json.dumps(given, indent=2, sort_keys=False), KEY)
    rows = list(csv.reader(io.StringIO(as_csv(report, KEY).decode("utf-8-sig"), newline="")))
    file = io.StringIO(newline="")
    width = max(map(len, rows))
    # As spreadsheets write it: every cell in quotation marks, all rows of one length.
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        row + [""] * (width - len(row)) for row in rows
    )
    assert verify(file.getvalue(), KEY)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"rank":1', '"rank":2'), ('"rank":1', '"rank":1.0'), ("Avel", "Avem"),
        ('"closed":0', '"closed":1'), ('"closed":0', '"closed":0,"closed":0'),
        ('"at":"2', '"by":"","at":"2'), ('{"hmac"', '{"note":"","hmac"'),
        ('"sha256":"', '"sha256":"0'), ('"hmac":"', '"hmac":"0'),
        ('"score":', '"score":NaN,"was":'), ('"Avel"', '"\\ud800"'),
    ],
)  # fmt: skip
def test_a_changed_json_is_not_known_again(report: SearchReport, before: str, after: str) -> None:
    file = as_json(report, KEY).decode()
    assert before in file
    assert not verify(file.replace(before, after, 1), KEY)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Avel", "Avem"), ('"1","avel"', '"2","avel"'),
        ('"left_out.closed","0"', '"left_out.closed","1"'), ('"left_out.closed","0"\r\n', ""),
        ('\r\n"hmac","', '\r\n"hmac","0'), ('\r\n"sha256","', '\r\n"sha256","0'),
        ('\r\n"sha256",', '\r\n"sha256",\r\n"sha256",'), ("\r\n\r\n", "\r\n"),
        ("\r\n\r\n", "\r\n\r\n\r\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_changed_csv_is_not_known_again(
    report: SearchReport, lang: str, before: str, after: str
) -> None:
    if lang == "fr":
        before, after = (text.replace(",", ";") for text in (before, after))
    file = as_csv(report, KEY, lang).decode()
    assert before in file
    assert not verify(file.replace(before, after, 1), KEY)


def test_what_is_no_report_is_none() -> None:
    cases: list[bytes] = [
        b"", b"{}", b"[]", b"\xff\xfe", b"sha256,a\r\nhmac,b\r\n\r\n",
        b'{"report":1,"sha256":2,"hmac":3}', b'"' * 3, b"[" * 100_000, b'{"report":' * 100_000,
        b'{"hmac":"","sha256":"","report":1' + b"0" * 5000 + b"}",
    ]  # fmt: skip
    for file in cases:
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
    assert file.startswith('\ufeff"format";"quisait report 6"\r\n'.encode())
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


def test_no_cell_starts_as_a_formula_wherever_a_text_is_split() -> None:
    cases: list[tuple[object, str]] = [
        ("Gel; =cmd|x", "Gel; '=cmd|x"), ("Gel,+1", "Gel,'+1"), ("Gel\t@a", "Gel\t'@a"),
        ("Gel\r\n-a\n\n =b", "Gel\r\n'-a\n\n '=b"), ('Gel;"=cmd"', 'Gel;"\'=cmd"'),
        ("Gel ;\xa0＝a", "Gel ;\xa0'＝a"), (" \n=a", " \n'=a"), ("\t=a", "\t'=a"),
        ("a-b = c; d, e - f", "a-b = c; d, e - f"), ("", ""), (-0.5, "-0.5"),
    ]  # fmt: skip
    for text, written in cases:
        assert CsvLayout().cell(text) == written


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("split_at", [",", ";", "\t"])
def test_no_formula_is_made_by_who_splits_a_report_otherwise(
    base: KnowledgeBase, lang: str, split_at: str
) -> None:
    name = 'Gel; =cmd|x, =cmd|x\t=cmd|x\n=cmd|x; "=cmd|x"'
    base.put([replace(GLOVER, name=name, siret="")])
    file = as_csv(base.report("gants; =cmd|x"), KEY, lang).decode("utf-8-sig")
    assert "cmd|x" in file
    for line in file.splitlines():
        for row in csv.reader([line], delimiter=split_at):
            assert not [cell for cell in row if cell.lstrip(' "').startswith("=")]


def test_a_text_of_nothing_but_starts_is_written_in_time() -> None:
    assert CsvLayout().cell("\n" * 200_000 + "=") == "\n" * 200_000 + "'="


def test_a_single_state_of_the_base_is_reported(open_base: OpenBase, report: SearchReport) -> None:
    """A report of a base that another process has changed is of its state after that."""
    assert report.base["actors"] == 4
    other = open_base(report_encoder(report))
    other.put([replace(DISTILLER, id="another", name="Autre", siret="")])
    changed = other.report(GEL)
    assert changed.base["actors"] == 5
    assert changed.base["generation"] != report.base["generation"]
    assert len(changed.hits) == 5


def report_encoder(report: SearchReport) -> Encoder:
    from tests.encoders import WordCountEncoder

    return WordCountEncoder(report.encoder["fingerprint"])


@pytest.mark.slow
def test_a_report_by_the_real_encoder(open_base: OpenBase, real_encoder: Encoder) -> None:
    base = open_base(real_encoder)
    base.put(RECORDS)
    report = base.report("gants de cuir")
    assert report.hits[0].actor.id == GLOVER.id
    assert {hit.actor.id for hit in report.hits} == {GLOVER.id, POLISH.id, DISTILLER.id}
    assert report.encoder["fingerprint"] == real_encoder.fingerprint
    assert verify(as_json(report, KEY), KEY)
    assert verify(as_csv(report, KEY), KEY)


def test_what_the_fits_and_the_cases_come_of_is_on_record(filled: KnowledgeBase) -> None:
    content = filled.report("gel hydroalcoolique").content()
    result = filled.search("gel hydroalcoolique")
    assert content["ceiling"] == round(result.ceiling, 6) > 0
    (matched,) = result.matched
    assert content["matched"] == {
        matched.case.id: {
            "closeness": round(matched.closeness, 6),
            "relevance": round(matched.relevance, 6),
        }
    }
