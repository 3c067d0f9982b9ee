"""A choice of who sees a source's contacts, carried out some actors at a time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.reference.visibility import ContactChoice, Visibility
from kb.resolution.merge_rules import SourceRow
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder

PUBLIC, MEMBERS, NONE = Visibility
COUNT = 250
"""More than the actors of a transaction."""


class Killed(Exception):
    pass


def after(slices: int) -> Callable[[int], None]:
    """A progress that ends the work after so many transactions."""
    left = [slices]

    def progress(_count: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    return progress


def number_of(position: int) -> str:
    return f"+3353649{position:04}"


@pytest.fixture
def firms(base: KnowledgeBase) -> KnowledgeBase:
    """A base with firms of the source cci, each with a telephone number."""
    rows = [
        SourceRow(Actor(id=f"f{n:03}", name=f"Firme {n}", phone=(number_of(n),)))
        for n in range(COUNT)
    ]
    base.begin_rows("cci", rows).put()
    return base


def counts(base: KnowledgeBase) -> tuple[int, int]:
    """How many numbers the public sees, and how many are kept."""
    actors = [base.actor(id_) for id_ in base.ids(Kind.ACTOR)]
    return sum(len(each.public.phone) for each in actors), sum(len(each.phone) for each in actors)


def in_files(base: KnowledgeBase) -> int:
    base.close()
    content = b"".join(path.read_bytes() for path in base.folder.glob("kb.sqlite*"))
    return sum(number_of(n).encode() in content for n in range(COUNT))


@pytest.mark.parametrize("to", [MEMBERS, NONE])
def test_what_the_public_is_not_to_see_is_hidden_at_once(
    firms: KnowledgeBase, to: Visibility
) -> None:
    generation = firms.generation(Kind.ACTOR)
    assert counts(firms) == (COUNT, COUNT)
    assert firms.begin_choice("cci", ContactChoice(to))
    assert counts(firms) == (0, COUNT)
    assert firms.generation(Kind.ACTOR) != generation


def test_an_interrupted_choice_goes_on_in_any_process_and_leaves_no_byte(
    firms: KnowledgeBase, open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    firms.begin_choice("cci", ContactChoice(NONE))
    with pytest.raises(Killed):
        firms.finish_choices(after(1))
    assert counts(firms) == (0, COUNT - 100)
    assert in_files(firms) > 0
    other, seen = open_base(word_counts), list[int]()
    other.finish_choices(seen.append)
    assert seen == [100, 50, 0]
    assert counts(other) == (0, 0)
    assert not other.choice_is_under_way()
    assert in_files(other) == 0


def test_what_is_written_meanwhile_is_hidden_only_where_it_is_to_be(firms: KnowledgeBase) -> None:
    firms.begin_choice("cci", ContactChoice(MEMBERS))
    typed = "+33536499999"
    actor = firms.actor("f200")
    firms.put([replace(actor, phone=(*actor.phone, typed))], by="léa")
    firms.finish_choices()
    assert firms.actor("f200").public.phone == (typed,)
    assert counts(firms) == (1, COUNT + 1)


def test_actors_that_are_merged_meanwhile_are_not_passed_over(firms: KnowledgeBase) -> None:
    firms.begin_choice("cci", ContactChoice(NONE))
    with pytest.raises(Killed):
        firms.finish_choices(after(1))
    firms.duplicates.decide("f000", "f240", same=True, keep="f000", by="léa")
    assert number_of(240) in firms.actor("f000").phone
    firms.finish_choices()
    assert counts(firms) == (0, 0)
    assert in_files(firms) == 0


def test_a_later_choice_takes_the_place_of_one_under_way(firms: KnowledgeBase) -> None:
    firms.begin_choice("cci", ContactChoice(MEMBERS))
    with pytest.raises(Killed):
        firms.finish_choices(after(1))
    firms.begin_choice("cci", ContactChoice(PUBLIC))
    firms.finish_choices()
    assert counts(firms) == (COUNT, COUNT)


def test_what_no_public_source_says_any_more_is_hidden_in_searches_too(
    base: KnowledgeBase,
) -> None:
    number = number_of(1)
    firm = Actor(id="avel", name="Avel", description="Fabrication de cirages.", phone=(number,))
    told = SourceRow(firm)
    base.begin_choice("network", ContactChoice(MEMBERS))
    for source in ("network", "directory"):
        base.begin_rows(source, [told]).put()

    def shown() -> tuple[str, ...]:
        (hit,) = base.search("cirages").hits
        return tuple(hit.actor.public.phone)

    assert shown() == (number,)
    base.begin_rows("directory", [replace(told, actor=replace(firm, phone=()))]).put()
    assert base.actor("avel").public.phone == ()
    assert shown() == ()
