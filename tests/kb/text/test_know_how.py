import pytest

from kb.text.know_how import statement_kind


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Description de l'activité", "description"),
        ("CE QU’ILS SAVENT FAIRE", "description"),
        ("Secteur d'activité", "sector"),
        ("Secteur(s) d’activités", "sector"),
        ("activiteEntreprise", "activity"),
        ("Produits fabriqués", "products"),
        ("Parc machines", "machines"),
        ("Normes et certifications", "certificates"),
        ("Marques distribuées", "brands"),
        ("Matières transformées", "materials"),
        ("Maschinenpark", "machines"),
        ("Productos", "products"),
        ("Diensten", "services"),
        ("Libellé NAF", "sector"),
    ],
)
def test_headers_that_say_know_how(header: str, kind: str) -> None:
    assert statement_kind(header) == kind


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Effectif",
        "Code activité",
        "Date de début d'activité",
        "Nombre de machines",
        "Zone d'activité",
        "Site de production",
        "Adresse",
        "Autre : Produits",
        "Note",
    ],
)
def test_headers_that_say_something_else(header: str) -> None:
    assert statement_kind(header) == ""
