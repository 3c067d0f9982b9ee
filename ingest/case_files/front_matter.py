"""Front matter: the YAML between two lines of dashes at the head of a Markdown file."""

import re
from collections.abc import Mapping

import yaml

from ingest.records.entries import NotInput
from kb.errors import InputError

MAX_CHARS = 200_000
"""The longest front matter, as long as the text of a case may be."""

_FENCE = re.compile(r"---[ \t]*")
_CLOSING_FENCE = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)


class _TextLoader(yaml.SafeLoader):
    """Reads every scalar as the text it is: no `no` becomes False, no date loses its form.

    Only null stays null.
    """


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def split(text: str) -> tuple[dict[str, object], str]:
    """Returns the front matter of a text, and the text that follows it.

    Values are text, None, lists and mappings of these.

    Raises:
        NotInput: the text does not begin with a line of three dashes.
        InputError: the front matter is not closed, too long, not YAML, or no mapping.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head, _, rest = text.partition("\n")
    if not _FENCE.fullmatch(head):
        raise NotInput("no_front_matter")
    end = _CLOSING_FENCE.search(rest)
    if not end:
        raise InputError("open_front_matter")
    if end.start() > MAX_CHARS:
        raise InputError("long_front_matter", most=MAX_CHARS)
    values = _parse(rest[: end.start()])
    if not isinstance(values, dict):
        raise InputError("strange_front_matter")
    return values, rest[end.end() :]


def join(values: Mapping[str, object], text: str) -> str:
    """Returns the text with the values as its front matter, for `split` to take apart."""
    block = yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False, width=100)
    return f"---\n{block}---\n\n{text}\n"


def _parse(block: str) -> object:
    try:
        values: object = _TextLoader(block).get_single_data()
    except yaml.MarkedYAMLError as error:
        problem = " ".join(str(error.problem).split())
        if error.problem_mark is None:
            raise InputError("no_yaml", reason=problem) from None
        # The first line of the block is the second of the file.
        line = str(error.problem_mark.line + 2)
        raise InputError("no_yaml_at", line=line, reason=problem) from None
    except (yaml.YAMLError, RecursionError, ValueError, AttributeError, TypeError) as error:
        # The last three come of a tag that does not fit its value, like `!!int abc`.
        problem = " ".join(str(error).split())
        raise InputError("no_yaml", reason=problem) from None
    return values
