from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import EditConflict, InputError, UnknownRecord
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Kind
from kb.registers.accounts import AccountRole
from kb.registers.contact_lists import (
    MAX_ENTRIES,
    MAX_NOTE_CHARS,
    CallStatus,
    ContactList,
    ListEntry,
)
from kb.store.store import Store
from tests.encoders import WordCountEncoder

LEA, BOB = "Léa", "Bob"
AVEL = ListEntry("avel", "du gel")


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    Store.open(tmp_path / DATABASE_FILE, create=True).close()
    with closing(KnowledgeBase(tmp_path, WordCountEncoder)) as base:
        for name in (LEA, BOB):
            base.accounts.add(name, "du cirage au gel", AccountRole.CONTRIBUTOR)
        yield base


def ids(contact_list: ContactList) -> list[str]:
    return [entry.actor_id for entry in contact_list.entries]


def test_the_first_pick_makes_a_list_which_others_do_not_see(base: KnowledgeBase) -> None:
    assert base.lists.for_picks(LEA) is None
    made = base.lists.pick([AVEL], by=LEA)
    assert (made.name, made.owner, made.colleagues, made.takes_picks) == ("", LEA, (), True)
    assert base.lists.for_picks(LEA) == made == base.lists.get(made.id, by=LEA)
    entry = made.entries[0]
    assert (entry.need, entry.status, entry.changed_by) == ("du gel", CallStatus.TO_CALL, LEA)
    assert base.lists.of(BOB) == []
    with pytest.raises(UnknownRecord):
        base.lists.get(made.id, by=BOB)


def test_a_pick_keeps_what_is_there_and_adds_a_note_below_it(base: KnowledgeBase) -> None:
    called = replace(AVEL, status=CallStatus.CALLED, note="rappeler lundi")
    base.lists.pick([called], by=LEA)
    after = base.lists.pick([AVEL, replace(AVEL, note="tél. le matin"), AVEL], by=LEA)
    assert len(after.entries) == 1
    assert after.entries[0].note == "rappeler lundi\ntél. le matin"
    assert after.entries[0].status is CallStatus.CALLED


def test_a_list_has_an_end(base: KnowledgeBase) -> None:
    full = base.lists.pick([ListEntry(f"a{n}") for n in range(MAX_ENTRIES)], by=LEA)
    with pytest.raises(InputError, match="at most 200"):
        base.lists.pick([AVEL], by=LEA)
    with pytest.raises(InputError, match="at most 200"):
        base.lists.save(full.id, [(AVEL, "")], by=LEA)
    assert ids(base.lists.get(full.id, by=LEA)) == ids(full)
    with pytest.raises(InputError, match="A note has at most"):
        base.lists.pick([replace(full.entries[0], note="x" * (MAX_NOTE_CHARS + 1))], by=LEA)


def test_of_two_who_write_at_once_the_second_is_told(base: KnowledgeBase) -> None:
    made = base.lists.pick([AVEL, ListEntry("merlet")], by=LEA)
    base.lists.share(made.id, BOB, by=LEA)
    avel, merlet = made.entries
    seen = [(avel, avel.mark), (merlet, merlet.mark)]
    bobs = [(replace(avel, note="de Bob"), avel.mark), seen[1]]
    base.lists.save(made.id, bobs, by=BOB)
    # Léa changed the other one only: both changes stand.
    leas = [seen[0], (replace(merlet, status=CallStatus.NO), merlet.mark)]
    after = base.lists.save(made.id, leas, by=LEA)
    assert [(one.note, one.status, one.changed_by) for one in after.entries] == [
        ("de Bob", CallStatus.TO_CALL, BOB),
        ("", CallStatus.NO, LEA),
    ]
    # Now she writes over what she did not see, together with another change: neither is kept.
    stale = [
        (replace(after.entries[1], note="perdu ?"), after.entries[1].mark),
        (replace(avel, note="de Léa"), avel.mark),
    ]
    with pytest.raises(EditConflict):
        base.lists.save(made.id, stale, by=LEA)
    assert base.lists.get(made.id, by=LEA).entries == after.entries
    base.lists.save(made.id, [(replace(avel, note="de Léa"), after.entries[0].mark)], by=LEA)
    assert base.lists.get(made.id, by=BOB).entries[0].note == "de Léa"


def test_what_a_colleague_took_out_is_not_lost_either(base: KnowledgeBase) -> None:
    made = base.lists.pick([AVEL], by=LEA)
    entry = made.entries[0]
    base.lists.drop(["avel"], by=LEA, list_id=made.id)
    assert base.lists.save(made.id, [(entry, entry.mark)], by=LEA).entries == ()
    noted = replace(entry, note="à garder")
    with pytest.raises(EditConflict):
        base.lists.save(made.id, [(noted, entry.mark)], by=LEA)
    assert base.lists.save(made.id, [(noted, "")], by=LEA).entries[0].note == "à garder"


