"""Front matter: the YAML between two lines of dashes at the head of a Markdown file."""

import re
from collections.abc import Mapping

import yaml

from ingest.entries import NotInput
from kb.errors import InputError

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
    """The front matter of a text, and what follows it.

    Values are text, None, lists and mappings of these.

    Raises:
        NotInput: the text does not begin with a line of three dashes.
        InputError: the front matter is not closed, is not YAML, or is no mapping.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head, _, rest = text.partition("\n")
    if not _FENCE.fullmatch(head):
        raise NotInput("has no front matter: begin it with a line of three dashes")
    end = _CLOSING_FENCE.search(rest)
    if not end:
        raise InputError("has front matter that is not closed: end it with a line of three dashes")
    values = _parse(rest[: end.start()])
    if not isinstance(values, dict):
        raise InputError("has front matter that is not keys and values")
    return values, rest[end.end() :]


def join(values: Mapping[str, object], text: str) -> str:
    """The text with the values as its front matter: what `split` takes apart."""
    block = yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False, width=100)
    return f"---\n{block}---\n\n{text}\n"


def _parse(block: str) -> object:
    try:
        values: object = _TextLoader(block).get_single_data()
    except yaml.MarkedYAMLError as error:
        # The first line of the block is the second of the file.
        line = f" on line {error.problem_mark.line + 2}" if error.problem_mark else ""
        problem = " ".join(str(error.problem).split())
        raise InputError(f"has front matter that is not YAML{line}: {problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError, AttributeError, TypeError) as error:
        # The last three come of a tag that does not fit its value, like `!!int abc`.
        problem = " ".join(str(error).split())
        raise InputError(f"has front matter that is not YAML: {problem}") from None
    return values
