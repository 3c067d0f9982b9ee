"""Derivation: the documents of a record, in the passages and words by which they are found."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from kb.models import Actor, Case, Record, Slice
from kb.reference.trades import trade_of
from kb.store.store import Document, NewPassage
from kb.text.analysis import ANALYSIS_VERSION, index_words
from kb.text.know_how import know_how, know_how_text
from kb.text.markdown import plain_text
from kb.text.organisation_name import name_key
from kb.text.splitter import SPLITTER_VERSION, split

WORDING_VERSION = 3  # raised whenever documents or `encoder_text` change

DERIVATION = f"{SPLITTER_VERSION}.{ANALYSIS_VERSION}.{WORDING_VERSION}"
"""The version of all rules of derivation; `rebuild` updates a base made by others."""

BARE_CHARS = 80  # shorter descriptions get what the activity code means
NAME, DESCRIPTION, KNOW_HOW = "name", "description", "know_how"
ACTIVITY, FACTS = "activity", "facts"
TITLE, NEED, TEXT, PARTICIPANTS = "title", "need", "text", "participants"


@dataclass(frozen=True, slots=True)
class Derived:
    """The documents, name keys and texts to embed, by hash, that are derived from a record."""

    documents: tuple[Document, ...]
    names: frozenset[str]
    encoder_texts: dict[str, str]


def derive(record: Record) -> Derived:
    encoder_texts: dict[str, str] = {}
    documents = []
    for part, text in _parts(record):
        passages = []
        for piece in split(text) or ([Slice(0, len(text))] if part in {NAME, TITLE} else []):
            quoted = quotation(part, text[piece.start : piece.end])
            text_hash = ""
            if part not in {NAME, PARTICIPANTS, FACTS}:
                worded = encoder_text(record, part, quoted)
                text_hash = hashlib.sha256(worded.encode()).hexdigest()[:32]
                encoder_texts[text_hash] = worded
            passages.append(NewPassage(piece, index_words(quoted, record.lang), text_hash))
        documents.append(Document(part, record.lang, text, tuple(passages)))
    key = name_key(record.name) if isinstance(record, Actor) else ""
    return Derived(tuple(documents), frozenset({key} - {""}), encoder_texts)


def quotation(part: str, passage: str) -> str:
    """A passage of this part as a person reads it: the text of a case is Markdown."""
    return plain_text(passage) if part == TEXT else passage


def encoder_text(record: Record, part: str, passage: str) -> str:
    return f"{record.title}. {passage}" if isinstance(record, Case) and part == TEXT else passage


def _parts(record: Record) -> Iterator[tuple[str, str]]:
    if isinstance(record, Actor):
        trade = trade_of(record.activity_code)
        can_do = know_how(record.facts)
        bare = len(record.description) + sum(map(len, can_do.values())) < BARE_CHARS
        parts = {
            NAME: record.name,
            DESCRIPTION: record.description,
            KNOW_HOW: know_how_text(record),
            ACTIVITY: (trade.en if record.lang == "en" else trade.fr) if trade and bare else "",
            FACTS: ". ".join(
                f"{key} : {value}" for key, value in record.facts.items() if key not in can_do
            ),
        }
    else:
        parts = {
            TITLE: record.title,
            NEED: record.need,
            TEXT: record.text,
            PARTICIPANTS: ". ".join(
                f"{part.name} : {part.contribution}" for part in record.participants
            ),
        }
    return ((part, text) for part, text in parts.items() if text.strip())
