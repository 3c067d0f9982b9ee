"""Asks the JSON API what its own document lets one ask, and what it does not, as everyone.

    python -m tests.reliability.api_fuzz                         # as in docs/reliability.md
    python -m tests.reliability.api_fuzz --examples 3 --seed 3

Requests are made from the OpenAPI document (schemathesis): such as it describes, of records that
are there, and such as it forbids. No answer may be a 5xx, and each must be as described: its
status, its type, its headers and its shape. A route that is for accounts refuses everyone else.
"""

import argparse
import json
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.reference.roles import Flow
from kb.registers.accounts import AccountRole
from kb.registers.board.notice import NoticeContent
from kb.settings import Settings
from kb.store.store import Store
from tests.encoders import WordCountEncoder
from tests.web.sample_base import ACTORS, ANGOULEME, AVEL, CASES
from tests.web.signed_in import PASSWORD, SITE
from web.app import create_app

EXAMPLES, MINUTES = 30, 10.0

STRANGER, UNKNOWN = "stranger", "unknown token"
ROLES = (STRANGER, UNKNOWN, *AccountRole)

_SETTINGS = Settings(
    public_url=f"{SITE}/", searches_a_minute=0, explanations_an_hour=0, writes_an_hour=0,
    jobs_a_day=0, jobs_at_once=0, upload_mb_a_day=0,
)  # fmt: skip
_PATIENCE_S = 600
"""Not a promise: a busy machine answers all the same."""

_CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]


@dataclass(slots=True)
class ApiSite:
    """The application, a token for each role, and the ids of what is there, by their names."""

    app: Any
    tokens: Mapping[str, str]
    ids: Mapping[str, str]


@dataclass(slots=True)
class Asked:
    """What was asked as a role, and `faults`: what was wrong with an answer, and the request."""

    role: str
    site: ApiSite
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    def ask(self, case: Case[Any], *, of_what_is_there: bool) -> None:
        """Asks, and notes what is wrong with the answer."""
        token = self.site.tokens[self.role]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if of_what_is_there:
            headers["If-Match"] = '"1"'
            for name in case.path_parameters or {}:
                case.path_parameters[name] = self.site.ids[name]
        answer = case.call(headers=headers, timeout=_PATIENCE_S)
        self.statuses[answer.status_code] += 1
        label = case.operation.label
        is_closed = "security" in case.operation.definition.raw and not self._is_account
        if is_closed and answer.status_code < 400:
            self.faults[f"{label}: answers a {self.role}"] = case.as_curl_command()
        try:
            case.validate_response(answer, checks=_CHECKS)
        except FailureGroup as found:
            for one in found.exceptions:
                what = f"{label}: {type(one).__name__} ({answer.status_code})"
                self.faults.setdefault(what, f"{self.role}: {case.as_curl_command()}: {one}"[:900])

    @property
    def _is_account(self) -> bool:
        return self.role in set(AccountRole)


def main(
    examples: int = EXAMPLES,
    seed: int = 1,
    minutes: float = MINUTES,
    roles: Sequence[str] = ROLES,
) -> dict[str, Any]:
    """Makes so many requests of each kind of each operation as each role, while there is time.

    Returns how many there were, with which statuses by role, and `faults`, a line for each.
    """
    until = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder, _site(Path(folder)) as site:
        # Without: the role alone decides which token is sent.
        config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
        document = openapi.from_asgi("/api/openapi.json", site.app, config=config)
        operations = [
            found.ok() for found in document.get_all_operations() if isinstance(found, Ok)
        ]
        asked = [Asked(role, site) for role in roles]
        for operation, one, mode in product(operations, asked, GenerationMode):
            if time.monotonic() < until:
                _asking(operation, one, mode, examples, seed)()
    return {
        "requests": sum(one.statuses.total() for one in asked),
        "operations": len(operations),
        "statuses": {one.role: dict(sorted(one.statuses.items())) for one in asked},
        "faults": [f"{what}: {request}" for one in asked for what, request in one.faults.items()],
    }


def _asking(
    operation: APIOperation[Any, Any, Any, Any],
    asked: Asked,
    mode: GenerationMode,
    examples: int,
    seed: int,
) -> Callable[[], None]:
    """Returns what asks for an operation, as the document describes it, or as it forbids."""

    @seeded(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        asked.ask(case, of_what_is_there=mode.is_positive)

    def ask_if_possible() -> None:
        try:
            ask()
        except Unsatisfiable:
            assert mode.is_negative  # nothing that is asked of it can be wrong

    return ask_if_possible


@contextmanager
def _site(folder: Path) -> Iterator[ApiSite]:
    """A site with something of everything, that reaches no network."""
    Store.open(folder / DATABASE_FILE, create=True).close()
    with (
        closing(KnowledgeBase(folder, WordCountEncoder)) as base,
        patch("socket.getaddrinfo", _no_network),
    ):
        base.put([*ACTORS, *CASES])
        tokens = {STRANGER: "", UNKNOWN: "qsf_unknown"}
        for role in AccountRole:
            base.accounts.add(role, PASSWORD, role)
            tokens[role] = base.accounts.issue_token(role, "tests")
        author = AccountRole.CONTRIBUTOR
        notice = base.notices.add(NoticeContent(Flow.SEEKS, "Des flacons"), owner=author)
        base.notices.publish(notice.id, by=AccountRole.MODERATOR, revision=1)
        draft = base.drafts.add(ANGOULEME, by=author, origin="pasted", submitted=True)
        ids = {
            "record_id": AVEL.id, "actor_id": AVEL.id, "case_id": ANGOULEME.id, "source": "a",
            "contribution_id": draft.id, "notice_id": notice.id,
            "job_id": base.jobs.add("feed", {"url": "https://a.example/"}, by=author).id,
        }  # fmt: skip
        yield ApiSite(create_app(base, _SETTINGS), tokens, ids)


def _no_network(*_: object, **_named: object) -> NoReturn:
    raise socket.gaierror("no network here")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    given_ = parser.parse_args()
    summary = main(given_.examples, given_.seed, given_.minutes)
    sys.stdout.write(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    sys.exit(1 if summary["faults"] else 0)
