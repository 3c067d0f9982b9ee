import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.adaptation.trade_indexing import make_trade_index
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Participation
from kb.reference.roles import Part, Role
from kb.reference.trades import trade_of
from kb.search.query import parse
from kb.search.results import (
    ActorHit,
    Evidence,
    EvidenceKind,
    Fit,
    MeansMatch,
    Mention,
    PartAnswer,
    ScoreParts,
    SearchResult,
)
from kb.trade_index.trade_index import INDEX_FILE
from tests.chat_server import ChatServer
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS, SANITISER
from web.cli import main

NOMENCLATURES = Path("tests/data/nomenclatures")


@pytest.fixture(autouse=True)
def _word_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.knowledge_base.load_encoder", lambda _: WordCountEncoder())


@pytest.fixture
def folder(base: KnowledgeBase) -> Path:
    base.put(RECORDS)
    return base.folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_search_prints_names_fits_and_evidence(folder: Path) -> None:
    result = run("search", "gants", "de", "cuir", "--kb", folder, "--limit", 1)
    assert result.exit_code == 0
    first, evidence, *_ = result.stdout.splitlines()
    assert first.startswith("  1. Société L'Harmonie (Saint-Junien, 87) · ")
    assert evidence.strip() == "“Un atelier de ganterie coud des gants de cuir fins.”"


def test_search_prints_how_a_need_is_read_in_a_line(folder: Path) -> None:
    result = run("search", "40 paires de gants de cuir près de Limoges", "--kb", folder)
    told = "Read as: gants de cuir · quantity: 40 paires · place: près de Limoges"
    assert told in result.output.splitlines()
    assert " km" in result.output
    assert any(line.endswith(", further away") for line in result.output.splitlines())
    nearer = run("search", "gants de cuir à Saint-Junien", "--kb", folder).output.splitlines()
    assert any(line.endswith(", within 25 km") for line in nearer)
    plain = run("search", "gants de cuir en Corse", "--kb", folder, "--json")
    asked = json.loads(plain.output)["asked"]
    assert (asked["object"], asked["parts"]) == (
        "gants de cuir",
        [{"kind": "place", "text": "en Corse"}],
    )


def test_search_names_the_matched_case(folder: Path) -> None:
    result = run("search", SANITISER.need, "--kb", folder)
    assert f"↳ producer in “{SANITISER.title}”: prépare le gel" in result.stdout
    assert "Cases\n  1. Du gel hydroalcoolique à Angoulême (2026-11-20)" in result.stdout


def test_search_as_json(folder: Path) -> None:
    result = run("search", SANITISER.need, "--kb", folder, "--json")
    answer = json.loads(result.stdout)
    assert answer["query"] == SANITISER.need
    hit = answer["hits"][0]
    assert hit["actor"]["id"] == "avel"
    assert hit["fit"] in set(Fit)
    assert hit["evidence"][0]["kind"] == "case"
    assert hit["evidence"][0]["case"]["id"] == SANITISER.id
    assert answer["cases"][0]["id"] == SANITISER.id


def test_search_prints_what_is_inferred_and_who_for_each_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    avel, gloves = (
        record for record in RECORDS if isinstance(record, Actor) and record.id in {"avel", "gants"}
    )
    part = SANITISER.participants[0]
    inferred = Evidence(EvidenceKind.SIMILAR, gloves.description, (), "", SANITISER, part, avel)
    absent = Participation("Agence régionale de santé", Role.AUTHORITY, "", "valide")
    firm = Actor("", "Tarot", "voilerie", "Les Sables", source_url="https://exemple.fr/tarot")
    told = Case("elsewhere O007", "masques", "", period="2020")
    elsewhere = Evidence(EvidenceKind.SIMILAR, "", (), "", told, part, firm)
    leather = trade_of("15.20")
    assert leather
    able = Evidence(EvidenceKind.MEANS, "", means=MeansMatch(leather, "étuis", ("coupe", "piqûre")))
    evidence = (inferred, elsewhere, able)
    hit = ActorHit(1, 2.0, Fit.POSSIBLE, gloves, evidence, ScoreParts(own=1.5, similar=0.5))
    answer = SearchResult(
        query="gel",
        asked=parse("gel"),
        hits=(hit,),
        cases=(),
        total=1,
        total_cases=0,
        departments={},
        themes={},
        took_ms=1.0,
        parts=(
            PartAnswer(Part.MAKER, "", (SANITISER,), (hit,)),
            PartAnswer(Part.PACKAGING, "cartons", (), (hit,), (Mention(SANITISER, absent),)),
        ),
    )
    monkeypatch.setattr(KnowledgeBase, "search", lambda *_, **__: answer)
    output = run("search", "gel", "--kb", folder).stdout
    assert f"↝ inferred: a trade close to that of {avel.name}, who took part in" in output
    assert (
        "↝ inferred: a trade close to that of Tarot (Les Sables), voilerie, who did it elsewhere "
        "in 2020: masques https://exemple.fr/tarot\n"
    ) in output
    assert (
        "↝ inferred: the usual means of its trade (coupe, piqûre) would do for: étuis\n" in output
    )
    assert f"         maker  {gloves.name}\n" in output
    assert f"     packaging  {gloves.name}, [Agence régionale de santé] (usual)\n" in output
    plain = json.loads(run("search", "gel", "--kb", folder, "--json").stdout)
    assert plain["hits"][0]["parts"]["similar"] == 0.5
    evidence = plain["hits"][0]["evidence"][0]
    assert "case" not in evidence
    assert evidence["precedent"]["id"] == "avel"
    assert evidence["precedent"]["case"]["id"] == SANITISER.id
    assert plain["hits"][0]["evidence"][1]["precedent"]["source_url"] == firm.source_url
    assert plain["hits"][0]["evidence"][2]["means"]["means"] == ["coupe", "piqûre"]
    assert [part["role"] for part in plain["roles"]] == ["maker", "packaging"]
    assert plain["roles"][1]["mentioned"][0]["name"] == "Agence régionale de santé"
    assert plain["asked"]["text"] == "gel"


