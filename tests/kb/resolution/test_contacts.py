from kb.resolution.contacts import Contacts, contacts_of


def test_a_website_is_a_host_and_a_page_on_it() -> None:
    cases: list[tuple[str, str, str]] = [
        ("https://www.avel.fr", "avel.fr", ""), ("http://avel.fr/", "avel.fr", ""),
        ("https://fr.avel.com/fr/contact.html", "avel.com", ""),
        ("https://avel.fr/index.php", "avel.fr", ""),
        ("https://bois.example/adherents/vidal", "bois.example", "bois.example/adherents/vidal"),
        ("https://www.facebook.com/AvelSaphir/", "", "facebook.com/avelsaphir"),
        ("https://fr-fr.facebook.com/avelsaphir/about", "", "facebook.com/avelsaphir"),
        ("https://brasseurs.example/?b=causse", "brasseurs.example", "brasseurs.example/?b=causse"),
        ("https://avel.fr/?utm_source=cci", "avel.fr", ""), ("https://[::1", "", ""), ("", "", ""),
    ]  # fmt: skip
    for website, host, page in cases:
        found = contacts_of(website, (), ())
        assert (found.host, found.page) == (host, page)


def test_a_domain_where_anybody_may_have_an_address_is_none() -> None:
    assert contacts_of("", (), ("Lea@Orange.fr",)) == Contacts(emails=frozenset({"lea@orange.fr"}))
    assert contacts_of("", (), ("lea@avel.fr", "x@gmail.com")).domain == "avel.fr"


def test_a_website_and_an_address_share_their_domain() -> None:
    site, address = contacts_of("https://avel.fr", (), ()), contacts_of("", (), ("a@avel.fr",))
    assert set(site.keys()) & set(address.keys()) == {"w avel.fr"}
