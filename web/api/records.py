"""The JSON API of what is published: histories, changes, withdrawals, and likely duplicates."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, HTTPException, Query, Request, Response

from kb.models import Kind
from kb.registers.duplicates import DuplicateState
from web.api.read import PageUrls
from web.api.tokens import FOR_MODERATORS, AModeratorsToken, documented, tell_revision, token_router
from web.api.write_schemas import (
    Contribution,
    Decision,
    Duplicate,
    Duplicates,
    History,
    Reason,
    Version,
    VersionNumber,
    Withdrawal,
)
from web.http.dependencies import OpenKnowledgeBase
from web.search.request import MAX_LIMIT

Handler = TypeVar("Handler", bound=Callable[..., object])

router = token_router()


def _for_each_kind(
    method: str,
    verb: str,
    summary: str,
    *meanings: dict[int, str],
    answer: str = "Its history.",
    status_code: int = 200,
) -> Callable[[Handler], Handler]:
    """Routes `/api/cases/{id}/verb` and `/api/actors/{id}/verb` to one function.

    `{}` in the summary is what it is; the function asks for it with `AKind`.
    """

    def register(handler: Handler) -> Handler:
        for kind, words in ((Kind.CASE, "a case"), (Kind.ACTOR, "an actor")):
            router.add_api_route(
                f"/{kind}s/{{record_id:path}}/{verb}",
                handler,
                methods=[method],
                status_code=status_code,
                **documented(
                    summary.format(words),
                    FOR_MODERATORS,
                    {404: f"No {kind} has this id."},
                    *meanings,
                    answer=answer,
                ),
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
    """Every state that it had, who made it so and when; of one that was withdrawn as well."""
    versions = knowledge_base.history(kind, record_id)
    withdrawal = knowledge_base.withdrawal(kind, record_id)
    if not versions and withdrawal is None:
        raise HTTPException(404, f"There is no {kind} with the id {record_id!r}.")
    return History(
        versions=[Version.of(version) for version in versions],
        withdrawal=Withdrawal.of(withdrawal) if withdrawal else None,
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
    """A contribution that changes it once published, and leaves it as it is until then."""
    draft = knowledge_base.edit(kind, record_id, by=account.name)
    response.headers["Location"] = f"/api/contributions/{draft.id}"
    tell_revision(response, draft)
    return Contribution.of(draft, absolute_url)


@_for_each_kind("POST", "withdraw", "Withdraw {}", {410: "It was withdrawn already."})
def withdraw(
    record_id: str,
    kind: AKind,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    why: Reason = Reason(),
) -> History:
    """Takes it out of every search at once. Its history stays, and it can be restored."""
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
    """Makes it what that version said, and findable again if it was withdrawn."""
    knowledge_base.restore(kind, record_id, which.version, by=account.name)
    return history(record_id, kind, knowledge_base, account)


@_for_each_kind("POST", "erase", "Erase {}")
def erase(
    record_id: str, kind: AKind, knowledge_base: OpenKnowledgeBase, account: AModeratorsToken
) -> History:
    """Destroys its text, vectors, versions and drafts, for good. It will not come back."""
    knowledge_base.erase(kind, record_id, by=account.name)
    return history(record_id, kind, knowledge_base, account)


@router.get(
    "/duplicates",
    **documented("Likely duplicates", FOR_MODERATORS, answer="The likeliest first."),
)
def duplicates(
    knowledge_base: OpenKnowledgeBase,
    _account: AModeratorsToken,
    state: Annotated[
        DuplicateState, Query(description="Only pairs in this state.")
    ] = DuplicateState.OPEN,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")] = 50,
) -> Duplicates:
    """Pairs of actors that may be one, with what makes them alike."""
    return Duplicates(
        total=knowledge_base.duplicates.count(state),
        duplicates=[Duplicate.of(pair) for pair in knowledge_base.duplicates.list(state, limit)],
    )


@router.post(
    "/duplicates",
    status_code=204,
    **documented(
        "Decide on a pair", FOR_MODERATORS, {404: "One of them is no actor."}, answer="Done."
    ),
)
def decide(
    decision: Decision, knowledge_base: OpenKnowledgeBase, account: AModeratorsToken
) -> None:
    """Makes two actors one, or keeps them apart. It is remembered, whatever is ingested later."""
    knowledge_base.duplicates.decide(
        decision.left, decision.right, decision.same, keep=decision.keep, by=account.name
    )
