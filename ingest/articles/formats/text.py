"""Articles in plain text, Markdown with or without the front matter of a site, and RTF."""

import re
import tomllib
from collections.abc import Iterator, Mapping

from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.office import file_properties, row_text
from ingest.articles.metadata.boilerplate import is_boilerplate
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.lines import notices, signed_name
from ingest.articles.metadata.person_names import person_named
from ingest.articles.typography import BULLETS, CLOSING, ENDING
from ingest.encodings import whole_characters
from ingest.records import case_file
from ingest.records.entries import NotInput
from ingest.records.fields import folded
from kb.errors import InputError
from kb.text.markdown import plain_text

MAX_WORDS = 50  # the items that are read of a value
DECLARED = 0.93  # the confidence in what front matter says: somebody wrote it for this article
_TOML = re.compile(r"\+\+\+[ \t]*\n(?P<values>.*?)^\+\+\+[ \t]*$", re.DOTALL | re.MULTILINE)
_TEMPLATE_TAG = re.compile(r"\{%[^{}]*%\}|\{\{[<%][^{}]*[%>]\}\}")
"""A tag of a template: none within it, so that many that are never closed are passed over soon."""
_KEYS = {
    "title": ("title", "titre"),
    "author": ("author", "authors", "auteur", "auteurs", "autrice", "by"),
    "date": ("date", "publishdate", "publish date", "pubdate", "date de publication"),
    "modified": ("lastmod", "last modified at", "last modified", "updated", "modified",
                 "date de modification"),
}  # fmt: skip
_THEMES = ("categories", "category", "tags", "tag", "keywords", "themes", "mots cles", "taxonomies")


def without_front_matter(text: str) -> tuple[str, tuple[DeclaredField, ...]]:
    values: Mapping[str, object]
    try:
        if toml := _TOML.match(text):
            values, body = tomllib.loads(toml["values"]), text[toml.end() :]
        else:
            values, body = case_file.split(text)
    except (NotInput, InputError, tomllib.TOMLDecodeError, RecursionError):
        return text, ()
    by_key = {folded(str(key)): value for key, value in values.items()}
    return _TEMPLATE_TAG.sub("", body), tuple(_declared(by_key))


def _declared(values: Mapping[str, object]) -> Iterator[DeclaredField]:
    for field, keys in _KEYS.items():
        given = next((values[key] for key in keys if values.get(key)), None)
        if not (words := ", ".join(_words(given))):
            continue
        if field == "author":
            person = person_named(words)
            if signed_name(person.name):
                yield DeclaredField(field, person.name, f"{field}: {words}", DECLARED, person)
        elif field == "title":
            yield DeclaredField(field, words, f"{field}: {words}", DECLARED)
        else:
            found = next(dates_in(words), None)
            if found and found.start == 0:
                yield DeclaredField(field, found.iso, f"{field}: {words}", DECLARED)
    if themes := [word for key in _THEMES for word in _words(values.get(key))]:
        yield DeclaredField("themes", " ; ".join(themes), "front matter", DECLARED)


def _words(value: object) -> list[str]:
    """The first words of a value: of a list each item, of a mapping its name or all its values."""
    if isinstance(value, dict):
        value = value.get("name") or [*value.values()]
    if isinstance(value, list):
        return [word for item in value for word in _words(item)][:MAX_WORDS]
    text = "" if value is None else " ".join(str(value).split())
    return [text] if text else []


_BULLET = re.compile(rf"^(?P<indent>\s*)(?:[{BULLETS}·∙–*+-]|o(?=\s{{2,}}))\s+(?=\S)")
_NUMBER = re.compile(r"^(?P<indent>\s*)(?P<number>\d{1,3})[.)]\s+(?=\S)")
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})\s+(?P<text>.+?)\s*#*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{3,})\s*$")
_RULE = re.compile(r"^\s*([-*_=~–—])(?:\s*\1){2,}\s*$")
_QUOTE = re.compile(r"^\s*>\s?")
_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_ROW_RULE = re.compile(r"^\s*\|?\s*:?-{3,}:?\s*(?:\|\s*:?-{3,}:?\s*)*\|?\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_LABELLED_LINKS = re.compile(r"[^\[\]]{3,30}:\s*(?:\[[^\]]+\]\([^()]*\)\s*){2,}")
_BETWEEN_LINKS = re.compile(r"(?<=\))\s+(?=\[)")
_MARKS = re.compile(r"[*_`\[\]<>\\#]")
_SENTENCE_END = re.compile(rf"[{ENDING}:;][{CLOSING}*_]*$")
_MAX_WRAPPED = 110
_MIN_WRAPPED = 45


def parse_text(text: str, *, source_url: str = "") -> ParsedPage:
    text, declared = without_front_matter(text)
    return ParsedPage(within_limits(_blocks(text)), declared, source_url=source_url)


