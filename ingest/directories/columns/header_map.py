"""Maps the columns of a directory: by a choice, by their headers, or to facts."""

from collections.abc import Mapping, Sequence

from ingest.directories.columns.header_names import (
    FACT,
    IGNORED,
    KNOW_HOW_COLUMNS,
    NAMING_FIELDS,
    NO_TARGETS,
    Column,
    actor_columns,
    says_know_how,
)
from ingest.directories.columns.header_words import (
    ACTOR_COLUMNS,
    ACTOR_NAMES,
    LOCATION_COLUMNS,
    REGISTER_COLUMNS,
    person_columns,
)
from ingest.directories.columns.persons import PERSON_COLUMNS
from ingest.records.fields import folded
from kb.errors import InputError

_OFFERED = (*ACTOR_COLUMNS, *KNOW_HOW_COLUMNS, *LOCATION_COLUMNS)
TARGETS = (*_OFFERED, *REGISTER_COLUMNS)
"""The fields, and kinds of know-how, that a column can be read as, beside `FACT` and `IGNORED`."""

_MAX_HEADERS_KNOWN = 1000


class HeaderMap:
    """Says where the cells under each header go.

    Args:
        choices: by header, what a person chose: a target, `FACT` or `IGNORED`.
        persons_kept: whether the contacts of persons are kept.
        takes_any_header: whether the first row is the header even if none of it is the name,
            so that a person can be shown it and choose which is.

    Raises:
        InputError: a choice is none of them.
    """

    def __init__(
        self,
        choices: Mapping[str, str] = NO_TARGETS,
        *,
        persons_kept: bool = False,
        takes_any_header: bool = False,
    ) -> None:
        self.choices = {
            header: field if field in TARGETS else ACTOR_NAMES.get(folded(field), field)
            for header, field in choices.items()
        }
        for header, target in self.choices.items():
            if target not in {*TARGETS, FACT, IGNORED}:
                targets = f"{', '.join(_OFFERED)}, {FACT} or {IGNORED}"
                raise InputError("wrong_target", header=header, target=target, targets=targets)
        self.persons_kept = persons_kept
        self.takes_any_header = takes_any_header
        self._targets = {folded(header): target for header, target in self.choices.items()}
        self._known: dict[tuple[str, ...], tuple[Column, ...]] = {}

    def columns(self, header: Sequence[str]) -> tuple[Column, ...]:
        """Returns where the cells of each column go, in the order of the header."""
        key = tuple(header)
        columns = self._known.get(key)
        if columns is None:
            if len(self._known) == _MAX_HEADERS_KNOWN:
                self._known.clear()
            columns = self._known[key] = tuple(actor_columns(key, self._targets))
        return columns

    def names_actors(self, header: Sequence[str]) -> bool:
        """Whether a column holds the name of the actors."""
        return any(column.field in NAMING_FIELDS for column in self.columns(header))

    def says_know_how(self, header: Sequence[str]) -> bool:
        """Whether a column says what actors can do, in words."""
        return any(map(says_know_how, self.columns(header)))

    def left_out_persons(self, header: Sequence[str]) -> list[str]:
        """Returns the headers that are ignored because they tell of persons."""
        if self.persons_kept:
            return []
        return [
            header[at]
            for at in sorted(person_columns(header))
            if folded(header[at]) not in self._targets
        ]

    def known(self, header: Sequence[str]) -> int:
        fields = [column.field for column in self.columns(header)]
        return sum(bool(field) and field not in PERSON_COLUMNS for field in fields)


def choices_in(options: Sequence[str]) -> dict[str, str]:
    """Maps each header to its field, from options of the form `header=field`.

    Raises:
        InputError: an option has no `=`, or no header before it.
    """
    choices = {}
    for option in options:
        header, separator, target = option.rpartition("=")
        if not separator or not folded(header):
            raise InputError("wrong_option", option=option)
        choices[header.strip()] = target.strip()
    return choices
