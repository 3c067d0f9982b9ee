from kb.resolution.name_comparison import ALL, compare_names


def test_names_of_one_firm_have_a_counterpart_for_each_word() -> None:
    cases: list[tuple[str, str]] = [
        ("SARL Merlet & Fils", "Merlet et Fils"), ("Ets Pichon", "ETABLISSEMENTS PICHON SAS"),
        ("SDEM", "Société d'Électricité de la Meuse"),
        ("S.D.E.M.", "Société d'Électricité de la Meuse"),
        ("Malaval TP", "Malaval Travaux Publics"), ("ES16", "Emballages Souples 16"),
        ("ESAT Les Genêts", "Établissement et Service d'Aide par le Travail Les Genêts"),
        ("Avel (marque Saphir)", "Saphir"),
        ("EARL des Tilleuls – La Ferme aux Escargots", "La Ferme aux Escargots"),
        ("Coutellerie Roux", "Roux Couteliers"),
        ("Thermoplast Industrie", "THERMO PLAST INDUSTRIES"),
        ("Chaudronnerie Lorraine", "Chaudronerie Loraine"), ("Dupont Électricité", "Dupont Elec"),
        ("Les Quatre Saisons", "Les 4 saisons"),
    ]  # fmt: skip
    for left, right in cases:
        assert compare_names(left, right).shared > ALL
        assert compare_names(right, left).shared > ALL


def test_each_of_two_firms_has_a_word_that_the_other_lacks() -> None:
    cases: list[tuple[str, str]] = [
        ("Martin Père et Fils", "Martin Julien"), ("Perrin Frères", "Perrin Alain"),
        ("Delmont Plomberie", "Bouchages Delmont"), ("Solaire 2000", "Solaire 3000"),
        ("Serma Technologies", "Serma Ingénierie"),
    ]  # fmt: skip
    for left, right in cases:
        found = compare_names(left, right)
        assert found.rest > 0
        assert found.longer_rest > 0


def test_the_town_of_an_actor_is_no_part_of_its_name() -> None:
    assert compare_names("Verallia Cognac", "Verallia", {"cognac"}).shared > ALL
    assert compare_names("Verallia Cognac", "Verallia").shared < ALL
    assert compare_names("Verallia Cognac", "Verallia", {"cognac"}).other_town is False
    assert compare_names("Verallia Chalon", "Verallia", {"cognac"}).longer_rest == 1.0
