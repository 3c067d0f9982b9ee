from kb.reference.roles import ROLES, Role


def test_every_role_has_its_traits() -> None:
    assert list(ROLES) == list(Role)
    for role, traits in ROLES.items():
        assert traits.label, role
        assert traits.french, role
        assert 0 < traits.endorsement_share <= 1, role
        assert 0 <= traits.precedent_share <= 1, role
