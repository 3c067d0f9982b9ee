"""Teaches the reader of articles: the delta and the heads of `ingest.extraction.reader`.

python -m tests.training.reader [--write | --calibrate]

Takes 40 minutes on two cores. A tenth of the articles is held out, and makes the calibration,
which can be made again alone.
"""

import math
import random
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save
from torch import Tensor, nn
from torch.nn import functional

from ingest.articles.readers import read_article
from ingest.extraction.names import OrganisationKind, kind_of
from ingest.extraction.need import need_of
from ingest.extraction.propose import language_of
from ingest.extraction.reader.encoded import DELTA, HEADS, LAYERS, doubts, encoded, whole_text
from ingest.extraction.reader.marked import marked, marks
from ingest.extraction.reader.participants import bare, participants
from ingest.extraction.tokens import sentences
from kb.encoder.delta import Delta, write_delta
from kb.encoder.encoder import TextKind
from kb.encoder.prepared import E5_PROMPTS, HUB_NAME_OF_BUNDLED, find_model
from kb.encoder.torch_engine import load_sentence_transformer
from kb.reference.roles import Role
from kb.settings import BUNDLED_MODEL, NO_ADAPTATION, Settings
from kb.text.analysis import stems, words
from tests.article_evaluation.comparison import compare, name_likeness
from tests.article_evaluation.labels import (
    ArticleFindings,
    FoundParticipation,
    Labels,
    read_labelled,
    read_passages,
)
from tests.article_evaluation.scores import Scores
from tests.training.regression import fitted

ARTICLES = Path(__file__).parents[1] / "data" / "articles"
PASSAGES = ARTICLES / "passages"
FOLDERS = (ARTICLES / "others" / "tune", ARTICLES / "tune")

FROZEN = 4  # the lowest layers, as they come: their output is computed once
RANK, SCALE = 16, 2.0
DROPOUT, HIDDEN_DROPOUT, HEAD_DROPOUT = 0.05, 0.1, 0.1
PART = 0.5  # of the passages: what an epoch reads
EPOCHS, BATCH, SEED, HELD_OUT = 3, 2048, 0, 10
OF_DELTA, OF_HEADS, DECAY = 6e-4, 2e-3, 0.01  # learning rates, weight decay
OF_TAGS, OF_ROLES = 3.0, 0.7  # weights of the losses; that of the need is 1
MOST_TOKENS, SHARED = 510, 100  # of a window; of two windows of an article
MOST_CHARS = 12_000  # of an article
MARKED_CHARS = (
    640  # of a marked passage: read in fewer, as surely and in three quarters of the time
)
AS_ALL = 20.0  # organisations of each kind that are counted as having the roles of all
OUTSIDE, INSIDE, BEGINS, IGNORED = 0, 1, 2, -100
PADDING = 1  # the token that fills rows, of the bundled model


@dataclass(slots=True)
class Window:
    """A stretch of text of `n` tokens, and what its labels say of them.

    `tags` and `needs` are `(n,)`, `IGNORED` where no label tells; `marks` those of a marked
    passage, and `allowed` the roles of who is marked; `lower` `(n, 384)` the vectors of the tokens
    after the frozen layers.
    """

    ids: list[int]
    tags: Tensor
    needs: Tensor
    marks: tuple[list[int], list[int]] = ([], [])
    allowed: frozenset[Role] = frozenset()
    of_passage: bool = False
    lower: Tensor = field(default_factory=lambda: torch.empty(0))


