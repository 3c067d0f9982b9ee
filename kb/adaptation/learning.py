"""Learning: the lexicon and the portraits become a delta with its card and its curve."""

import copy
import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import product
from pathlib import Path

from kb.adaptation.measuring import Collection, measure, read_collections
from kb.adaptation.pairs import batches
from kb.adaptation.training import Recipe, train
from kb.encoder import prepared
from kb.encoder.delta import Delta, combine, merge, write_delta
from kb.encoder.encoder import Embeddings
from kb.encoder.prepared import prompts_of
from kb.errors import FileError
from kb.settings import BUNDLED_MODEL, NO_ADAPTATION, Settings

CURVE_FILE = "curve.csv"
CARD_FILE = "README.md"
DATA = ("lexicon.tsv", "portraits.tsv")

Figures = Mapping[str, Mapping[str, float]]
"""nDCG@10 and MAP by the names of the collections."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the curve: what was measured, its mean loss, and the figures."""

    what: str
    loss: float | None
    figures: Figures


def learn(
    out: Path,
    recipe: Recipe,
    seed: int,
    tune: Sequence[Path] = (),
    show: Callable[[str], None] = lambda _: None,
) -> list[Row]:
    """Learns a delta and writes it to `out`; returns the curve, measured on the folders `tune`.

    `show` is called with each row of the curve.

    Raises:
        FileError: a folder of `tune` cannot be read, or `out` cannot be written.
        EncoderError: the model cannot be found or loaded.
    """
    import torch

    from kb.encoder.torch_engine import encode_with, load_sentence_transformer

    collections = [collection for folder in tune for collection in read_collections(folder)]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{out} cannot be made: {error.strerror}; name another --out.") from None
    settings = Settings.from_environment(adaptation=NO_ADAPTATION)
    name, model_folder = prepared.find_model(settings)
    is_bundled = settings.model == BUNDLED_MODEL
    base_model = prepared.HUB_NAME_OF_BUNDLED if is_bundled else settings.model
    plain = load_sentence_transformer(model_folder)
    prompts = prompts_of(name, plain)
    if settings.threads:
        torch.set_num_threads(settings.threads)

    def figures_with(delta: Delta | None) -> Figures:
        model = plain
        if delta:
            model = copy.deepcopy(plain)
            merge(delta, model)

        def encode(texts: Sequence[str], kind: str) -> Embeddings:
            return encode_with(model, texts, prompts[kind])

        return measure(encode, collections)

    rows: list[Row] = []

    def add(what: str, loss: float | None, delta: Delta | None) -> None:
        rows.append(Row(what, loss, figures_with(delta) if collections else {}))
        if len(rows) == 1:
            show(_header(collections))
        show(_line(rows[-1]))

    add("plain", None, None)
    deltas = []
    data = batches(seed, recipe.batch)
    for checkpoint in train(plain, prompts, data, recipe, seed, base_model=base_model):
        deltas.append(checkpoint.delta)
        add(str(checkpoint.step), checkpoint.loss, checkpoint.delta)
    final = combine(deltas[-recipe.averaged :])
    add("kept", None, final)
    try:
        write_delta(final, out)
        _write_curve(rows, out / CURVE_FILE)
        card = _card(base_model, recipe, seed, collections, rows)
        (out / CARD_FILE).write_text(card, encoding="utf-8")
    except OSError as error:
        raise FileError(f"{out} cannot be written: {error.strerror}.") from None
    return rows


def _header(collections: Sequence[Collection]) -> str:
    names = " ".join(f"{collection.name:>12}" for collection in collections)
    return f"nDCG@10/MAP\n{'':<10} {'loss':>6} {names}"


def _line(row: Row) -> str:
    loss = "" if row.loss is None else f"{row.loss:.3f}"
    cells = " ".join(f"{f['nDCG@10']:6.3f}/{f['MAP']:.3f}" for f in row.figures.values())
    return f"{row.what:<10} {loss:>6} {cells}"


def _write_curve(rows: Sequence[Row], path: Path) -> None:
    columns = list(product(rows[0].figures, ("nDCG@10", "MAP")))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["what", "loss", *(f"{name} {metric}" for name, metric in columns)])
        for row in rows:
            cells = [f"{row.figures[name][metric]:.4f}" for name, metric in columns]
            writer.writerow([row.what, "" if row.loss is None else f"{row.loss:.4f}", *cells])


def _card(
    base_model: str,
    recipe: Recipe,
    seed: int,
    collections: Sequence[Collection],
    rows: Sequence[Row],
) -> str:
    hashes = "\n".join(
        f"| `{name}` | `{hashlib.sha256(text.read_bytes()).hexdigest()[:16]}…` |"
        for name in DATA
        for text in [files("kb.reference") / name]
    )
    plain, kept = rows[0].figures, rows[-1].figures
    figures = "\n".join(
        f"| {c.name} | {len(c.queries)} | {plain[c.name]['nDCG@10']:.3f} | "
        f"{kept[c.name]['nDCG@10']:.3f} | {plain[c.name]['MAP']:.3f} | {kept[c.name]['MAP']:.3f} |"
        for c in collections
    )
    template = (Path(__file__).parent / "card.md").read_text(encoding="utf-8")
    return template.format(
        base_model=base_model,
        rank=recipe.rank,
        seed=seed,
        constants=", ".join(f"{key} {value}" for key, value in asdict(recipe).items()),
        hashes=hashes,
        figures=figures,
    )
