"""Which e-mail addresses prove that somebody writes for an organisation."""

import pytest

from kb.models import Actor
from web.holders.claiming import proves

OWN = Actor(id="own", name="Saphir", website="https://www.saphir.fr/contact")


@pytest.mark.parametrize(
    ("website", "email", "expected"),
    [
        ("https://www.saphir.fr/contact", "lea@saphir.fr", True),
        ("https://saphir.fr", "LEA@Saphir.FR", True),
        ("https://saphir.fr", "lea@cognac.saphir.fr", True),
        ("https://saphir.fr", "lea@notsaphir.fr", False),
        ("https://saphir.fr", "lea@saphir.fr.evil.example", False),
        ("https://saphir.fr", "lea@gmail.com", False),
        ("https://lab.univ-poitiers.fr", "lea@univ-poitiers.fr", False),
        ("https://lab.univ-poitiers.fr", "lea@etu.univ-poitiers.fr", False),
        ("https://lab.univ-poitiers.fr", "lea@lab.univ-poitiers.fr", True),
        # Anybody may have a page or a mailbox there.
        ("https://facebook.com/saphir", "lea@facebook.com", False),
        ("https://gmail.com", "lea@gmail.com", False),
        ("https://github.io", "lea@evil.github.io", False),
        ("https://saphir.github.io", "lea@evil.github.io", False),
        ("https://co.uk", "lea@evil.co.uk", False),
        ("https://www.asso.fr", "lea@evil.asso.fr", False),
        ("http://localhost", "lea@localhost.example", False),
        ("https://böttcher.example", "lea@xn--bttcher-90a.example", True),
        ("", "lea@saphir.fr", False),
        ("http://[", "lea@saphir.fr", False),
    ],
)
def test_an_address_proves_by_the_host_of_the_website(
    website: str, email: str, expected: bool
) -> None:
    actor = Actor(id="own", name="Saphir", website=website)
    assert proves(email, actor, [actor]) is expected


def test_a_host_that_two_organisations_have_proves_nothing() -> None:
    other = Actor(id="other", name="Autre", website="http://saphir.fr/autre")
    assert proves("lea@saphir.fr", OWN, [OWN])
    assert not proves("lea@saphir.fr", OWN, [OWN, other])
