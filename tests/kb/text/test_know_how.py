from kb.text.know_how import statement_kind


def test_headers_that_say_know_how() -> None:
    cases: list[tuple[str, str]] = [
        ("Description de l'activité", "description"), ("CE QU’ILS SAVENT FAIRE", "description"),
        ("Secteur d'activité", "sector"), ("Secteur(s) d’activités", "sector"),
        ("activiteEntreprise", "activity"), ("Produits fabriqués", "products"),
        ("Parc machines", "machines"), ("Normes et certifications", "certificates"),
        ("Marques distribuées", "brands"), ("Matières transformées", "materials"),
        ("Maschinenpark", "machines"), ("Productos", "products"), ("Diensten", "services"),
        ("Libellé NAF", "sector"),
    ]  # fmt: skip
    for header, kind in cases:
        assert statement_kind(header) == kind


def test_headers_that_say_something_else() -> None:
    cases: list[str] = [
        "", "Effectif", "Code activité", "Date de début d'activité", "Nombre de machines",
        "Zone d'activité", "Site de production", "Adresse", "Autre : Produits", "Note",
    ]  # fmt: skip
    for header in cases:
        assert statement_kind(header) == ""