def test_entries_move_no_further_than_the_ends(base: KnowledgeBase) -> None:
    made = base.lists.pick([ListEntry(one) for one in "abc"], by=LEA)
    for actor_id, steps, order in (
        ("a", -1, "abc"), ("a", 1, "bac"), ("a", 5, "bca"), ("a", -1, "bac"), ("x", 1, "bac"),
    ):  # fmt: skip
        base.lists.move(made.id, actor_id, steps, by=LEA)
        assert ids(base.lists.get(made.id, by=LEA)) == list(order)
    assert ids(base.lists.pick([ListEntry("d")], by=LEA)) == list("bacd")


def test_several_lists_of_which_one_takes_picks(base: KnowledgeBase) -> None:
    first = base.lists.pick([AVEL], by=LEA)
    second = base.lists.add("  Gel\nhydro  ", by=LEA)
    assert (second.name, second.takes_picks) == ("Gel hydro", True)
    assert ids(base.lists.pick([ListEntry("b")], by=LEA)) == ["b"]
    base.lists.choose(first.id, by=LEA)
    assert ids(base.lists.pick([ListEntry("c")], by=LEA)) == ["avel", "c"]
    base.lists.rename(first.id, "Première", by=LEA)
    assert [one.name for one in base.lists.of(LEA)] == ["Gel hydro", "Première"]
    base.lists.delete(first.id, by=LEA)
    left = base.lists.for_picks(LEA)
    assert left
    assert left.id == second.id
    for name in ("", " ", "x" * 81):
        with pytest.raises(InputError):
            base.lists.add(name, by=LEA)


def test_a_colleague_changes_a_list_and_its_owner_alone_gives_it(base: KnowledgeBase) -> None:
    made = base.lists.pick([AVEL], by=LEA)
    base.lists.share(made.id, "BOB", by=LEA)
    assert base.lists.of(BOB)[0].owner == LEA
    assert base.lists.get(made.id, by=LEA).colleagues == (BOB,)
    base.lists.drop(["avel"], by=BOB, list_id=made.id)
    assert base.lists.get(made.id, by=LEA).entries == ()
    with pytest.raises(UnknownRecord):
        base.lists.delete(made.id, by=BOB)
    with pytest.raises(UnknownRecord):
        base.lists.share(made.id, BOB, by=BOB)
    with pytest.raises(UnknownRecord):
        base.lists.unshare(made.id, LEA, by=BOB)
    with pytest.raises(InputError, match="Nobody with the name"):
        base.lists.share(made.id, "Personne", by=LEA)
    base.accounts.add("Partie", "du cirage au gel", AccountRole.CONTRIBUTOR)
    base.accounts.disable("Partie")
    with pytest.raises(InputError, match="Nobody with the name"):
        base.lists.share(made.id, "Partie", by=LEA)
    base.lists.unshare(made.id, LEA, by=LEA)
    assert base.lists.get(made.id, by=LEA).owner == LEA
    base.lists.unshare(made.id, BOB, by=BOB)
    assert base.lists.of(BOB) == []


def test_picks_go_to_a_list_that_is_shared_only_when_it_is_chosen(base: KnowledgeBase) -> None:
    shared = base.lists.pick([AVEL], by=LEA)
    base.lists.share(shared.id, BOB, by=LEA)
    own = base.lists.pick([ListEntry("merlet", note="confidentiel")], by=BOB)
    assert (own.owner, ids(own)) == (BOB, ["merlet"])
    assert ids(base.lists.get(shared.id, by=LEA)) == ["avel"]
    base.lists.choose(shared.id, by=BOB)
    assert ids(base.lists.pick([ListEntry("merlet")], by=BOB)) == ["avel", "merlet"]


def test_what_is_erased_is_in_no_list(base: KnowledgeBase) -> None:
    base.put([Actor("avel", "Avel", "Cirages."), Actor("merlet", "Merlet", "Alcools.")])
    made = base.lists.pick([AVEL, ListEntry("merlet")], by=LEA)
    base.erase(Kind.ACTOR, "avel", by=LEA)
    assert ids(base.lists.get(made.id, by=LEA)) == ["merlet"]


def test_a_note_is_kept_without_what_nobody_sees() -> None:
    entry = ListEntry("a", "  du \n gel " + "x" * 400, note=" un\r\ndeux\x00\x1b ").cleaned()
    assert entry.note == "un\ndeux"
    assert entry.need.startswith("du gel x")
    assert len(entry.need) == 300