def test_search_prints_what_a_language_model_understands(
    folder: Path, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_server.says({"trades": ["ganterie de cuir"], "materials": ["peau d'agneau"]})
    monkeypatch.setenv("QUISAIT_ASSISTANT_URL", chat_server.url)
    monkeypatch.setenv("QUISAIT_ASSISTANT_MODEL", "little-model")
    monkeypatch.setenv("QUISAIT_ASSISTANT_SEARCH_WAIT_S", "30")
    first, *_ = run("search", "mains au chaud", "--kb", folder).stdout.splitlines()
    assert first == "Understood as: ganterie de cuir, peau d'agneau (little-model)."
    asked = json.loads(run("search", "mains", "--kb", folder, "--json").stdout)["asked"]
    assert asked["wording"]["phrases"][0] == {"kind": "trade", "text": "ganterie de cuir"}
    chat_server.asked.clear()
    without = run("search", "mains au chaud", "--kb", folder, "--no-wording").stdout
    assert "Understood as" not in without
    assert chat_server.asked == []
    chat_server.status = 500
    first, *_ = run("search", "mains au chaud", "--kb", folder).stdout.splitlines()
    assert first == "The language model has not answered: it was not used."


def test_search_filters(folder: Path) -> None:
    ids = [
        hit["actor"]["id"]
        for hit in json.loads(
            run("search", "cuir", "--kb", folder, "--department", "87", "--json").stdout
        )["hits"]
    ]
    assert ids == ["gants"]
    only_cases = run("search", "gel", "--kb", folder, "--kind", "case", "--json")
    assert json.loads(only_cases.stdout)["hits"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", ""], "The query is empty"),
        (["search", "🧴"], "no word in it"),
        (["search", "x" * 10_000], "10,000 characters; 4,000 at most"),
        (["search", "cuir", "--department", "999"], "'999' is not a department"),
    ],
)
def test_what_cannot_be_searched_is_one_line(
    folder: Path, arguments: list[str], message: str
) -> None:
    result = run(*arguments, "--kb", folder)
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("quisait: ")
    assert message in line


@pytest.mark.parametrize("verb", [["search", "x"], ["status"], ["rebuild"]])
def test_a_folder_that_is_no_base_is_one_line(tmp_path: Path, verb: list[str]) -> None:
    result = run(*verb, "--kb", tmp_path / "none")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "is not a knowledge base" in line
    assert not (tmp_path / "none").exists()


def test_a_base_of_another_encoder_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.knowledge_base.load_encoder", lambda _: WordCountEncoder("words-2"))
    result = run("search", "gants", "--kb", folder)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "was embedded by another encoder" in line
    assert "quisait rebuild" in line
    assert run("rebuild", "--kb", folder).exit_code == 0
    assert run("search", "gants", "--kb", folder).exit_code == 0


def test_status(folder: Path) -> None:
    output = json.loads(run("status", "--kb", folder, "--json").stdout)
    assert (output["actors"], output["cases"], output["problems"]) == (3, 1, [])
    assert "actors  3" in run("status", "--kb", folder).stdout
    assert output["index"] == "exact, in memory"


def test_status_says_whether_the_trade_index_is_used(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "not used: made for multilingual-e5-small\n" in run("status", "--kb", folder).stdout
    index = tmp_path / "index"
    monkeypatch.setenv("QUISAIT_TRADE_INDEX", str(index))
    make_trade_index(NOMENCLATURES, WordCountEncoder(), index, lambda _: None)
    assert "phrases, used\n" in run("status", "--kb", folder).stdout
    (index / INDEX_FILE).write_bytes(b"IxFI")
    for verb in (["status"], ["search", "gants"]):
        result = run(*verb, "--kb", folder)
        assert result.exit_code == 1
        (line,) = result.stderr.splitlines()
        assert f"{index} holds no trade index that can be read" in line


def test_rebuild_reports_its_work(folder: Path) -> None:
    assert run("rebuild", "--kb", folder).stdout.startswith("3 actors and 1 cases, 7 passages, 0 ")


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from web.cli import main;"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0;"
        "print({'numpy', 'faiss', 'torch', 'fastapi', 'pydantic', 'openvino'}"
        " & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
