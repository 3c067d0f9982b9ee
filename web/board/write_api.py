"""The JSON API of the board, to be written: posting a need or an offer with a token."""

from fastapi import HTTPException, Response

from kb.registers.board.notice import NoticeContent
from web.api.routing import PageUrls
from web.api.tokens import AnAccount, documented, token_router
from web.board.schemas import NewNotice, NoticeOut
from web.http.dependencies import OpenKnowledgeBase

router = token_router()


def content_of(sent: NewNotice) -> NoticeContent:
    """Returns what a notice that was sent says, held to the rules of the form.

    Raises:
        HTTPException: 422, a field is wrong.
    """
    read = sent.form().read(sent.lang, needs_email=False)
    if read.errors:
        field, problem = next(iter(read.errors.items()))
        raise HTTPException(422, f"{field}: {problem}")
    return read.content


@router.post(
    "/notices",
    status_code=201,
    **documented("Post a need or an offer", answer="The new notice, which waits."),
)
def post_notice(
    sent: NewNotice,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
) -> NoticeOut:
    """Posts a notice in the name of the account; a moderator reads it before it is published."""
    notice = knowledge_base.notices.add(content_of(sent), owner=account.name)
    response.headers["Location"] = f"/api/notices/{notice.id}"
    return NoticeOut.with_answers(notice, [], absolute_url)
