"""Small bases in two states of their input, and whether a base is whole."""

import csv
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np

from ingest.pipeline import ingest
from kb.encoder.encoder import Encoder
from kb.indexing.faiss_index import Index
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case, Kind, Participation, Record
from kb.reference.roles import Role
from kb.settings import Settings
from kb.store.passages import VECTOR
from kb.store.store import Store
from kb.upkeep.check import check_base
from tests.encoders import WordCountEncoder

FIRMS = 20
FORMER, NEXT = WordCountEncoder("words-64", 64), WordCountEncoder("words-48", 48)
_COLUMNS = ("id", "name", "description", "place", "department", "country", "lang")
_DERIVED = {
    "documents": "select kind, record_id, part, lang, text from documents",
    "passages": 'select id, start, "end", text_hash from passages',
    "words": "select rowid, words from passage_words",
    "names": "select key, actor_id from names",
    "embeddings": "select p.id, vector from passages p join embeddings using (text_hash)"
    " where encoder = (select value from properties where name = 'encoder')",
}


@contextmanager
def opened(folder: Path, encoder: Encoder = FORMER) -> Iterator[KnowledgeBase]:
    with closing(KnowledgeBase(folder, lambda: encoder, trade_index=None)) as base:
        yield base


def make_base(folder: Path) -> None:
    """A base of the former state of the input, which is beside it in `input`."""
    folder.mkdir(mode=0o700)
    Store.open(folder / DATABASE_FILE, create=True).close()
    write_input(folder / "input", "ancien")
    with opened(folder) as base:
        assert not ingest(base, [folder / "input"], source="firms").failures
        base.save_index()


def records(word: str, first: int = 0, last: int = FIRMS) -> dict[str, Record]:
    """The records of a state of the input, by id: cases are a quarter as many as firms."""
    found: list[Record] = [
        Actor(
            id=f"firme-{number}",
            name=f"Atelier Numéro{number}",
            description=f"L'atelier {number} coud du {word} en série {number % 5}. Il livre vite.",
            place="Saint-Junien",
            department="87",
            country="FR",
            lang="fr",
        )
        for number in range(first, last)
    ]
    found += [
        Case(
            id=f"cas-{number}",
            title=f"Un besoin numéro {number}",
            text=f"La mairie cherchait du {word} numéro {number}.\n\nUn atelier a dit oui.",
            need=f"Trouver du {word}",
            date="2026-11-20",
            participants=(Participation("Atelier", Role.PRODUCER, f"firme-{number}", "coud"),),
        )
        for number in range(first, last, 4)
    ]
    return {record.id: record for record in found}


def write_input(folder: Path, word: str, first: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    with (folder / "firms.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for record in records(word, first).values():
            if isinstance(record, Actor):
                writer.writerow([getattr(record, column) for column in _COLUMNS])
            else:
                (part,) = record.participants
                (folder / f"{record.id}.md").write_text(
                    f"---\nid: {record.id}\ntitle: {record.title}\ndate: {record.date}\n"
                    f"need: {record.need}\nparticipants:\n  - name: {part.name}\n"
                    f"    role: {part.role.value}\n    id: {part.actor_id}\n"
                    f"    contribution: {part.contribution}\n---\n{record.text}\n",
                    encoding="utf-8",
                )


def stored_texts(folder: Path) -> dict[str, str]:
    """What each stored record says, by id."""
    with closing(Store.open(folder / DATABASE_FILE)) as store:
        return {id_: text_of(record) for id_, record in _records_of(store).items()}


def text_of(record: Record) -> str:
    return record.description if isinstance(record, Actor) else record.text


def _records_of(store: Store) -> dict[str, Record]:
    return {
        id_: record for kind in Kind for id_, record in store.records(kind, store.ids(kind)).items()
    }


def checked(folder: Path, encoder: Encoder = FORMER) -> list[str]:
    """The problems that `quisait check` tells of."""
    with patch("kb.upkeep.check.load_encoder", lambda _: encoder):
        return [str(one) for one in check_base(Settings(kb=folder)) if not one.is_note]


def faults(folder: Path, encoder: Encoder) -> list[str]:
    """What is wrong with a base, by its check and beside one made anew of its records."""
    if found := checked(folder, encoder):
        return found
    with TemporaryDirectory() as scratch, closing(Store.open(folder / DATABASE_FILE)) as store:
        path = Path(scratch) / DATABASE_FILE
        Store.open(path, create=True).close()
        with opened(Path(scratch), encoder) as anew:
            anew.put(list(_records_of(store).values()))
        with closing(Store.open(path)) as wanted:
            for what, query in _DERIVED.items():
                left, right = (set(map(tuple, one.execute(query))) for one in (store, wanted))
                found += [f"{what}: {str(row)[:200]} differs" for row in left ^ right]
        vectors = {
            id_: np.frombuffer(row, VECTOR) for id_, row in store.execute(_DERIVED["embeddings"])
        }
        index = Index(encoder.fingerprint, encoder.dimension).refreshed(store)
        held = index.embeddings(vectors)
        if len(index) != len(vectors) or not all(
            np.array_equal(held.get(id_, ()), row) for id_, row in vectors.items()
        ):
            found.append("the index holds other vectors")
    return found


def files_saying(word: str, place: Path) -> list[str]:
    """The files in a folder, or a file, that have a word, the members of zips among them.

    In any case, with accents or without, in UTF-8 or UTF-16.
    """
    forms = {word.lower(), unicodedata.normalize("NFD", word.lower()).replace("\u0301", "")}
    sought = [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le", "utf-16-be")]
    found = []
    for path in [place, *place.rglob("*")]:
        contents = {str(path): path.read_bytes()} if path.is_file() else {}
        if path.is_file() and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                contents |= {f"{path}: {name}": packed.read(name) for name in packed.namelist()}
        found += [
            name
            for name, content in contents.items()
            if any(form in content.decode("latin-1").lower().encode("latin-1") for form in sought)
            or word.encode() in content
        ]
    return found
