"""Learning: the lexicon and the portraits become a delta with its card.

What a delta is worth are searches with known answers, by embeddings alone: folders in BEIR's
layout, with `corpus.jsonl`, `queries.jsonl` and `qrels/tune.tsv`.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from kb.adaptation.pairs import batches
from kb.adaptation.training import Recipe, train
from kb.encoder import prepared
from kb.encoder.delta import Delta, combine, merge, write_delta
from kb.encoder.encoder import Embeddings
from kb.encoder.prepared import prompts_of
from kb.errors import FileError
from kb.evaluation.metrics import average_precision, ndcg
from kb.evaluation.sets import read_json_lines, read_qrels, read_queries
from kb.settings import BUNDLED_MODEL, NO_ADAPTATION, Settings

CARD_FILE = "README.md"

EncodeTexts = Callable[[Sequence[str], str], Embeddings]
"""Embeds texts of a kind, `query` or `document`."""

Figures = Mapping[str, tuple[float, float]]
"""nDCG@10 and MAP by the names of the collections."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Queries and texts by their ids, and the grade of each right text for each query."""

    name: str
    queries: Mapping[str, str]
    corpus: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]

    def figures(self, encode: EncodeTexts) -> tuple[float, float]:
        ids = list(self.corpus)
        passages = encode(list(self.corpus.values()), "document")
        figures = []
        for id_, row in zip(
            self.queries, encode(list(self.queries.values()), "query"), strict=True
        ):
            order = np.argsort(-(passages @ row), kind="stable")
            ranking, grades = [ids[place] for place in order], self.qrels[id_]
            figures.append((ndcg(ranking, grades), average_precision(ranking, grades)))
        gain, precision = np.mean(figures, axis=0)
        return float(gain), float(precision)


def learn(
    out: Path,
    recipe: Recipe,
    seed: int,
    tune: Sequence[Path] = (),
    show: Callable[[str], None] = lambda _: None,
) -> None:
    """Learns a delta and writes it to `out`, with a card of what it is worth on the folders `tune`.

    `show` is called with a line of loss and figures at each checkpoint.
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

    def figures_of(what: str, loss: str, delta: Delta | None) -> Figures:
        model = plain
        if delta:
            model = copy.deepcopy(plain)
            merge(delta, model)

        def encode(texts: Sequence[str], kind: str) -> Embeddings:
            return encode_with(model, texts, prompts[kind])

        found = {each.name: each.figures(encode) for each in collections}
        cells = " ".join(f"{gain:6.3f}/{mean:.3f}" for gain, mean in found.values())
        show(f"{what:<10} {loss:>6} {cells}")
        return found

    names = " ".join(f"{each.name:>12}" for each in collections)
    show(f"nDCG@10/MAP\n{'':<10} {'loss':>6} {names}")
    before = figures_of("plain", "", None)
    deltas = []
    data = batches(seed, recipe.batch)
    for checkpoint in train(plain, prompts, data, recipe, seed, base_model=base_model):
        deltas.append(checkpoint.delta)
        figures_of(str(checkpoint.step), f"{checkpoint.loss:.3f}", checkpoint.delta)
    final = combine(deltas[-recipe.averaged :])
    after = figures_of("kept", "", final)
    figures = "\n".join(
        f"| {each} | {was[0]:.3f} | {now[0]:.3f} | {was[1]:.3f} | {now[1]:.3f} |"
        for each, was, now in ((each, before[each], after[each]) for each in before)
    )
    template = (Path(__file__).parent / "card.md").read_text(encoding="utf-8")
    card = template.format(
        base_model=base_model,
        rank=recipe.rank,
        seed=seed,
        constants=", ".join(f"{key} {value}" for key, value in asdict(recipe).items()),
        figures=figures,
    )
    try:
        write_delta(final, out)
        (out / CARD_FILE).write_text(card, encoding="utf-8")
    except OSError as error:
        raise FileError(f"{out} cannot be written: {error.strerror}.") from None


def read_collections(folder: Path) -> list[Collection]:
    """The collections of a folder in BEIR's layout, by the language of their queries."""
    qrels = read_qrels(folder / "qrels" / "tune.tsv")
    lines = read_json_lines(
        folder / "corpus.jsonl",
        lambda line: (str(line["_id"]), str(line["text"])),
        "a text",
        "`_id` and `text`",
    )
    corpus = dict(text for _, text in lines)
    by_lang: dict[str, dict[str, str]] = {}
    for query in read_queries(folder / "queries.jsonl"):
        if query.id in qrels:
            by_lang.setdefault(query.lang, {})[query.id] = query.text
    return [
        Collection(f"{folder.name} {lang}".strip(), queries, corpus, qrels)
        for lang, queries in by_lang.items()
    ]
