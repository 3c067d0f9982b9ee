from kb.reference.roles import ROLES, Role
from kb.text.folding import fold


def test_every_role_has_its_traits() -> None:
    assert list(ROLES) == list(Role)
    for role, traits in ROLES.items():
        assert traits.label, role
        assert traits.french, role
        assert 0 < traits.endorsement_share <= 1, role
        assert 0 <= traits.precedent_share <= 1, role


def test_a_word_names_one_role() -> None:
    words = [word for role, traits in ROLES.items() for word in (role.value, *traits.french)]
    assert len(set(words)) == len(words)
    assert words == [fold(word) for word in words]


def test_who_made_it_counts_most_and_who_asked_for_it_least() -> None:
    by_share = sorted(ROLES, key=lambda role: ROLES[role].endorsement_share)
    assert (by_share[0], by_share[-1]) == (Role.BUYER, Role.PRODUCER)
    assert max(ROLES, key=lambda role: ROLES[role].precedent_share) is Role.PRODUCER
