"""The JSON API of what is published: histories, changes, withdrawals, and likely duplicates."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Query, Request, Response
from pydantic import Field

from kb.errors import NotYetScrubbed
from kb.models import Kind
from kb.registers.records.duplicates import DuplicateState
from web.api.routing import (
    FOR_MODERATORS,
    AModeratorsToken,
    Limit,
    PageUrls,
    documented,
    tell_revision,
    token_router,
)
from web.api.schemas import Shape, about
from web.api.write_schemas import AccountName, Contents, Contribution, Moment, Sent, contents_of
from web.http.routing import Handler, OpenKnowledgeBase

router = token_router()


class Reason(Sent):
    """The reason for a withdrawal."""

    reason: str = Field(default="", max_length=1000)


class VersionNumber(Sent):
    """The version to restore."""

    version: int = Field(ge=1)


class VersionOut(Contents):
    """A version of a record."""

    number: int = about("The number, from 1 (oldest).")
    by: AccountName
    at: Moment
    note: str
    restored: int = about("The version that it restored, or 0.")


class WithdrawalOut(Shape):
    """How a record was withdrawn or erased."""

    by: AccountName
    at: Moment
    reason: str
    erased: bool = about("Whether it was erased.")


class History(Shape):
    """Every version of a record, oldest first, and its withdrawal."""

    versions: list[VersionOut]
    withdrawal: WithdrawalOut | None = about("Null while the record is published.")


class DuplicateOut(Shape):
    """Two actors that may be the same."""

    left: str = about("The id of the first actor.", "avel", validation_alias="left_id")
    right: str = about("The id of the second actor.", validation_alias="right_id")
    score: float = about("Their similarity, from 0 to 1.", 0.9)
    reasons: list[str] = about("What they have in common.")
    state: DuplicateState = about("`related`: two establishments of one firm.")
    decided_by: str = about("The account that decided, or empty.")
    decided_at: str = about("ISO 8601 time, or empty.")


class DuplicatesOut(Shape):
    """Pairs of actors that may be the same, likeliest first."""

    total: int = about("The number before the limit.")
    duplicates: list[DuplicateOut]


class Decision(Sent):
    """The decision about a pair of actors."""

    left: str = about("The id of the first actor.")
    right: str = about("The id of the second actor.")
    same: bool = about("Whether they are the same actor.")
    keep: str = about("The id to keep if they are the same; `left` by default.", default="")


def _for_each_kind(
    method: str,
    verb: str,
    summary: str,
    *meanings: dict[int, str],
    answer: str = "Its history.",
    later: Mapping[str, Any] | None = None,
    status_code: int = 200,
) -> Callable[[Handler], Handler]:
    """Routes `/api/{kinds}/{id}/verb` to a function of `AKind`; `{}` in the summary is the kind."""

    def register(handler: Handler) -> Handler:
        for kind, words in ((Kind.CASE, "a case"), (Kind.ACTOR, "an actor")):
            missing = {404: f"No {kind} has this id."}
            route = documented(
                summary.format(words),
                FOR_MODERATORS,
                missing,
                *meanings,
                answer=answer,
                accepted=later,
            )
            router.add_api_route(
                f"/{kind}s/{{record_id:path}}/{verb}",
                handler,
                methods=[method],
                status_code=status_code,
                **route,
            )
        return handler

    return register


async def _kind(request: Request) -> Kind:
    return Kind.CASE if request.url.path.startswith("/api/cases/") else Kind.ACTOR


AKind = Annotated[Kind, Depends(_kind)]


@_for_each_kind("GET", "history", "History of {}")
def history(
    record_id: str, kind: AKind, knowledge_base: OpenKnowledgeBase, _account: AModeratorsToken
) -> History:
    """Every version with its author and date, also of a withdrawn record."""
    versions = knowledge_base.history(kind, record_id)
    withdrawal = knowledge_base.withdrawal(kind, record_id)
    if not versions and withdrawal is None:
        raise HTTPException(404, f"There is no {kind} with the id {record_id!r}.")
    return History(
        versions=[VersionOut.read(one, **contents_of(one.record)) for one in versions],
        withdrawal=WithdrawalOut.model_validate(withdrawal) if withdrawal else None,
    )


@_for_each_kind(
    "POST",
    "edit",
    "Draft a change of {}",
    {410: "It was withdrawn."},
    answer="The draft.",
    status_code=201,
)
def edit(
    record_id: str,
    kind: AKind,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    absolute_url: PageUrls,
) -> Contribution:
    """Creates a draft of the record. The record stays unchanged until the draft is published."""
    draft = knowledge_base.edit(kind, record_id, by=account.name)
    response.headers["Location"] = f"/api/contributions/{draft.id}"
    tell_revision(response, draft)
    return Contribution.of(draft, absolute_url)


@_for_each_kind("POST", "withdraw", "Withdraw {}", {410: "It was already withdrawn."})
def withdraw(
    record_id: str,
    kind: AKind,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    why: Reason = Reason(),
) -> History:
    """Removes it from every search immediately. Its history stays, and it can be restored."""
    knowledge_base.withdraw(kind, record_id, by=account.name, reason=why.reason)
    return history(record_id, kind, knowledge_base, account)


@_for_each_kind("POST", "restore", "Restore a version of {}")
def restore(
    record_id: str,
    kind: AKind,
    which: VersionNumber,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
) -> History:
    """Makes this version the current one again, also after a withdrawal."""
    knowledge_base.restore(kind, record_id, which.version, by=account.name)
    return history(record_id, kind, knowledge_base, account)


@_for_each_kind(
    "POST",
    "erase",
    "Erase {}",
    later={"model": History, "description": "It is erased; files are cleaned within the hour."},
)
def erase(
    record_id: str,
    kind: AKind,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
) -> History:
    """Erases its text, vectors, versions and drafts permanently. No ingest brings it back."""
    try:
        knowledge_base.erase(kind, record_id, by=account.name)
    except NotYetScrubbed:
        response.status_code = 202
    return history(record_id, kind, knowledge_base, account)


@router.get(
    "/duplicates", **documented("Likely duplicates", FOR_MODERATORS, answer="The likeliest first.")
)
def duplicates(
    knowledge_base: OpenKnowledgeBase,
    _account: AModeratorsToken,
    state: Annotated[
        DuplicateState, Query(description="Only in this state.")
    ] = DuplicateState.OPEN,
    source: Annotated[str, Query(description="Only with an actor that it describes.")] = "",
    limit: Limit = 50,
) -> DuplicatesOut:
    """Pairs of actors that may be the same, with what they have in common."""
    sources = [source] if source else []
    listed = knowledge_base.duplicates.list(state, limit, sources)
    return DuplicatesOut(
        total=knowledge_base.duplicates.count(state, sources),
        duplicates=[DuplicateOut.model_validate(pair) for pair in listed],
    )


@router.post(
    "/duplicates",
    status_code=204,
    **documented(
        "Decide on a pair", FOR_MODERATORS, {404: "One is no actor's id."}, answer="Done."
    ),
)
def decide(
    decision: Decision, knowledge_base: OpenKnowledgeBase, account: AModeratorsToken
) -> None:
    """Merges two actors, or keeps them separate. Later ingests respect the decision."""
    knowledge_base.duplicates.decide(
        decision.left, decision.right, decision.same, keep=decision.keep, by=account.name
    )
