"""Learning: the lexicon and the portraits become a delta with its card, by InfoNCE both ways."""

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb.adaptation.pairs import Pair, batches
from kb.encoder import prepared
from kb.encoder.delta import TARGETS, Delta, combine, merge, write_delta
from kb.encoder.encoder import Embeddings
from kb.encoder.prepared import prompts_of
from kb.encoder.torch_engine import quiet
from kb.errors import FileError
from kb.evaluation.metrics import average_precision, ndcg
from kb.evaluation.sets import read_json_lines, read_qrels, read_queries
from kb.settings import BUNDLED_MODEL, NO_ADAPTATION, Settings


@dataclass(frozen=True, slots=True)
class Recipe:
    """The constants of a run (docs/adaptation.md). The last `averaged` checkpoints are kept."""

    steps: int = 140
    batch: int = 64
    rank: int = 16
    rate: float = 5e-4
    warm_up: int = 10
    temperature: float = 0.02
    decay: float = 0.01
    checkpoint_every: int = 20
    averaged: int = 5
    query_tokens: int = 32
    passage_tokens: int = 96
    passage_to_query: float = 0.5
    floor: float = 0.1


def train(
    model: Any,
    prompts: dict[str, str],
    data: Iterator[Sequence[Pair]],
    recipe: Recipe,
    seed: int,
    *,
    base_model: str,
) -> Iterator[tuple[int, float, Delta]]:
    """Learns on batches of `data`; yields a step, the mean loss since the one before, the delta."""
    import torch
    from peft import LoraConfig, get_peft_model
    from torch.nn import functional

    torch.manual_seed(seed)
    tokenizer = model.tokenizer
    # In bfloat16 where the processor multiplies in it, half the time; what is learnt is float32.
    has_bfloat16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    transformer = copy.deepcopy(model[0].auto_model)
    if has_bfloat16:
        transformer = transformer.to(torch.bfloat16)
    # On a processor, the backward pass of torch's fused attention takes four times as long.
    transformer.set_attn_implementation("eager")
    rank, layers = recipe.rank, list(TARGETS)
    config = LoraConfig(
        r=rank, lora_alpha=rank, target_modules=layers, lora_dropout=0.0, bias="none"
    )
    with quiet():
        peft_model = get_peft_model(transformer, config)
    peft_model.eval()  # without the dropout of the base model
    weights = [p for p in peft_model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, recipe))

    def embed(texts: Sequence[str], max_tokens: int) -> Any:
        inputs = tokenizer(
            list(texts), padding=True, truncation=True, max_length=max_tokens, return_tensors="pt"
        )
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16):
            hidden = peft_model(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
            ).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1).float()
        pooled = (hidden.float() * mask).sum(1) / mask.sum(1)
        return functional.normalize(pooled, dim=-1)

    losses: list[float] = []
    for step in range(1, recipe.steps + 1):
        pairs = next(data)
        queries = [prompts["query"] + pair.query for pair in pairs]
        passages = [prompts["document"] + pair.passage for pair in pairs]
        q = _by_length(embed, queries, recipe.query_tokens)
        p = _by_length(embed, passages, recipe.passage_tokens)
        loss = _contrast(q, p, pairs, recipe)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % recipe.checkpoint_every == 0 or step == recipe.steps:
            yield step, float(np.mean(losses)), Delta.of_peft_model(peft_model, base_model)
            losses.clear()


def _contrast(q: Any, p: Any, pairs: Sequence[Pair], recipe: Recipe) -> Any:
    """InfoNCE of embedded queries and passages, both ways."""
    import torch
    from torch.nn import functional

    also_right = torch.tensor(
        [
            [
                i != j and (other.code in pair.right or other.passage == pair.passage)
                for j, other in enumerate(pairs)
            ]
            for i, pair in enumerate(pairs)
        ]
    )
    scores = q @ p.T / recipe.temperature
    target = torch.arange(len(pairs))
    there = functional.cross_entropy(scores.masked_fill(also_right, -math.inf), target)
    back = scores.masked_fill(also_right | also_right.T, -math.inf).T
    return there + recipe.passage_to_query * functional.cross_entropy(back, target)


def _rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then half a cosine down to `floor`; a share of the recipe's rate."""
    if step < recipe.warm_up:
        return (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.floor + (1 - recipe.floor) * 0.5 * (1 + math.cos(math.pi * done))


def _by_length(embed: Callable[..., Any], texts: Sequence[str], max_tokens: int) -> Any:
    import torch

    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    parts = [
        embed([texts[row] for row in order[first : first + 32]], max_tokens)
        for first in range(0, len(order), 32)
    ]
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(parts)[back]


CARD_FILE = "README.md"
EncodeTexts = Callable[[Sequence[str], str], Embeddings]  # of kind `query` or `document`
Figures = Mapping[str, tuple[float, float]]  # nDCG@10 and MAP by the names of the collections


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
    """Learns a delta and writes it to `out`, with a card of its worth on the folders `tune`."""
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
    for step, loss, delta in train(plain, prompts, data, recipe, seed, base_model=base_model):
        deltas.append(delta)
        figures_of(str(step), f"{loss:.3f}", delta)
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
