"""Labels: the findings of a careful person in an article, to measure extraction against.

A labelled set is a folder with articles and, beside each, its labels: `NAME.json` for
`NAME.html`. `tests/data/articles/README.md` tells what each label means.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ingest.evaluation.article_findings import ArticleFacts
from kb.errors import FileError
from kb.reference.roles import Role
from kb.text.periods import NoPeriod, Period

_OPTIONAL_KEYS = frozenset({"title_also", "url", "kind", "lang", "flow", "periods"})
_PARTICIPANT_KEYS = frozenset({"name", "aliases", "known", "roles", "optional"})


@dataclass(frozen=True, slots=True)
class LabelledParticipant:
    """A labelled participant. `roles` holds sets of alternatives: any role of a set is right.

    One that is `optional` is neither right nor wrong, found or not: careful people would differ.
    """

    name: str
    aliases: tuple[str, ...] = ()
    known: str = ""
    roles: tuple[frozenset[Role], ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Labels(ArticleFacts):
    """The findings of a careful person in an article; a field the article lacks is empty.

    `url` is the page that it is told from, `kind` that of the page, and `flow` which way a
    by-product went (`kb.reference.flows`). `periods` are the times of the facts that are right, in
    EDTF, none if the page tells none; `None` where nobody has said.
    """

    url: str = ""
    kind: str = ""
    lang: str = ""
    flow: str = ""
    title_also: tuple[str, ...] = ()
    need_keywords: tuple[str, ...] = ()
    periods: tuple[str, ...] | None = None
    participants: tuple[LabelledParticipant, ...] = ()
    body_must_contain: tuple[str, ...] = ()
    body_must_not_contain: tuple[str, ...] = ()


def read_labelled(folder: Path) -> list[tuple[Path, Labels]]:
    """The articles of a folder and their labels, by name.

    Raises:
        FileError: the folder has no labels, a label has no article or an article no label, or
            labels are not as they should be; names the file.
    """
    if not folder.is_dir():
        raise FileError(f"{folder} is not a folder of labelled articles")
    labels = sorted(folder.glob("*.json"))
    if not labels:
        raise FileError(f"{folder} has no labels; each article needs a NAME.json beside it")
    articles: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".json" or path.name.startswith((".", "README")) or path.is_dir():
            continue
        if path.stem in articles:
            raise FileError(f"{path} and {articles[path.stem].name} would share their labels")
        articles[path.stem] = path
    for path in labels:
        if path.stem not in articles:
            raise FileError(f"{path} labels no article: none is named {path.stem}.txt or the like")
    unlabelled = articles.keys() - {path.stem for path in labels}
    if unlabelled:
        raise FileError(f"{articles[min(unlabelled)]} has no labels: {min(unlabelled)}.json")
    return [(articles[path.stem], read_labels(path)) for path in labels]


def read_labels(path: Path) -> Labels:
    """The labels of one article.

    Raises:
        FileError: the file is no JSON object with the keys of `Labels` and their types, or a
            role is none of `Role`; names the file and the key.
    """
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FileError(f"{path}: not JSON: {error}") from None
    if not isinstance(labels, dict):
        raise FileError(f"{path}: expected an object with the labels of one article")
    keys = {field.name for field in fields(Labels)}
    missing = sorted(keys - _OPTIONAL_KEYS - labels.keys())
    if missing:
        raise FileError(f"{path}: {missing[0]!r} is missing; what is not said is empty")
    unknown = sorted(labels.keys() - keys)
    if unknown:
        raise FileError(f"{path}: {unknown[0]!r} is no label")
    participants = labels["participants"]
    if not isinstance(participants, list):
        raise FileError(f"{path}: 'participants' must be a list")
    if labels["need"] and not labels["need_keywords"]:
        raise FileError(f"{path}: 'need_keywords' is empty; a need is recognised by its words")
    values: dict[str, Any] = {
        field.name: (_text if field.default == "" else _texts)(path, labels, field.name)
        for field in fields(Labels)
        if field.name not in {"participants", "periods"}
    }
    periods = _periods(path, labels) if "periods" in labels else None
    return Labels(
        **values,
        periods=periods,
        participants=tuple(_participant(path, item) for item in participants),
    )


def _text(path: Path, labels: Mapping[str, Any], key: str) -> str:
    value = labels.get(key, "")
    if not isinstance(value, str):
        raise FileError(f"{path}: {key!r} must be a text, and is {value!r}")
    return value


def _texts(path: Path, labels: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = labels.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FileError(f"{path}: {key!r} must be a list of texts, and is {value!r}")
    return tuple(value)


def _periods(path: Path, labels: Mapping[str, Any]) -> tuple[str, ...]:
    periods = _texts(path, labels, "periods")
    for period in periods:
        try:
            Period.of(period)
        except NoPeriod:
            raise FileError(f"{path}: {period!r} is no period") from None
    return periods


def _participant(path: Path, label: Any) -> LabelledParticipant:
    if not isinstance(label, dict) or not label.get("name"):
        raise FileError(f"{path}: a participant must be an object with a name, and is {label!r}")
    unknown = sorted(label.keys() - _PARTICIPANT_KEYS)
    if unknown:
        raise FileError(f"{path}: {unknown[0]!r} is no label of a participant")
    roles = _texts(path, label, "roles")
    if not roles:
        raise FileError(f"{path}: the participant {label['name']!r} has no role")
    return LabelledParticipant(
        _text(path, label, "name"),
        _texts(path, label, "aliases"),
        _text(path, label, "known"),
        tuple(frozenset(_role(path, name) for name in role.split("|")) for role in roles),
        bool(label.get("optional", False)),
    )


def _role(path: Path, name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise FileError(f"{path}: {name!r} is no role; known are {', '.join(Role)}") from None
