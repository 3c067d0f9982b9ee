from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case, Kind
from kb.registers.accounts import AccountRole
from kb.registers.clock import moment
from kb.registers.dossiers import (
    BY_LINK,
    MAX_ENTRIES,
    MAX_NOTE_CHARS,
    CallStatus,
    Dossier,
    DossierEntry,
    Ground,
    Right,
    Told,
    Why,
)
from kb.store.store import Store
from tests.encoders import WordCountEncoder

LEA, BOB = "Léa", "Bob"
WHY = Why("2026-12-01", "strong", "", (Ground("case", "prépare le gel", "fr", case_id="gel"),))
AVEL = DossierEntry("avel", "du gel", why=WHY)
GEL = Told("Gel", "du gel", "500 litres", "Cognac", "fin mars")


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    Store.open(tmp_path / DATABASE_FILE, create=True).close()
    with closing(KnowledgeBase(tmp_path, WordCountEncoder)) as base:
        for name in (LEA, BOB):
            base.accounts.add(name, "du cirage au gel", AccountRole.CONTRIBUTOR)
        yield base


def ids(dossier: Dossier) -> list[str]:
    return [entry.actor_id for entry in dossier.entries]


def shared_with_bob(base: KnowledgeBase) -> Dossier:
    made = base.dossiers.pick([AVEL, DossierEntry("merlet")], by=LEA, told=GEL)
    base.dossiers.share(made.id, Right.WRITE, by=LEA)
    base.dossiers.join(made.id, by=BOB)
    return base.dossiers.get(made.id, by=LEA)


def test_the_first_pick_makes_a_dossier_which_others_do_not_see(base: KnowledgeBase) -> None:
    assert base.dossiers.for_picks(LEA) is None
    made = base.dossiers.pick([AVEL], by=LEA, told=GEL)
    assert (made.told, made.name, made.owner, made.colleagues) == (GEL, "Gel", LEA, ())
    assert base.dossiers.for_picks(LEA) == made == base.dossiers.get(made.id, by=LEA)
    entry = made.entries[0]
    assert (entry.need, entry.status, entry.changed_by) == ("du gel", CallStatus.TO_CALL, LEA)
    assert entry.why == WHY
    assert base.dossiers.of(BOB) == []
    with pytest.raises(UnknownRecord):
        base.dossiers.get(made.id, by=BOB)


