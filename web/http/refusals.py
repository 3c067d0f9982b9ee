"""Refusals of pages, each with advice for the visitor."""

from starlette.exceptions import HTTPException

from kb.messages import N_


class Refusal(HTTPException):
    """Answered with a page of this status. `advice`, an English message, is one line."""

    def __init__(
        self, status_code: int, advice: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status_code, advice, headers)
        self.advice = advice


class NotSignedIn(Refusal):
    def __init__(self) -> None:
        super().__init__(
            403,
            N_(
                "You are not signed in, or no longer. Sign in in another tab, come back here with "
                "your browser’s Back button, and send the form again. Nothing that you wrote is "
                "lost."
            ),
        )


def not_allowed() -> Refusal:
    return Refusal(403, N_("Your account cannot do this: ask a moderator or an administrator."))


def no_such_action() -> Refusal:
    return Refusal(400, N_("This page cannot do what the form asks for."))


def strange_form() -> Refusal:
    return Refusal(
        403,
        N_(
            "This form was not sent from your page, or is too old. Go back, reload the page and "
            "send it again."
        ),
    )


def no_cookie() -> Refusal:
    return Refusal(
        403,
        N_(
            "Your browser did not send the cookie of this site. Allow cookies for this site, then "
            "go back and reload the page."
        ),
    )
