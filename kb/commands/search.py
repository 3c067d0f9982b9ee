"""The command `quisait search`: its answer as lines, or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from kb.address import Place
from kb.commands.options import kb_option, near_option, open_base, within_option

if TYPE_CHECKING:
    from kb.models import Case, Participation
    from kb.search.results import ActorHit, Evidence, Filters, PartAnswer, SearchResult


@click.command(short_help="Find who could answer QUERY.")
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option(
    "--department", default="", metavar="CODE", help="Only this department, for example 16."
)
@click.option("--theme", default="", metavar="NAME", help="Only records with this theme.")
@near_option
@within_option
@click.option("--kind", type=click.Choice(["actor", "case"]), help="Only actors, or only cases.")
@click.option("--no-wording", is_flag=True, help="Do not ask the language model, if one is set.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@kb_option
def search(
    query: tuple[str, ...],
    limit: int,
    department: str,
    theme: str,
    near: str,
    within: int,
    kind: str | None,
    no_wording: bool,
    as_json: bool,
    kb: Place | None,
) -> None:
    """Find the actors and cases that could answer QUERY, in French or English."""
    import atexit
    import gc

    # Nothing goes before the end: Python would look for cycles meanwhile, and once more then.
    gc.disable()
    click.get_current_context().call_on_close(gc.enable)
    atexit.register(gc.freeze)
    base = open_base(kb)

    from kb.models import Kind
    from kb.search.filters import filters_near
    from kb.search.results import Steering

    filters = filters_near(department, theme, near, within)
    filters = replace(filters, kind=Kind(kind) if kind else None)
    steering = Steering(worded=not no_wording)
    result = base.search(" ".join(query), limit=limit, filters=filters, steering=steering)
    if as_json:
        click.echo(json.dumps(_plain(result), ensure_ascii=False, indent=2))
    else:
        _print(result)


def _print(result: SearchResult) -> None:
    filters = result.filters
    if parts := result.asked.reading.parts:
        told = " · ".join(f"{part.kind}: {part.text}" for part in parts)
        object_ = "the whole text" if result.asked.is_long else result.asked.need
        click.echo(f"Read as: {object_} · {told}")
    if result.wording.phrases:
        phrases = ", ".join(phrase.text for phrase in result.wording.phrases)
        click.echo(f"Understood as: {phrases} ({result.wording.model}).")
    elif result.wording.state == "missing":
        click.echo("The language model has not answered: it was not used.")
    if not result.total:
        nearest = result.hits or result.cases
        click.echo(f"Nothing here fits{'; the nearest are below' if nearest else ''}.")
    headed = ""
    for hit in result.hits:
        near = filters.is_near(hit.actor)
        heading = f"{hit.fit}, {f'within {filters.near_km} km' if near else 'further away'}"
        if filters.near and heading != headed:
            click.echo(heading)
            headed = heading
        km = filters.whole_km_to(hit.actor)
        distance = "" if km is None else f"about {km} km"
        where = ", ".join(filter(None, (hit.actor.place, hit.actor.department, distance)))
        name = click.style(hit.actor.name, bold=True)
        click.echo(f"{hit.rank:>3}. {name}" + (f" ({where})" if where else "") + f" · {hit.fit}")
        for evidence in hit.evidence:
            click.echo(f"     {_evidence_line(evidence)}")
    if result.cases:
        click.echo("\nCases")
    for case_hit in result.cases:
        when = case_hit.case.period or case_hit.case.date[:10]
        title = f"{case_hit.case.title} ({when})" if when else case_hit.case.title
        click.echo(f"{case_hit.rank:>3}. {title} · {case_hit.fit}")
    if result.parts:
        click.echo("\nWho for each part")
    for answer in result.parts:
        click.echo(f"{answer.part:>14}  {_names(answer)}")


def _names(answer: PartAnswer) -> str:
    """The names for a part, in a line; those that only a case names are in brackets."""
    names = [hit.actor.name for hit in answer.hits]
    named = [f"[{mention.participation.name}]" for mention in answer.mentioned]
    usual = "" if answer.cases else " (usual)"
    return ", ".join([*names, *named]) + usual


def _evidence_line(evidence: Evidence) -> str:
    text = ""
    end = 0
    for mark_start, mark_end in evidence.marks:
        text += evidence.text[end:mark_start]
        text += click.style(evidence.text[mark_start:mark_end], underline=True)
        end = mark_end
    text += evidence.text[end:]
    if match := evidence.means:
        means = ", ".join(match.means)
        return f"↝ inferred: the usual means of its trade ({means}) would do for: {match.phrase}"
    if evidence.precedent and evidence.case:
        firm, case = evidence.precedent, evidence.case
        if not firm.id:
            return (
                f"↝ inferred: a trade close to that of {firm.name} ({firm.place}), "
                f"{firm.description}, who did it elsewhere in {case.period}: {case.title} "
                f"{firm.source_url}"
            ).rstrip()
        return f"↝ inferred: a trade close to that of {firm.name}, who took part in “{case.title}”"
    if evidence.case and evidence.participation:
        return f"↳ {evidence.participation.role} in “{evidence.case.title}”: {text}"
    of_code = f"trade (code {evidence.code}): " if evidence.code else ""
    return f"{of_code}“{' '.join(text.split())}” {evidence.source}".rstrip()


def _plain(result: SearchResult) -> dict[str, object]:
    filters, asked = result.filters, result.asked
    return {
        "query": result.query,
        "asked": {
            **_some(asked, "text required wanted unwanted"),
            "object": asked.need,
            "parts": [_some(part, "kind text") for part in asked.reading.parts],
            "trades": [
                {**asdict(likely.trade), "share": round(likely.share, 4)}
                for likely in result.trades
            ],
            "wording": asdict(result.wording),
        },
        "took_ms": round(result.took_ms, 2),
        "total": result.total,
        "hits": [_plain_hit(hit, filters) for hit in result.hits],
        "cases": [
            {
                **_some(hit, "rank fit"),
                **_some(hit.case, "id title date period"),
                "score": round(hit.score, 4),
                "evidence": [_plain_evidence(evidence) for evidence in hit.evidence],
            }
            for hit in result.cases
        ],
        "roles": [
            {
                "role": answer.part,
                "need": answer.need,
                "cases": [_plain_case(case) for case in answer.cases],
                "hits": [_plain_hit(hit, filters) for hit in answer.hits],
                "mentioned": [
                    {
                        "name": mention.participation.name,
                        "case": _plain_case(mention.case, mention.participation),
                    }
                    for mention in answer.mentioned
                ],
            }
            for answer in result.parts
        ],
    }


def _some(thing: object, names: str) -> dict[str, object]:
    return {name: getattr(thing, name) for name in names.split()}


def _plain_hit(hit: ActorHit, filters: Filters) -> dict[str, object]:
    actor = asdict(replace(hit.actor.public, facts=dict(hit.actor.facts)))
    del actor["members_only"]
    return {
        **_some(hit, "rank fit"),
        "score": round(hit.score, 4),
        "actor": actor,
        "distance_km": filters.whole_km_to(hit.actor),
        "near": filters.is_near(hit.actor),
        "evidence": [_plain_evidence(evidence) for evidence in hit.evidence],
        "parts": {
            name: None if value is None else round(value, 4)
            for name, value in asdict(hit.parts).items()
        },
    }


def _plain_evidence(evidence: Evidence) -> dict[str, object]:
    plain = _some(evidence, "kind text marks source code")
    if evidence.case and evidence.participation:
        case = _plain_case(evidence.case, evidence.participation)
        if evidence.precedent:
            precedent = _some(evidence.precedent, "id name place source_url")
            plain["precedent"] = {**precedent, "case": case}
        else:
            plain["case"] = case
    if evidence.means:
        plain["means"] = asdict(evidence.means)
    return plain


def _plain_case(case: Case, participation: Participation | None = None) -> dict[str, object]:
    part = _some(participation, "role contribution") if participation else {}
    return {**_some(case, "id title date period"), **part}
