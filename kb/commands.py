"""The commands of this room: search, status, rebuild.

Imports click and what is as light; the rest when a command runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.account_commands import user
from kb.adaptation.commands import adapt
from kb.command_options import kb_option
from kb.evaluation_commands import evaluate

if TYPE_CHECKING:
    from kb.hits import Evidence, SearchResult
    from kb.knowledge_base import KnowledgeBase, Status
    from kb.models import Actor


def _open(kb: Path | None) -> KnowledgeBase:
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings

    return KnowledgeBase.open(Settings.from_environment(kb=kb))


@click.command(short_help="Find who could answer QUERY.")
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--department", default="", metavar="CODE", help="Only this department, like 16.")
@click.option("--theme", default="", metavar="NAME", help="Only records with this theme.")
@click.option("--kind", type=click.Choice(["actor", "case"]), help="Only actors, or only cases.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@kb_option
def search(
    query: tuple[str, ...],
    limit: int,
    department: str,
    theme: str,
    kind: str | None,
    as_json: bool,
    kb: Path | None,
) -> None:
    """Find the actors and cases that could answer QUERY, in French or English."""
    from kb.hits import Filters
    from kb.models import Kind

    filters = Filters(department, theme, Kind(kind) if kind else None)
    result = _open(kb).search(" ".join(query), limit=limit, filters=filters)
    if as_json:
        click.echo(json.dumps(_plain(result), ensure_ascii=False, indent=2))
    else:
        _print(result)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@kb_option
def status(as_json: bool, kb: Path | None) -> None:
    """Say what the knowledge base holds and how it stands."""
    found = _open(kb).status()
    if as_json:
        click.echo(json.dumps(_plain_status(found), ensure_ascii=False, indent=2))
    else:
        for name, value in _plain_status(found).items():
            lines = value if isinstance(value, list) else [value]
            for line in lines:
                click.echo(f"{name:>14}  {line}")


@click.command(short_help="Make passages, embeddings and index anew.")
@kb_option
def rebuild(kb: Path | None) -> None:
    """Make passages, embeddings and index anew from the records, with the encoder now set."""
    from tqdm import tqdm

    base = _open(kb)
    with tqdm(unit=" passages", disable=not sys.stderr.isatty(), file=sys.stderr) as bar:
        found = base.rebuild(bar.update)
    click.echo(
        f"{found.actors} actors and {found.cases} cases, {found.passages} passages, "
        f"{bar.n} embedded by {found.model}."
    )


COMMANDS: list[click.Command] = [search, status, rebuild, evaluate, adapt, user]


def _print(result: SearchResult) -> None:
    if not result.total:
        near = result.hits or result.cases
        click.echo(f"Nothing here fits{'; the nearest are below' if near else ''}.")
    for hit in result.hits:
        where = ", ".join(part for part in (hit.actor.place, hit.actor.department) if part)
        name = click.style(hit.actor.name, bold=True)
        click.echo(f"{hit.rank:>3}. {name}" + (f" ({where})" if where else "") + f" · {hit.fit}")
        for evidence in hit.evidence:
            click.echo(f"     {_told(evidence)}")
    if result.cases:
        click.echo("\nCases")
    for case_hit in result.cases:
        date = f" ({case_hit.case.date[:10]})" if case_hit.case.date else ""
        click.echo(f"{case_hit.rank:>3}. {case_hit.case.title}{date} · {case_hit.fit}")


def _told(evidence: Evidence) -> str:
    text = ""
    end = 0
    for mark_start, mark_end in evidence.marks:
        text += evidence.text[end:mark_start]
        text += click.style(evidence.text[mark_start:mark_end], underline=True)
        end = mark_end
    text += evidence.text[end:]
    if evidence.case and evidence.participation:
        return f"↳ {evidence.participation.role} in “{evidence.case.title}”: {text}"
    return f"“{' '.join(text.split())}” {evidence.source}".rstrip()


def _plain(result: SearchResult) -> dict[str, object]:
    from dataclasses import fields

    def plain_actor(actor: Actor) -> dict[str, object]:
        return {
            **{field.name: getattr(actor, field.name) for field in fields(actor)},
            "facts": dict(actor.facts),
        }

    def plain_evidence(evidence: Evidence) -> dict[str, object]:
        told: dict[str, object] = {
            "kind": evidence.kind,
            "text": evidence.text,
            "marks": evidence.marks,
            "source": evidence.source,
        }
        if evidence.case and evidence.participation:
            told["case"] = {
                "id": evidence.case.id,
                "title": evidence.case.title,
                "date": evidence.case.date,
                "role": evidence.participation.role,
                "contribution": evidence.participation.contribution,
            }
        return told

    return {
        "query": result.query,
        "took_ms": round(result.took_ms, 2),
        "total": result.total,
        "hits": [
            {
                "rank": hit.rank,
                "score": round(hit.score, 4),
                "fit": hit.fit,
                "actor": plain_actor(hit.actor),
                "evidence": [plain_evidence(one) for one in hit.evidence],
            }
            for hit in result.hits
        ],
        "cases": [
            {
                "rank": hit.rank,
                "id": hit.case.id,
                "title": hit.case.title,
                "date": hit.case.date,
                "score": round(hit.score, 4),
                "fit": hit.fit,
                "evidence": [plain_evidence(one) for one in hit.evidence],
            }
            for hit in result.cases
        ],
    }


def _plain_status(found: Status) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(found), "folder": str(found.folder), "problems": list(found.problems)}