class Dropout(nn.Module):
    """Dropout by masks cut from a large one, drawn once: drawing took a third of the time."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.kept = (torch.rand(1 << 23) >= share).float() / (1 - share)

    def forward(self, values: Tensor) -> Tensor:
        if not self.training:
            return values
        size = values.numel()
        first = random.randrange(len(self.kept) - size)
        return values * self.kept[first : first + size].view(values.shape).to(values.dtype)


class LowRank(nn.Module):
    """A linear layer W and what is learnt beside it, `SCALE` · B·A."""

    def __init__(self, base: nn.Linear, drop: Dropout) -> None:
        super().__init__()
        self.base, self.drop = base, drop
        self.a = nn.Parameter(torch.randn(RANK, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, values: Tensor) -> Tensor:
        change: Tensor = self.base(values) + SCALE * (self.drop(values) @ self.a.T) @ self.b.T
        return change


class Reader(nn.Module):
    def __init__(self, bert: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(bert.encoder.layer[FROZEN:LAYERS])
        hidden, low = Dropout(HIDDEN_DROPOUT), Dropout(DROPOUT)
        for name, module in list(self.layers.named_modules()):
            owner, _, own = name.rpartition(".")
            if isinstance(module, nn.Linear):
                setattr(self.layers.get_submodule(owner), own, LowRank(module, low))
            elif isinstance(module, nn.Dropout) and owner.endswith(".self"):
                module.p = 0.0  # without it a window of 512 tokens takes half of the time
            elif isinstance(module, nn.Dropout):
                setattr(self.layers.get_submodule(owner), own, hidden)
        width = bert.config.hidden_size
        self.heads = nn.ModuleDict(
            {
                "tag": nn.Linear(width, 3),
                "need": nn.Linear(width, 1),
                "marked": nn.Linear(3 * width, len(Role)),
            }
        )
        self.drop = Dropout(HEAD_DROPOUT)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        hidden = (1 - mask)[:, None, None, :] * -1e4
        with torch.autocast("cpu", torch.bfloat16):
            for layer in self.layers:
                values = _output(layer(values, hidden))
        read: Tensor = self.drop(values.float())
        return read

    def marked(self, values: Tensor, marks: tuple[list[int], list[int]]) -> Tensor:
        row = [values[marks[0]].mean(0), values[marks[1]].mean(0), values.mean(0)]
        odds: Tensor = self.heads["marked"](torch.cat(row))
        return odds


def windows(tokenizer: Any, text: str, labels: Labels) -> Iterator[Window]:
    named = list(mentions_of(text, labels))
    needed = _needed(text, labels) if labels.need_keywords else ()
    for ids, spans in _stretches(tokenizer, text):
        window = _window(ids, spans)
        for start, end, value in needed:
            window.needs[_within(spans, start, end)] = value
        window.tags[[start < end for start, end in spans]] = OUTSIDE
        for start, end, number in named:
            is_doubtful = labels.participants[number].optional
            for place, at in enumerate(_within(spans, start, end)):
                window.tags[at] = IGNORED if is_doubtful else INSIDE if place else BEGINS
        yield window


def marked_windows(tokenizer: Any, text: str, labels: Labels) -> Iterator[Window]:
    """A passage for each participant, marked where it is named."""
    named = mentions_of(text, labels)
    for number, participant in enumerate(labels.participants):
        spans = [(start, end) for start, end, own in named if own == number]
        if participant.optional or not spans:
            continue
        passage = marked(text, spans, MARKED_CHARS)
        ids, spans = next(_stretches(tokenizer, passage))
        window = _window(ids, spans)
        window.marks = marks(passage, spans)
        window.allowed = frozenset().union(*participant.roles)
        if all(window.marks):
            yield window


def _stretches(tokenizer: Any, text: str) -> Iterator[tuple[list[int], list[tuple[int, int]]]]:
    """The tokens of each window of a text, and their characters."""
    prompt = E5_PROMPTS[TextKind.DOCUMENT]
    encoding = tokenizer(prompt + text, return_offsets_mapping=True)
    ids, offsets = encoding["input_ids"], encoding["offset_mapping"]
    spans = [(max(a - len(prompt), 0), max(b - len(prompt), 0)) for a, b in offsets]
    before = 1 + sum(end == 0 for _, end in spans[1:-1])
    size = MOST_TOKENS - before
    for first in range(before, len(ids) - 1, size - SHARED):
        if first > before and first + SHARED >= len(ids) - 1:
            return  # the window before has it all
        at = [*range(before), *range(first, min(first + size, len(ids) - 1)), len(ids) - 1]
        yield [ids[each] for each in at], [spans[each] for each in at]


def _window(ids: list[int], spans: Sequence[tuple[int, int]]) -> Window:
    unknown = torch.full((2, len(spans)), IGNORED)
    return Window(ids, unknown[0], unknown[1].float())


def _within(spans: Sequence[tuple[int, int]], start: int, end: int) -> list[int]:
    return [at for at, (a, b) in enumerate(spans) if a < b and a < end and b > start]


def mentions_of(text: str, labels: Labels) -> list[tuple[int, int, int]]:
    """The start, end and participant of each mention of a labelled name, the longest first."""
    names = {
        (bare(name), number)
        for number, participant in enumerate(labels.participants)
        for name in (participant.name, *participant.aliases)
    }
    taken, found = [False] * (len(text) + 1), []
    for name, number in sorted(names, key=lambda one: (-len(one[0]), one)):
        if len(name) < 2:
            continue
        pattern = re.sub("['’]", "['’]", r"\s+".join(map(re.escape, name.split())))
        pattern = rf"(?<!\w){pattern}(?!\w)"
        is_name = name[0].isupper() and (" " in name or _is_within(pattern, text))
        for match in re.finditer(pattern, text, 0 if is_name else re.IGNORECASE):
            start, end = match.span()
            if not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                found.append((start, end, number))
    return sorted(found)


def _is_within(pattern: str, text: str) -> bool:
    """Whether a word stands with its capital where no sentence begins."""
    starts = (match.start() for match in re.finditer(pattern, text))
    return any(at > 2 and text[at - 1] != "\n" and text[at - 2] not in ".!?:\n»" for at in starts)


def _needed(text: str, labels: Labels) -> list[tuple[int, int, float]]:
    """The start and end of each word, and whether it has the stem of one that says the need."""
    wanted = {
        each for word in words(" ".join(labels.need_keywords).replace("|", " "))
        for each in stems(word)
    }  # fmt: skip
    return [
        (word.start, word.end, float(bool(stems(word) & wanted)))
        for word in words(text)
        if word.end - word.start > 2
    ]


def _output(layer: Any) -> Tensor:
    values: Tensor = layer[0] if isinstance(layer, tuple) else layer
    return values


@torch.no_grad()
def _lower(bert: Any, read: Sequence[Window]) -> None:
    for batch in _batches(read):
        size = max(len(window.ids) for window in batch)
        ids = torch.tensor([window.ids + [PADDING] * (size - len(window.ids)) for window in batch])
        hidden = (ids == PADDING)[:, None, None, :] * -1e4
        values = bert.embeddings(input_ids=ids)
        with torch.autocast("cpu", torch.bfloat16):
            for layer in bert.encoder.layer[:FROZEN]:
                values = _output(layer(values, hidden))
        for window, own in zip(batch, values, strict=True):
            window.lower = own[: len(window.ids)].half()


def loss(model: Reader, batch: Sequence[Window]) -> Tensor:
    longest = max(len(window.ids) for window in batch)
    values = torch.zeros(len(batch), longest, batch[0].lower.shape[1])
    mask = torch.zeros(len(batch), longest)
    tags = torch.full((len(batch), longest), IGNORED)
    needs = torch.full((len(batch), longest), float(IGNORED))
    for row, window in enumerate(batch):
        count = len(window.ids)
        values[row, :count], mask[row, :count] = window.lower.float(), 1
        tags[row, :count], needs[row, :count] = window.tags, window.needs
    read = model(values, mask)
    of_tags = functional.cross_entropy(
        model.heads["tag"](read).transpose(1, 2), tags, ignore_index=IGNORED, reduction="sum"
    ) / max(1, int((tags != IGNORED).sum()))
    known = needs != IGNORED
    of_needs = functional.binary_cross_entropy_with_logits(
        model.heads["need"](read)[..., 0][known], needs[known], reduction="sum"
    ) / max(1, int(known.sum()))
    of_roles = [
        _loss_of_roles(model, read[row, : len(window.ids)], window)
        for row, window in enumerate(batch) if window.allowed
    ]  # fmt: skip
    roles = torch.stack(of_roles).mean() if of_roles else torch.tensor(0.0)
    return OF_TAGS * of_tags + OF_ROLES * roles + of_needs


def _loss_of_roles(model: Reader, read: Tensor, window: Window) -> Tensor:
    """How unlikely the allowed roles of the marked participant are."""
    likely = functional.log_softmax(model.marked(read, window.marks), -1)
    return -torch.logsumexp(likely[[role in window.allowed for role in Role]], 0)


def taught(model: Reader, read: list[Window]) -> None:
    learnt = {name: one for name, one in model.named_parameters() if name.endswith((".a", ".b"))}
    heads = list(model.heads.parameters())
    optimizer = torch.optim.AdamW(
        [{"params": [*learnt.values()], "lr": OF_DELTA}, {"params": heads, "lr": OF_HEADS}],
        weight_decay=DECAY,
    )
    tokens = [len(window.ids) * (PART if window.of_passage else 1) for window in read]
    steps = math.ceil(1.05 * EPOCHS * sum(tokens) / BATCH)  # a batch is not quite full
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (0.1 * steps)) * max(0.0, 1 - step / steps)
    )
    model.train()
    for epoch in range(EPOCHS):
        start, total = time.monotonic(), 0.0
        batches = _batches([one for one in read if not one.of_passage or random.random() < PART])
        for batch in batches:
            lost = loss(model, batch)
            optimizer.zero_grad()
            lost.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_([*learnt.values(), *heads], 1.0)
            optimizer.step()
            schedule.step()
            total += float(lost.detach())
        print(f"epoch {epoch + 1}: {total / len(batches):.3f}, {time.monotonic() - start:.0f} s")
    model.eval()


def _batches(read: Sequence[Window]) -> list[list[Window]]:
    """Windows of about the same length together, `BATCH` tokens at most, in chance order."""
    batches: list[list[Window]] = [[]]
    for window in sorted(read, key=lambda window: len(window.ids) + 40 * random.random()):
        if (len(batches[-1]) + 1) * len(window.ids) > BATCH:
            batches.append([])
        batches[-1].append(window)
    random.shuffle(batches)
    return batches


def write(model: Reader) -> None:
    factors = {}
    for name, module in model.layers.named_modules():
        if isinstance(module, LowRank):
            number, _, own = name.partition(".")
            a, b = (np.array(one.detach().numpy()) for one in (module.a, module.b))
            factors[f"encoder.layer.{int(number) + FROZEN}.{own}"] = (a, b)
    write_delta(Delta(HUB_NAME_OF_BUNDLED, SCALE, factors), DELTA)
    heads = {name: one.detach().numpy() for name, one in model.heads.named_parameters()}
    _write_heads(heads)


def _write_heads(heads: Mapping[str, NDArray[Any]]) -> None:
    HEADS.write_bytes(save(dict(heads), {"roles": " ".join(Role)}))


def count_kinds(learnt: Iterable[Labels]) -> None:
    """Adds to the heads how much likelier each role is for a kind of organisation in articles.

    It is compared with all kinds in what was learnt from: passages have more who give and take.
    """
    counts = _counts(learnt)
    passages = [labels for path in PASSAGES.glob("*.jsonl") for _, labels in read_passages(path)]
    of_all, of_learnt = (
        counts.sum(axis=0),
        counts.sum(axis=0) + PART * _counts(passages).sum(axis=0),
    )
    of_all, of_learnt = of_all / of_all.sum(), of_learnt / of_learnt.sum()
    likely = (counts + AS_ALL * of_all) / (counts.sum(axis=1, keepdims=True) + AS_ALL)
    odds = np.asarray(np.log(likely / of_learnt), np.float32)
    _write_heads(load_file(HEADS) | {"roles of kinds": odds})


def _counts(labelled: Iterable[Labels]) -> NDArray[np.float64]:
    """How often each kind of organisation has each role: `(kinds, roles)`."""
    kinds, roles = list(OrganisationKind), list(Role)
    counts = np.zeros((len(kinds), len(roles)))
    for participant in (each for labels in labelled for each in labels.participants):
        kind = kinds.index(kind_of(participant.name))
        for allowed in participant.roles:
            for role in allowed:
                counts[kind, roles.index(role)] += 1 / len(allowed)
    return counts


def calibrate(held_out: Sequence[tuple[Path, Labels]]) -> None:
    """Adds to the heads how likely participations and needs are right, by what is read."""
    of_parts: list[tuple[list[float], float]] = []
    of_needs: list[tuple[list[float], float]] = []
    for path, labels in held_out:
        article = read_article(path)
        read = encoded(whole_text(article))
        left = labels
        for participant in sorted(participants(read), key=lambda each: -each.probability):
            role, likely = participant.roles()[0]
            found = ArticleFindings(
                participations=(FoundParticipation(participant.name, "", role, 1.0),)
            )
            scores = _scores(left, found)
            if scores.fields["participants"].right + scores.fields["participants"].wrong:
                row = doubts(participant.probability, likely)
                of_parts.append((row, float(scores.fields["roles end to end"].right)))
            if scores.fields["participants"].right:
                left = _without(left, participant.name)
        need = need_of(read, sentences(article.title, article.text), language_of(article))
        if need:
            right = _scores(labels, ArticleFindings(need=need.phrase)).fields["need"].right
            of_needs.append((doubts(need.likely), float(right)))
    tables = {
        "calibration of participations": of_parts,
        "calibration of needs": of_needs,
    }
    heads = load_file(HEADS)
    for name, rows in tables.items():
        matrix, answers = (np.array(column) for column in zip(*rows, strict=True))
        intercept, slopes = fitted(matrix, answers, 1.0)
        heads[name] = np.array([intercept, *slopes], np.float32)
        print(name, heads[name], f"{answers.mean():.3f} right")
    _write_heads(heads)


def _scores(labels: Labels, found: ArticleFindings) -> Scores:
    scores = Scores()
    compare(scores, "", labels, found)
    return scores


def _without(labels: Labels, name: str) -> Labels:
    """The labels without the participant that is called so most nearly."""
    nearest = max(
        labels.participants,
        key=lambda each: max(name_likeness(own, name) for own in (each.name, *each.aliases)),
    )
    return replace(labels, participants=tuple(p for p in labels.participants if p is not nearest))


def main() -> None:
    labelled = [one for part in FOLDERS for one in read_labelled(part)]
    if "--calibrate" not in sys.argv:
        model = _learnt(one for number, one in enumerate(labelled) if number % HELD_OUT)
        if "--write" not in sys.argv:
            return
        write(model)
    count_kinds(labels for number, (_, labels) in enumerate(labelled) if number % HELD_OUT)
    calibrate(labelled[::HELD_OUT])


def _learnt(labelled: Iterable[tuple[Path, Labels]]) -> Reader:
    torch.manual_seed(SEED)
    random.seed(SEED)
    _, folder = find_model(Settings.from_environment(model=BUNDLED_MODEL, adaptation=NO_ADAPTATION))
    loaded = load_sentence_transformer(folder)
    bert: Any = loaded[0].auto_model
    bert.requires_grad_(False)
    read: list[Window] = []
    for path, labels in labelled:
        article = read_article(path)
        text = whole_text(article)[:MOST_CHARS]
        read += windows(loaded.tokenizer, text, labels)
        read += marked_windows(loaded.tokenizer, text, labels)
    for path in sorted(PASSAGES.glob("*.jsonl")):
        for text, told in read_passages(path):
            # The thing alone, as the keywords of articles are: what is done with it follows.
            labels = replace(told, need_keywords=told.need_keywords[:1])
            own = windows(loaded.tokenizer, text, labels)
            own_marked = marked_windows(loaded.tokenizer, text, labels)
            read += [replace(each, of_passage=True) for each in (*own, *own_marked)]
    _lower(bert, read)
    model = Reader(bert)
    taught(model, read)
    return model


if __name__ == "__main__":
    main()
