from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.pipeline import BATCH_RECORDS, ingest
from kb.encoder.encoder import Embeddings, TextKind
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.store.store import Store
from tests.encoders import WordCountEncoder

SLICES = 3


class WaitingEncoder(WordCountEncoder):
    """Waits, before it encodes the documents of a call, for what the test says."""

    def __init__(self, before: Callable[[Sequence[str]], object]) -> None:
        super().__init__(dimension=64)
        self._before = before

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        self._before(texts)
        return super().encode(texts, kind)


def base_with(folder: Path, encoder: WordCountEncoder) -> KnowledgeBase:
    folder.mkdir()
    Store.open(folder / DATABASE_FILE, create=True).close()
    return KnowledgeBase(folder, lambda: encoder)


def directory(path: Path, rows: int = SLICES * BATCH_RECORDS) -> Path:
    lines = [f"firme-{row},Firme {row},Tonneaux {row // 2}" for row in range(rows)]
    path.write_text("\n".join(["id,name,description", *lines]), encoding="utf-8")
    return path


def test_no_text_is_encoded_twice_in_slices_that_are_under_way_together(tmp_path: Path) -> None:
    encoder = WordCountEncoder(dimension=64)
    base = base_with(tmp_path / "kb", encoder)
    path = tmp_path / "a.csv"
    lines = [f"firme-{row},Firme {row},Tonneaux {row % 7}" for row in range(2 * BATCH_RECORDS)]
    path.write_text("\n".join(["id,name,description", *lines]), encoding="utf-8")
    report = ingest(base, [path])
    assert report.embedded == len(encoder.embedded) == len(set(encoder.embedded)) == 7
    base.close()


def test_rows_of_two_slices_about_one_actor_are_put_in_their_order(tmp_path: Path) -> None:
    base = base_with(tmp_path / "kb", WordCountEncoder(dimension=64))
    siret = "73282932000074"
    rows = [f"firme-{row},Firme {row},,Tonneaux {row}" for row in range(2 * BATCH_RECORDS)]
    rows[BATCH_RECORDS - 1] = f"a,Avel,{siret},Des cirages"
    rows[BATCH_RECORDS] = f"b,AVEL SAS,{siret},Des vernis"
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["id,name,siret,description", *rows]), encoding="utf-8")
    report = ingest(base, [path])
    assert (report.added, report.changed) == (2 * BATCH_RECORDS - 1, 1)
    assert base.actor("a").description == "Des cirages\n\nDes vernis"
    assert "b" not in base.ids(Kind.ACTOR)
    assert ingest(base, [path]).unchanged == 2 * BATCH_RECORDS
    base.close()


def test_what_the_encoder_refuses_fails_alone(tmp_path: Path) -> None:
    def refuse(texts: Sequence[str]) -> None:
        if any("Tonneaux 70" in text for text in texts):
            raise ValueError("cannot be embedded")

    base = base_with(tmp_path / "kb", WaitingEncoder(refuse))
    report = ingest(base, [directory(tmp_path / "a.csv")])
    # Two firms share the text.
    assert [(note.row, note.reason) for note in report.failures] == [
        (142, "cannot be embedded"),
        (143, "cannot be embedded"),
    ]
    assert report.added == SLICES * BATCH_RECORDS - 2
    base.close()
