"""The two verbs on a real knowledge base, with an encoder that counts what it embeds."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingest.commands import COMMANDS
from kb.editorial.ingestion import RowSlice
from kb.errors import InputError, KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind
from kb.settings import Settings
from tests.encoders import WordCountEncoder


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> WordCountEncoder:
    encoder = WordCountEncoder(dimension=64)
    monkeypatch.setattr("kb.knowledge_base.load_encoder", lambda _settings: encoder)
    return encoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "actors.csv").write_text(
        "nom;métier\nAvel;Fabrique des cirages\nMerlet;Distille des eaux-de-vie\n",
        encoding="utf-8",
    )
    (folder / "gel.md").write_text(
        "---\ntitle: Gel\nparticipants: [{actor: avel, name: Avel, role: producer}]\n---\nRécit.",
        encoding="utf-8",
    )
    return folder


def run(verb: str, *arguments: str | Path, kb: Path) -> Result:
    command = next(each for each in COMMANDS if each.name == verb)
    return CliRunner().invoke(command, [*map(str, arguments), "--kb", str(kb)])


def opened(kb: Path) -> KnowledgeBase:
    return KnowledgeBase.open(Settings.from_environment(kb=kb))


def test_the_second_run_embeds_nothing(
    tmp_path: Path, folder: Path, encoder: WordCountEncoder
) -> None:
    first = run("ingest", folder, kb=tmp_path / "kb")
    embedded = len(encoder.embedded)
    assert embedded > 0
    assert first.exit_code == 0
    assert first.output == (
        f"3 read, 3 added, 0 changed, 0 unchanged, 0 failed; passages embedded: {embedded}.\n"
    )
    second = run("ingest", folder, kb=tmp_path / "kb")
    assert second.output == (
        "3 read, 0 added, 0 changed, 3 unchanged, 0 failed; passages embedded: 0.\n"
    )
    assert len(encoder.embedded) == embedded


@pytest.mark.usefixtures("encoder")
def test_a_failure_is_told_and_the_rest_is_kept(tmp_path: Path, folder: Path) -> None:
    actors = folder / "actors.csv"
    actors.write_text("nom;métier;siret\nAvel;;123\n;Cirage;\n", encoding="utf-8")
    result = run("ingest", folder, "--prune", kb=tmp_path / "kb")
    assert result.exit_code == 1
    assert [line.partition(";")[0] for line in result.output.splitlines()] == [
        "3 read, 2 added, 0 changed, 0 unchanged, 1 failed, 1 to check",
        f"{actors}:3: has no name",
        f"{actors}:2: wrong siret '123': 14 digits, no letters",
        "Nothing was pruned: correct the failures above, then ingest again.",
    ]
    base = opened(tmp_path / "kb")
    assert [actor.name for actor in base.actors()] == ["Avel"]
    base.close()


@pytest.mark.usefixtures("encoder")
def test_pruning_spares_what_people_contributed_or_corrected(tmp_path: Path, folder: Path) -> None:
    run("ingest", folder, kb=tmp_path / "kb")
    base = opened(tmp_path / "kb")
    corrected = replace(base.case("gel"), need="De la solution pour l'hôpital")
    contributed = Case(id="masques", title="Des masques", text="Une lingerie coud des masques.")
    base.put([corrected], by="Léa")
    draft = base.drafts.add(contributed, by="Léa", origin="pasted")
    base.publish(draft.id, by="Léa", revision=draft.revision)
    base.close()
    (folder / "gel.md").unlink()
    (folder / "autre.md").write_text("---\ntitle: Autre\n---\nUn autre cas.\n", encoding="utf-8")
    run("ingest", folder, "--prune", kb=tmp_path / "kb")
    base = opened(tmp_path / "kb")
    assert base.ids(Kind.CASE) == {"autre", "gel", "masques"}
    base.close()


@pytest.mark.usefixtures("encoder")
def test_pruning_removes_for_good(tmp_path: Path, folder: Path) -> None:
    run("ingest", folder, kb=tmp_path / "kb")
    (folder / "actors.csv").write_text("nom;métier\nMerlet;\n", encoding="utf-8")
    result = run("ingest", folder, "--prune", kb=tmp_path / "kb")
    assert result.exit_code == 0
    assert result.output == (
        "2 read, 0 added, 1 changed, 1 unchanged, 0 failed, 1 removed; passages embedded: 0.\n"
        f"{folder}/gel.md: participant 'Avel' has the actor 'avel', which the knowledge base "
        "does not have (kept)\n"
    )
    base = opened(tmp_path / "kb")
    assert (base.ids(Kind.ACTOR), base.ids(Kind.CASE)) == ({"merlet"}, {"gel"})
    base.close()


@pytest.mark.usefixtures("encoder")
def test_the_report_can_be_json(tmp_path: Path, folder: Path) -> None:
    (folder / "bad.json").write_text("[", encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    result = run("ingest", folder, "--json", kb=tmp_path / "kb")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["read"], report["added"], report["sources"]) == (3, 3, [folder.name])
    assert report["embedded"] > 0
    assert [note["file"] for note in report["skipped"]] == [f"{folder}/notes.txt"]
    reason = "is not JSON: Expecting value (line 1, column 2)"
    assert report["failures"] == [{"file": f"{folder}/bad.json", "row": 0, "reason": reason}]


@pytest.mark.usefixtures("encoder")
def test_a_dry_run_shows_and_changes_nothing(tmp_path: Path, folder: Path) -> None:
    result = run("ingest", folder, "--dry-run", kb=tmp_path / "kb")
    assert result.exit_code == 0
    assert result.output == (
        f"{folder}/actors.csv, source 'input':\n"
        "  column  is read as   for example\n"
        "  nom     name         Avel · Merlet\n"
        "  métier  description  Fabrique des cirages · Distille des eaux-de-vie\n"
        "2 rows looked at: 2 would be kept, 0 would fail.\n"
        "Nothing was changed: this was a dry run.\n"
    )
    assert not (tmp_path / "kb").exists()


@pytest.mark.usefixtures("encoder")
def test_likely_duplicates_are_told_listed_and_decided(tmp_path: Path) -> None:
    path, kb = tmp_path / "firmes.csv", tmp_path / "kb"
    path.write_text(
        "id;nom;commune;métier\na;Merlet SARL;Cognac;\nb;Ets Merlet;Cognac;\nc;Avel;Cognac;\n",
        encoding="utf-8",
    )
    told = run("ingest", path, kb=kb)
    assert told.output.endswith(
        f"Possible duplicates: 1. Compare them: quisait duplicates list --source firmes --kb {kb}\n"
    )
    listed = group("list", kb=kb)
    assert listed.output[:3] == "0.9"
    assert listed.output[4:] == (
        "  same name, same place\n"
        "      a: Merlet SARL (Cognac, 16)\n"
        "      b: Ets Merlet (Cognac, 16)\n"
        "1 pair.\n"
    )
    assert json.loads(group("list", "--json", kb=kb).output)[0]["left_id"] == "a"
    assert group("decide", "a", "b", kb=kb).exit_code == 2
    assert group("decide", "a", "b", "--same", "--keep", "b", kb=kb).output == (
        "a and b are one now: b.\n"
    )
    assert group("decide", "b", "c", "--different", kb=kb).output == (
        "b and c are two: they will not be asked about again.\n"
    )
    assert group("list", kb=kb).output == "0 pairs.\n"
    assert group("list", "--state", "different", kb=kb).output.endswith("1 pair.\n")
    again = run("ingest", path, kb=kb)
    assert again.output.startswith("3 read, 0 added, 0 changed, 3 unchanged, 0 failed")
    base = opened(kb)
    assert base.ids(Kind.ACTOR) == {"b", "c"}
    base.close()


def group(*arguments: str, kb: Path) -> Result:
    command = next(each for each in COMMANDS if each.name == "duplicates")
    return CliRunner().invoke(command, [*arguments, "--kb", str(kb)])


@pytest.mark.usefixtures("encoder")
def test_what_was_withdrawn_is_told_and_not_brought_back(tmp_path: Path, folder: Path) -> None:
    kb = tmp_path / "kb"
    run("ingest", folder, kb=kb)
    base = opened(kb)
    base.withdraw(Kind.ACTOR, "merlet", by="lea")
    withdrawal = base.withdrawal(Kind.ACTOR, "merlet")
    base.close()
    assert withdrawal is not None
    result = run("ingest", folder, kb=kb)
    assert result.exit_code == 0
    assert result.output.endswith(
        f"{folder}/actors.csv:3: actor 'merlet' was withdrawn by lea on {withdrawal.at[:10]}: "
        "not brought back\n"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", "nom;Effectif\nAvel;40\n"), ("a.json", '[{"nom": "Avel"}, {"nom": "Merlet"}]')],
)
def test_a_directory_that_says_no_know_how_is_warned_of_before_it_is_written(
    tmp_path: Path,
    encoder: WordCountEncoder,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: str,
) -> None:
    written: list[str] = []
    put = RowSlice.put

    def noted(*arguments: object, **options: object) -> object:
        written.append("rows")
        return put(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(RowSlice, "put", noted)
    monkeypatch.setattr("tqdm.tqdm.write", lambda _bar, text, file: written.append(text))
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    told = run("ingest", path, kb=tmp_path / "kb")
    assert (told.exit_code, told.output.count("\n")) == (0, 1)
    assert written == [
        f"{path}: has no column that says what the actors can do (activity, description, products, "
        "machines…), so that needs hardly find them: say which one does",
        "rows",
    ]
    report = json.loads(run("ingest", path, "--json", kb=tmp_path / "kb").stdout)
    assert [note["reason"] for note in report["remarks"]] == [written[0].removeprefix(f"{path}: ")]


def test_sources_are_listed_and_who_sees_their_contacts_is_chosen(
    tmp_path: Path, encoder: WordCountEncoder
) -> None:
    path = tmp_path / "cci.csv"
    path.write_text("Nom;Métier;Contact;Tél.\nAvel;Cirages;Luc Vue;0536490010\n", encoding="utf-8")
    kb = tmp_path / "kb"
    assert "cci: 1 actor; contacts: members; persons: none\n" in (
        run("ingest", path, "--contacts", "members", kb=kb).output + run("sources", kb=kb).output
    )
    with closing(opened(kb)) as base:
        (actor,) = base.actors()
        assert (actor.phone, actor.contact) == (("+33536490010",), "")
        assert actor.public.phone == ()
    chosen = run("sources", "cci", "--contacts", "none", kb=kb)
    assert chosen.output == "cci: 1 actor; contacts: none; persons: none\n"
    with closing(opened(kb)) as base:
        assert base.actors()[0].phone == ()
    assert isinstance(run("sources", "x", kb=kb).exception, InputError)
    assert run("sources", "--persons", "none", kb=kb).exit_code == 2


def test_a_folder_is_registered_read_told_and_removed(
    tmp_path: Path, encoder: WordCountEncoder
) -> None:
    folder, kb = tmp_path / "annuaire", tmp_path / "kb"
    folder.mkdir()
    file = folder / "a.csv"
    file.write_text("Réf;Nom;Métier\n1;Avel;Cirages\n2;Merlet;Eaux\n", encoding="utf-8")
    added = run("sources", "add", folder, "--contacts", "none", "--every", "week", kb=kb)
    assert added.output == (
        f"annuaire: {folder} is read again every week. "
        "To read it now: quisait sources run annuaire\n"
    )
    assert isinstance(run("sources", "add", folder, "--name", "b", kb=kb).exception, InputError)
    first = run("sources", "run", kb=kb)
    assert first.exit_code == 0
    assert first.output.splitlines() == [
        "annuaire: 2 new, 0 changed, 0 gone, 0 unchanged",
        "  new: Avel (1)",
        "  new: Merlet (2)",
    ]
    assert run("sources", "run", kb=kb).output == "No source is due.\n"
    file.write_text("Réf;Nom;Métier\n1;Avel;Colles\n", encoding="utf-8")
    assert run("sources", "run", "annuaire", kb=kb).output.splitlines() == [
        "annuaire: 0 new, 1 changed, 1 gone, 0 unchanged",
        "  changed: Avel (1): description: Cirages → Colles",
        "  no longer listed: Merlet (2)",
    ]
    run("sources", "run", "annuaire", kb=kb)
    told = run("sources", "annuaire", kb=kb).output.splitlines()
    assert told[:2] == [
        "annuaire: 2 actors; contacts: none; persons: none",
        f"  {folder}, every week",
    ]
    assert [line.partition("UTC: ")[2] for line in told[2:5]] == [
        "nothing has changed there",
        "0 new, 1 changed, 1 gone, 0 unchanged",
        "2 new, 0 changed, 0 gone, 0 unchanged",
    ]
    assert told[5].startswith("  no longer listed since 20")
    assert told[5].endswith(": Merlet (2)")
    file.unlink()
    folder.rmdir()
    failed = run("sources", "run", "annuaire", kb=kb)
    assert failed.exit_code == 1
    assert failed.output == f"annuaire: failed: {folder} does not exist\n"
    assert f"  failed once: {folder} does not exist" in run("sources", kb=kb).output
    assert run("sources", "remove", "annuaire", kb=kb).exit_code == 0
    assert run("sources", kb=kb).output == "annuaire: 2 actors; contacts: none; persons: none\n"


def test_an_ingest_that_breaks_off_says_what_was_kept(
    tmp_path: Path, folder: Path, encoder: WordCountEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise KnowledgeBaseError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(KnowledgeBase, "ingest_cases", break_off)
        broken = run("ingest", folder, kb=tmp_path / "kb")
    assert broken.exit_code == 1
    assert "2 records were kept before this; ingest again for the rest." in broken.stderr
    again = run("ingest", folder, kb=tmp_path / "kb")
    assert "3 read, 1 added, 0 changed, 2 unchanged" in again.stdout
