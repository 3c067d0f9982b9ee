"""The contacts of the rows of a directory: kept apart from what is searched."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.directories.actor_row import entry_from
from ingest.directories.columns_of import HeaderMap, actor_columns
from ingest.directories.contacts import WhoseContacts, whose_contacts
from ingest.directories.readers import preview, read_directory
from ingest.pipeline import ingest
from kb.indexing.derivation import derive
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.text.phone_numbers import shown_number

HEADER = "Nom;Activité;Commune;Code postal;Adresse;Complément d'adresse;Tél.;Portable;Fax;E-mail"
ROWS = (
    "Avel;Fabrique des cirages.;Magnac-Lavalette;16320;12 rue des Tanneurs;BP 4;05 36 49 00 10 / "
    "05 36 49 00 11;06 39 98 00 12;05 36 49 00 13;CONTACT@avel.example, ventes[at]avel.example",
    "Merlet;Scie du chêne.;Cognac;16100;3 rue Neuve 16100 Cognac;;05 36 49 00;;;sur demande",
)


def directory(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "firmes.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def actors(path: Path) -> list[Actor]:
    return [entry.record for entry in read_directory(path) if isinstance(entry.record, Actor)]


def test_contacts_are_read_from_several_columns_and_are_no_facts(tmp_path: Path) -> None:
    avel, merlet = actors(directory(tmp_path, *ROWS))
    assert avel.phone == ("+33536490010", "+33536490011", "+33639980012")
    assert avel.email == ("contact@avel.example", "ventes@avel.example")
    assert avel.address == "12 rue des Tanneurs, BP 4, 16320"
    assert set(avel.facts) == {"Code postal"}
    assert (merlet.phone, merlet.email) == ((), ())
    assert merlet.address == "3 rue Neuve 16100 Cognac"


def test_what_cannot_be_dialled_is_a_remark_and_the_actor_is_kept(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    path = directory(tmp_path, *ROWS)
    report = ingest(base, [path])
    assert (report.added, report.failures) == (2, [])
    assert list(map(str, report.remarks)) == [
        f"{path}:3: phone: a cell is no telephone number that can be dialled; the row is kept "
        "without it"
    ]
    assert preview(path).problems == tuple(report.remarks)


@pytest.mark.parametrize(
    ("cell", "is_kept"),
    [
        ("Appeler Mme Martin au 06 39 98 00 12, le matin", False),
        ("Écrire à jeanne.martin@avel.example avant midi", False),
        ("Voir Paul (+33 6 39 98 00 12)", False),
        ("Agrément 05 36 49 00 de 2019, lot 0639980012", True),
        ("Ouvert de 8 à 12 et de 14 à 18", True),
    ],
)
def test_a_fact_with_a_contact_amid_words_is_left_out_unless_persons_are_kept(
    tmp_path: Path, cell: str, is_kept: bool
) -> None:
    path = directory(
        tmp_path, f'Avel;Cirages, 06 39 98 00 12.;"{cell}"', header="Nom;Activité;Remarques"
    )
    (entry,) = read_directory(path)
    assert isinstance(entry.record, Actor)
    assert entry.record.facts == ({"Remarques": cell} if is_kept else {})
    assert entry.leaves_out_persons is not is_kept
    assert entry.record.description == "Cirages, 06 39 98 00 12."
    (with_persons,) = read_directory(path, HeaderMap(persons_kept=True))
    assert isinstance(with_persons.record, Actor)
    assert with_persons.record.facts == {"Remarques": cell}


def test_no_passage_has_a_contact(tmp_path: Path) -> None:
    avel, _ = actors(directory(tmp_path, *ROWS))
    texts = " ".join(document.text for document in derive(avel).documents)
    assert "cirages" in texts
    for trace in "36", "49 00", "contact", "avel.example", "Tanneurs", "BP 4":
        assert trace not in texts


def test_a_firm_that_is_not_to_be_made_public_has_no_contacts(tmp_path: Path) -> None:
    header = "siret;etatAdministratifEtablissement;enseigne1Etablissement"
    header += ";statutDiffusionEtablissement;Téléphone"
    (actor,) = actors(directory(tmp_path, "73282932000074;A;Avel;P;05 36 49 00 10", header=header))
    assert (actor.name, actor.phone) == ("Avel", ())


PERSONS = "Société;Civilité;Prénom;Nom;Fonction;Téléphone du gérant;Tél.;Mobile;E-mail"
PERSONS_ROW = (
    "Avel;Mme;Jeanne;Martin;directrice;05 36 49 00 14;05 36 49 00 10;06 39 98 00 11;"
    "contact@avel.example, jeanne.martin@avel.example"
)


def test_of_a_row_with_a_person_the_organisations_contacts_alone_are_kept(tmp_path: Path) -> None:
    path = directory(tmp_path, PERSONS_ROW, header=PERSONS)
    warnings: list[str] = []
    (entry,) = read_directory(path, warn=warnings.append)
    assert warnings[-1].startswith("rows whose contacts of persons are left out, such as a mobile ")
    assert "jeanne.martin@: 1; to have them kept" in warnings[-1]
    assert warnings[-1] in [note.reason for note in preview(path).problems]
    assert isinstance(entry.record, Actor)
    assert entry.record.phone == ("+33536490010",)
    assert entry.record.email == ("contact@avel.example",)
    assert entry.record.contact == ""
    assert entry.record.facts == {}


def test_a_person_is_kept_in_a_line_where_that_is_chosen(tmp_path: Path) -> None:
    path = directory(tmp_path, PERSONS_ROW, header=PERSONS)
    (entry,) = read_directory(path, HeaderMap(persons_kept=True))
    assert isinstance(entry.record, Actor)
    assert entry.record.contact == (
        "Mme Jeanne Martin, directrice, 05 36 49 00 14, 06 39 98 00 11, jeanne.martin@avel.example"
    )
    assert entry.record.phone == ("+33536490010",)
    assert entry.record.facts == {}


CELLS = st.text(
    st.sampled_from("0536490-+().,;/|:@ abc[at]NC\n'\"éx{}<>"), max_size=50
) | st.sampled_from(
    ["05 36 49 00 10", "+33 (0)5 36 49 00 10", "tel:+33536490010", "05.36.49.00.10 poste 12", "NC",
     "-", "sur demande", "05 36 49 00 10 / 06 39 98 00 11", "CONTACT@AVEL.EXAMPLE,", "3949",
     "mailto:contact@avel.example", "contact [at] avel.example", "jeanne.martin@avel.example"]
)  # fmt: skip


@given(cells=st.lists(CELLS, min_size=5, max_size=5), persons_kept=st.booleans())
def test_whatever_stands_in_cells_the_actor_is_kept_and_exported_the_same(
    cells: list[str], persons_kept: bool
) -> None:
    header = ["Nom", "Contact", "Tél.", "Portable", "E-mail", "Adresse"]
    whose = whose_contacts(header, persons_kept=persons_kept)
    actor = entry_from(actor_columns(header), ["Avel", *cells], whose=whose).record
    assert isinstance(actor, Actor)
    assert actor.name == "Avel"
    assert persons_kept or not actor.contact
    # As an export has it, whose contacts are as they stand.
    exported = {
        "name": "Avel",
        "phone": " | ".join(shown_number(number, "FR") for number in actor.phone),
        "email": " | ".join(actor.email),
        "address": actor.address,
        "contact": actor.contact,
    }
    again = entry_from(
        actor_columns(list(exported)),
        list(exported.values()),
        whose=WhoseContacts.AS_THEY_STAND,
    )
    assert (again.record, again.remarks) == (actor, ())
