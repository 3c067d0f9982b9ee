"""Puts the notices of the demonstration on the board: `python -m ingest.examples DIR`."""

import json
import sys
from contextlib import closing
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

from kb.knowledge_base import KnowledgeBase
from kb.reference.roles import Flow
from kb.registers.board.notice import EXAMPLES, NoticeContent, NoticeState
from kb.registers.clock import today
from kb.settings import Settings

FLOWS = {"need": Flow.SEEKS, "offer": Flow.OFFERS, "share": Flow.SHARES}
OPEN_DAYS = 400


def put_examples(base: KnowledgeBase) -> None:
    """Puts the examples in the place of earlier ones; they are open for a year at least."""
    for earlier in base.notices.list(list(NoticeState), owner=EXAMPLES):
        base.notices.delete(earlier.id)
    until = (date.fromisoformat(today()) + timedelta(days=OPEN_DAYS)).isoformat()
    for told in json.loads((files("ingest") / "examples.json").read_text(encoding="utf-8")):
        content = NoticeContent(
            FLOWS[told["kind"]],
            told["title"],
            text=f"{told['text']}\n\nQuantité\N{NO-BREAK SPACE}: {told['quantity']}.",
            place=told["place"],
            department=told["department"],
            until=max(told["until"], until),
        )
        notice = base.notices.add(content, owner=EXAMPLES)
        base.notices.publish(notice.id, by=EXAMPLES, revision=notice.revision)


if __name__ == "__main__":
    with closing(KnowledgeBase.open(Settings.from_environment(kb=Path(sys.argv[1])))) as opened:
        put_examples(opened)
