"""The commands of this room: search, status, rebuild.

Imports click and what is as light; the rest when a command runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.commands.accounts import user
from kb.commands.adapt import adapt
from kb.commands.evaluation import evaluate
from kb.commands.options import kb_option
from kb.commands.sites import site

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase, Status
    from kb.models import Actor, Case, Participation
    from kb.search.results import ActorHit, Evidence, PartAnswer, SearchResult


def _open(kb: Path | None) -> KnowledgeBase:
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings

    return KnowledgeBase.open(Settings.from_environment(kb=kb))


@click.command(short_help="Find who could answer QUERY.")
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option(
    "--department", default="", metavar="CODE", help="Only this department, for example 16."
)
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
    from kb.models import Kind
    from kb.search.results import Filters

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
    """Show what the knowledge base contains, and its state."""
    found = _open(kb).status()
    if as_json:
        click.echo(json.dumps(_plain_status(found), ensure_ascii=False, indent=2))
    else:
        for name, value in _plain_status(found).items():
            lines = value if isinstance(value, list) else [value]
            for line in lines:
                click.echo(f"{name:>14}  {line}")


@click.command(short_help="Make passages, embeddings and index again.")
@kb_option
def rebuild(kb: Path | None) -> None:
    """Make passages, embeddings and index again from the records, with the current encoder."""
    from tqdm import tqdm

    base = _open(kb)
    with tqdm(unit=" passages", disable=not sys.stderr.isatty(), file=sys.stderr) as bar:
        found = base.rebuild(bar.update)
    click.echo(
        f"{found.actors} actors and {found.cases} cases, {found.passages} passages, "
        f"{bar.n} embedded by {found.model}."
    )


COMMANDS: list[click.Command] = [search, status, rebuild, evaluate, adapt, user, site]


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
    if result.parts:
        click.echo("\nWho for each part")
    for answer in result.parts:
        click.echo(f"{answer.part:>14}  {_called(answer)}")


def _called(answer: PartAnswer) -> str:
    """Who could take a part, in a line; who is only named in a case stands in brackets."""
    names = [hit.actor.name for hit in answer.hits]
    named = [f"[{one.participation.name}]" for one in answer.mentioned]
    usual = "" if answer.cases else " (usual)"
    return ", ".join([*names, *named]) + usual


def _told(evidence: Evidence) -> str:
    text = ""
    end = 0
    for mark_start, mark_end in evidence.marks:
        text += evidence.text[end:mark_start]
        text += click.style(evidence.text[mark_start:mark_end], underline=True)
        end = mark_end
    text += evidence.text[end:]
    if evidence.precedent and evidence.case:
        return (
            f"↝ inferred: a trade close to that of {evidence.precedent.name}, who took part in "
            f"“{evidence.case.title}”"
        )
    if evidence.case and evidence.participation:
        return f"↳ {evidence.participation.role} in “{evidence.case.title}”: {text}"
    return f"“{' '.join(text.split())}” {evidence.source}".rstrip()


def _plain(result: SearchResult) -> dict[str, object]:
    asked = result.asked
    return {
        "query": result.query,
        "asked": {
            "text": asked.text,
            "required": asked.required,
            "wanted": asked.wanted,
            "unwanted": asked.unwanted,
        },
        "took_ms": round(result.took_ms, 2),
        "total": result.total,
        "hits": [_plain_hit(hit) for hit in result.hits],
        "cases": [
            {
                "rank": hit.rank,
                "id": hit.case.id,
                "title": hit.case.title,
                "date": hit.case.date,
                "score": round(hit.score, 4),
                "fit": hit.fit,
                "evidence": [_plain_evidence(one) for one in hit.evidence],
            }
            for hit in result.cases
        ],
        "roles": [
            {
                "role": answer.part,
                "need": answer.need,
                "cases": [_plain_case(case) for case in answer.cases],
                "hits": [_plain_hit(hit) for hit in answer.hits],
                "mentioned": [
                    {
                        "name": one.participation.name,
                        "case": _plain_case(one.case, one.participation),
                    }
                    for one in answer.mentioned
                ],
            }
            for answer in result.parts
        ],
    }


def _plain_hit(hit: ActorHit) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "rank": hit.rank,
        "score": round(hit.score, 4),
        "fit": hit.fit,
        "actor": _plain_actor(hit.actor),
        "evidence": [_plain_evidence(one) for one in hit.evidence],
        "parts": {name: round(value, 4) for name, value in asdict(hit.parts).items()},
    }


def _plain_actor(actor: Actor) -> dict[str, object]:
    from dataclasses import fields

    return {
        **{field.name: getattr(actor, field.name) for field in fields(actor)},
        "facts": dict(actor.facts),
    }


def _plain_evidence(evidence: Evidence) -> dict[str, object]:
    told: dict[str, object] = {
        "kind": evidence.kind,
        "text": evidence.text,
        "marks": evidence.marks,
        "source": evidence.source,
    }
    if evidence.case and evidence.participation:
        case = _plain_case(evidence.case, evidence.participation)
        if evidence.precedent:
            precedent = evidence.precedent
            told["precedent"] = {"id": precedent.id, "name": precedent.name, "case": case}
        else:
            told["case"] = case
    return told


def _plain_case(case: Case, participation: Participation | None = None) -> dict[str, object]:
    told: dict[str, object] = {"id": case.id, "title": case.title, "date": case.date}
    if participation:
        told |= {"role": participation.role, "contribution": participation.contribution}
    return told


def _plain_status(found: Status) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(found), "folder": str(found.folder), "problems": list(found.problems)}
