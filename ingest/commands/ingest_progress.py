"""How far an ingest is: a bar on a terminal, elsewhere a plain line now and then."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from ingest.pace import Pace, Phase


class IngestProgress:
    """Shows on standard error how far an ingest is, of `total` records; 0 if it is not known."""

    def __init__(self, total: int, pace: Pace | None = None) -> None:
        from tqdm import tqdm

        from ingest.pace import Pace

        self._pace = pace or Pace()
        self._pace.total = total
        # `disable=None` shows the bar on a terminal only.
        self._bar = tqdm(total=total or None, unit=" records", disable=None, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def advance(self, count: int) -> None:
        self._pace.advance(count)
        self._bar.update(count)
        line = self._pace.due_line() if self._bar.disable else ""
        if line:
            click.echo(line, err=True)

    def at(self, phase: Phase, file: str) -> None:
        """Says which phase begins, and for which file."""
        self._pace.at(phase, file)
        self._bar.set_description_str(f"{Path(file).name}, {phase}", refresh=False)

    def write(self, line: str) -> None:
        """Writes a line, above the bar if there is one."""
        import sys

        self._bar.write(line, file=sys.stderr)
