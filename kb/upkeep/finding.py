"""Findings: what a check found, and what to do."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, or worth knowing if it `is_note`: what, why it matters, what to do.

    `repair` mends it without loss, where that can be.
    """

    about: str
    what: str
    remedy: str = ""
    why: str = ""
    is_note: bool = False
    repair: Callable[[], None] | None = field(default=None, compare=False, repr=False)

    def plain(self) -> dict[str, object]:
        """The finding as JSON can hold it."""
        return {
            "about": self.about,
            "level": "note" if self.is_note else "problem",
            "what": self.what,
            "why": self.why,
            "remedy": self.remedy,
            "repairable": self.repair is not None,
        }

    def __str__(self) -> str:
        level = "note" if self.is_note else "problem"
        said = [f"{level}  {self.about}: {self.what}"]
        said += [f"         {line}" for line in (self.why, self.remedy) if line]
        return "\n".join(said)