def _blocks(text: str) -> Iterator[Block]:
    lines = text.expandtabs(4).split("\n")
    widest = max((len(line) for line in lines), default=0)
    wrap = widest if widest <= _MAX_WRAPPED else 0
    stands_alone = True
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip() or _RULE.match(line):
            stands_alone = True
            at += 1
            continue
        if row := _ROW.match(line):
            if not _ROW_RULE.match(line):
                cells = [cell.strip() for cell in row[1].split("|")]
                text = _without_marks(row_text(cells))
                markdown = f"| {' | '.join(cells)} |"
                yield Block(text, markdown, BlockKind.ROW, stands_alone=False)
            at += 1
            continue
        if _FENCE.match(line):
            below = range(at + 1, len(lines))
            end = next((row for row in below if _FENCE.match(lines[row])), len(lines) - 1)
            fenced = lines[at : end + 1]
            yield Block(" ".join(fenced), "\n".join(fenced), BlockKind.VERBATIM)
            at, stands_alone = end + 1, True
            continue
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if _UNDERLINE.match(following) and len(line.strip()) <= 200 and not _BULLET.match(line):
            level = 1 if "=" in following else 2
            yield _block(line.strip(), BlockKind.HEADING, level=level)
            at, stands_alone = at + 2, True
            continue
        pieces = [line.strip()]
        while at + 1 < len(lines) and _goes_on(lines[at], lines[at + 1], wrap):
            at += 1
            pieces.append(lines[at].strip())
        yield _marked(line, pieces, stands_alone)
        stands_alone = False
        at += 1


def _goes_on(line: str, following: str, wrap: int) -> bool:
    """Whether an editor broke the line, so that the next line continues its sentence."""
    line_text, next_text = line.strip(), following.strip()
    openings = (_BULLET, _NUMBER, _HEADING, _RULE, _FENCE)
    if not next_text or _HEADING.match(line) or any(form.match(following) for form in openings):
        return False
    if is_boilerplate(next_text) or is_boilerplate(line_text) or notices(next_text):
        return False
    if len(line_text) < _MIN_WRAPPED or (
        _SENTENCE_END.search(line_text) and len(line_text) < 0.75 * wrap
    ):
        return False
    if next_text[0].islower():
        return True
    return (
        bool(wrap)
        and len(line_text) + len(next_text.split()[0]) >= 0.85 * wrap
        and not notices(line_text)
    )


def _marked(line: str, pieces: list[str], stands_alone: bool) -> Block:
    if heading := _HEADING.match(line):
        return _block(heading["text"], BlockKind.HEADING, level=len(heading["marks"]))
    text = " ".join(pieces)
    if _LABELLED_LINKS.fullmatch(text):
        text = _BETWEEN_LINKS.sub(" ; ", text)
    if bullet := _BULLET.match(line):
        level = 0 if len(bullet["indent"]) < 4 else 1
        return _block(text[len(bullet[0].strip()) :].strip(), BlockKind.ITEM, level=level)
    if number := _NUMBER.match(line):
        text = _NUMBER.sub("", text)
        return _block(text, BlockKind.ITEM, number=int(number["number"]), alone=stands_alone)
    if _QUOTE.match(line):
        inner = " ".join(_QUOTE.sub("", piece) for piece in pieces)
        return Block(_without_marks(inner), f"> {inner}", stands_alone=stands_alone)
    return _block(text, BlockKind.PARAGRAPH, alone=stands_alone)


def _block(
    text: str, kind: BlockKind, *, level: int = 0, number: int = 0, alone: bool = True
) -> Block:
    return Block(_without_marks(text), text, kind, level, number, stands_alone=alone)


def _without_marks(text: str) -> str:
    return plain_text(text) if _MARKS.search(text) and not text.startswith("#") else text


_PICTURES = re.compile(r"\{\\\*?\\?(?:shppict|nonshppict|pict|objdata|blipuid)[^{}]*\}")
_FIELD = re.compile(r"\\field\{", re.IGNORECASE)
_PROPERTY = r"\{{\\{name}\s([^{{}}]{{1,500}})\}}"


def parse_rtf(content: bytes, *, url: str = "") -> ParsedPage:
    from striprtf.striprtf import rtf_to_text

    if not content.lstrip().startswith(b"{\\rtf"):
        raise InputError("no_document", format="RTF (.rtf)")
    # The format is ASCII; other letters are escaped.
    marked = content.decode("latin-1")
    # A space after the word of a field keeps addresses of links out of the text.
    text = rtf_to_text(_FIELD.sub(r"\\field {", _PICTURES.sub("", marked)), errors="ignore")
    page = parse_text(whole_characters(text).replace("\r\n", "\n").replace("\xa0", " "))
    declared = file_properties(*(_property(marked, name) for name in ("title", "author")))
    return ParsedPage(page.blocks, tuple(declared), source_url=url)


def _property(marked: str, name: str) -> str:
    from striprtf.striprtf import rtf_to_text

    found = re.search(_PROPERTY.format(name=name), marked)
    text = rtf_to_text(f"{{\\rtf1 {found[1]}}}", errors="ignore") if found else ""
    return whole_characters(text).strip()