def test_each_need_has_a_dossier_until_two_are_put_together(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = base.dossiers.pick([AVEL], by=LEA, told=GEL)
    monkeypatch.setattr("kb.registers.dossiers.now", lambda: f"{moment().year + 1}-01-01T00:00:00Z")
    other = DossierEntry("merlet", "un désinfectant")
    second = base.dossiers.pick([other], by=LEA, told=Told(need="un  désinfectant"))
    assert first.id != second.id
    assert base.dossiers.pick([DossierEntry("b")], by=LEA).id == second.id  # the last one
    assert base.dossiers.for_picks(LEA, "du gel") == first
    assert [one.id for one in base.dossiers.of(LEA)] == [second.id, first.id]
    base.dossiers.merge(first.id, first.id, by=LEA)
    base.dossiers.merge(second.id, first.id, by=LEA)
    assert [ids(one) for one in base.dossiers.of(LEA)] == [["avel", "merlet", "b"]]
    # What is picked for the need of the one that is gone goes to the one that took it.
    again = base.dossiers.pick([DossierEntry("c")], by=LEA, told=Told(need="un désinfectant"))
    assert again.id == first.id
    base.dossiers.tell(first.id, replace(GEL, title=" Gel\n urgent "), by=LEA)
    assert base.dossiers.get(first.id, by=LEA).name == "Gel urgent"


def test_a_pick_keeps_what_is_there_and_adds_a_note_below_it(base: KnowledgeBase) -> None:
    called = replace(AVEL, status=CallStatus.CALLED, note="rappeler lundi")
    base.dossiers.pick([called], by=LEA)
    noted = replace(AVEL, note="tél. le matin", why=Why())
    after = base.dossiers.pick([AVEL, noted, AVEL], by=LEA)
    (entry,) = after.entries
    assert entry.note == "rappeler lundi\ntél. le matin"
    assert (entry.status, entry.why) == (CallStatus.CALLED, WHY)


def test_a_dossier_has_an_end(base: KnowledgeBase) -> None:
    full = base.dossiers.pick([DossierEntry(f"a{n}") for n in range(MAX_ENTRIES)], by=LEA)
    with pytest.raises(InputError, match="at most 200"):
        base.dossiers.pick([AVEL], by=LEA)
    with pytest.raises(InputError, match="at most 200"):
        base.dossiers.save(full.id, [(AVEL, "")], by=LEA)
    assert ids(base.dossiers.get(full.id, by=LEA)) == ids(full)
    with pytest.raises(InputError, match="A note has at most"):
        base.dossiers.pick([replace(full.entries[0], note="x" * (MAX_NOTE_CHARS + 1))], by=LEA)


def test_of_two_who_write_at_once_both_notes_are_kept(base: KnowledgeBase) -> None:
    made = shared_with_bob(base)
    avel, merlet = made.entries
    bobs = [(replace(avel, note="de Bob"), avel.mark), (merlet, merlet.mark)]
    base.dossiers.save(made.id, bobs, by=BOB)
    leas = [
        (replace(avel, note="de Léa", status=CallStatus.CALLED), avel.mark),
        (replace(merlet, status=CallStatus.NO), merlet.mark),
    ]
    after = base.dossiers.save(made.id, leas, by=LEA)
    assert [(one.note, one.status, one.changed_by) for one in after.entries] == [
        ("de Bob\nde Léa", CallStatus.CALLED, LEA),
        ("", CallStatus.NO, LEA),
    ]
    assert after.entries[0].why == WHY
    # Who changes one thing leaves what another made of the rest meanwhile.
    late = [
        (replace(avel, status=CallStatus.INTERESTED), avel.mark),
        (replace(merlet, note="?"), merlet.mark),
    ]
    after = base.dossiers.save(made.id, late, by=BOB)
    assert [(one.note, one.status) for one in after.entries] == [
        ("de Bob\nde Léa", CallStatus.INTERESTED),
        ("?", CallStatus.NO),
    ]
    # Who saw both may shorten; what was taken out meanwhile comes back with what was written on it.
    seen = after.entries[0]
    base.dossiers.save(made.id, [(replace(seen, note="de Léa"), seen.mark)], by=LEA)
    base.dossiers.drop(["merlet", "avel"], by=LEA, id=made.id)
    stale = [(merlet, merlet.mark), (replace(avel, note="à garder"), avel.mark)]
    back = base.dossiers.save(made.id, stale, by=BOB)
    assert [(one.actor_id, one.note) for one in back.entries] == [("avel", "à garder")]


def test_who_writes_by_a_link_signs_and_puts_nothing_in(base: KnowledgeBase) -> None:
    made = base.dossiers.pick([AVEL], by=LEA)
    (entry,) = made.entries
    sent = [(replace(entry, note="oui"), entry.mark), (DossierEntry("zorglub", note="x"), "")]
    (after,) = base.dossiers.save(made.id, sent, by=BY_LINK, signed=" Zoé\n").entries
    assert (after.note, after.changed_by, after.signed, after.why) == ("oui", "", "Zoé", WHY)
    # What another adds to it is signed by nobody else.
    (after,) = base.dossiers.pick([replace(AVEL, note="non")], by=LEA).entries
    assert (after.note, after.changed_by, after.signed) == ("oui\nnon", LEA, "")


def test_a_colleague_comes_and_goes_with_the_link_and_the_owner_stays(base: KnowledgeBase) -> None:
    made = shared_with_bob(base)
    assert (base.dossiers.of(BOB)[0].owner, made.colleagues) == (LEA, (BOB,))
    with pytest.raises(UnknownRecord):
        base.dossiers.share(made.id, Right.READ, by=BOB)
    with pytest.raises(UnknownRecord):
        base.dossiers.merge(made.id, made.id, by=BOB)
    # What Bob picks for no need of theirs goes to what is his own.
    assert base.dossiers.pick([DossierEntry("merlet", note="à moi")], by=BOB).owner == BOB
    base.dossiers.delete(made.id, by=BOB)
    assert made.id not in {one.id for one in base.dossiers.of(BOB)}
    assert base.dossiers.get(made.id, by=LEA).colleagues == ()
    base.dossiers.join(made.id, by=BOB)
    base.dossiers.share(made.id, Right.READ, by=LEA, ends=True)
    assert base.dossiers.get(made.id, by=BOB)
    base.dossiers.share(made.id, Right.WRITE, by=LEA, ends=True)
    with pytest.raises(UnknownRecord):
        base.dossiers.get(made.id, by=BOB)
    assert base.dossiers.get(made.id, by=LEA).writer == ""
    base.dossiers.delete(made.id, by=LEA)
    assert base.dossiers.of(LEA) == []


def test_what_is_erased_is_in_no_dossier(base: KnowledgeBase) -> None:
    base.put([Actor("avel", "Avel", "Cirages."), Actor("merlet", "Merlet", "Alcools.")])
    made = base.dossiers.pick([AVEL, DossierEntry("merlet")], by=LEA)
    base.erase(Kind.ACTOR, "avel", by=LEA)
    assert ids(base.dossiers.get(made.id, by=LEA)) == ["merlet"]
    base.put([Case("gel", "Du gel", "Avel prépare le gel.")])
    quoting = base.dossiers.pick([replace(AVEL, actor_id="merlet")], by=LEA).entries[0]
    assert quoting.why == WHY
    base.erase(Kind.CASE, "gel", by=LEA)
    assert base.dossiers.get(made.id, by=LEA).entries[0].why == Why()
    base.put([Actor("avel-2", "Avel & fils", "Cirages.")])
    near = Why("2026-12-01", reasons=(Ground("similar", "proche de celui de Avel & fils"),))
    base.dossiers.pick([DossierEntry("merlet", why=near)], by=LEA)
    assert base.dossiers.get(made.id, by=LEA).entries[0].why == near
    base.erase(Kind.ACTOR, "avel-2", by=LEA)
    assert base.dossiers.get(made.id, by=LEA).entries[0].why == Why()


def test_a_note_is_kept_without_what_nobody_sees() -> None:
    entry = DossierEntry("a", "  du \n gel ", note=" un\r\ndeux\x00\x1b ").cleaned()
    assert (entry.note, entry.need) == ("un\ndeux", "du gel")
