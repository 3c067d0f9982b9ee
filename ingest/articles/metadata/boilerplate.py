"""Boilerplate around articles: buttons, menus, notices, lists of other articles."""

import re

from ingest.articles import lexicon
from ingest.articles.metadata.person_names import is_organisation
from ingest.articles.typography import plain

_LINES = re.compile(lexicon.any_of("boilerplate", "lines"))
_OTHER_PARTS = re.compile(lexicon.any_of("boilerplate", "other_parts") + r"\s*:?\s*[>›»…]?")
_END = re.compile(r"#{2,}|-?\s?30\s?-|(?:-\s?)?(?:FIN|END|ENDS|Fin|Ends)(?:\s?-)?|\*(?:\s?\*){2,}")
_COLOPHONS = re.compile(lexicon.any_of("boilerplate", "colophons") + r"\s?:?")
_COMMENTS = re.compile(lexicon.any_of("boilerplate", "comments"))
_MENU = re.compile(r"[^\s.!?:]+(?: [^\s.!?:]+){0,2}(?:\s{3,}[^\s.!?:]+(?: [^\s.!?:]+){0,2}){3,}")
"""Entries of a menu: four or more of up to three words, with wide spaces between them."""
_ASIDES = re.compile(lexicon.any_of("boilerplate", "asides") + r"\s?[:>–—-].*")


def is_boilerplate(line: str) -> bool:
    folded = _folded(line)
    if len(folded) > 300:
        return False
    if _MENU.fullmatch(line.strip()):
        return True
    return bool(_LINES.fullmatch(folded) or _ASIDES.fullmatch(folded)) or _is_row(
        plain(line.strip())
    )


def _is_row(folded: str) -> bool:
    """Whether most parts of a line are buttons: "Share | Print | Report a mistake"."""
    parts = [
        part.strip() for part in re.split(r"\s[|·•/–—-]\s|[|·•]|\s{2,}", folded) if part.strip()
    ]
    if len(parts) < 2 or len(folded) > 160 or folded.endswith("."):
        return False
    return sum(bool(_LINES.fullmatch(part)) for part in parts) * 2 > len(parts)


def opens_elsewhere(line: str) -> bool:
    folded = _folded(line)
    return len(folded) <= 90 and bool(_OTHER_PARTS.fullmatch(folded))


def opens_colophon(line: str) -> bool:
    """Whether a line ends an article, or opens what an organisation writes about itself below."""
    folded = _folded(line)
    if len(folded) > 80 or folded.endswith("."):
        return False
    if _END.fullmatch(line.strip()) or _COLOPHONS.fullmatch(folded):
        return True
    about = re.match(r"(?:a propos (?:de la |du |des |de l'|de |d')|about (?:the )?)", folded)
    if about is None:
        return False
    return is_organisation(line) or line.strip("*_ #")[about.end() :][:1].isupper()


def opens_comments(line: str) -> bool:
    return bool(_COMMENTS.fullmatch(_folded(line)))


def _folded(line: str) -> str:
    folded = plain(" ".join(line.split())).strip("*_ #+~=")
    return re.sub(r"^\[\s?([^\[\]]+?)\s?\]$", r"\1", folded)
