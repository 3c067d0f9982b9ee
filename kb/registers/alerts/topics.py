"""Topics: what somebody can ask to be told of."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self


class TopicKind(StrEnum):
    SEARCH = "search"
    """The organisations and cases that answer a need."""
    CATALOGUE = "catalogue"
    """All organisations and cases."""
    CASES = "cases"
    """The cases alone."""
    BOARD = "board"
    """The needs and offers of the board."""
    NOTICE = "notice"
    """The answers to a notice of the board."""


@dataclass(frozen=True, slots=True)
class NewsTopic:
    """What news are about: a kind and filters, empty where there are none.

    `q` is the need of a search, or the title of a notice; `department` a code; `flow` that of the
    notices of the board (`kb.reference.flows`); `notice_id` the notice.
    """

    kind: TopicKind
    q: str = ""
    department: str = ""
    theme: str = ""
    flow: str = ""
    notice_id: str = ""

    def as_json(self) -> str:
        """Returns the topic as it is kept: the same for the same topic."""
        said = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(said, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, kept: str) -> Self:
        """Returns the topic that `as_json` made."""
        said = json.loads(kept)
        return cls(**{**said, "kind": TopicKind(said["kind"])})
