"""A language model behind the OpenAI-compatible protocol: no redirects, no proxy."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from kb.settings import Settings

if TYPE_CHECKING:
    import httpx

MAX_ANSWER_BYTES = 1_000_000

_OPTIONAL = {"response_format", "max_tokens"}

_FENCE = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")


class NoAnswer(Exception):
    """The service gave no answer; the message is the reason, in a line."""


class UnusableAnswer(NoAnswer):
    """The service answered, but not with what was asked for."""

    def __init__(self, reason: str = "its answer is not the JSON that was asked for.") -> None:
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class ChatService:
    """An OpenAI-compatible service at `url`; `transport` stands in for the network in tests."""

    url: str
    model: str
    key: str = ""
    timeout_s: float = 60.0
    transport: "httpx.BaseTransport | None" = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """The service that the settings name, `None` if they name none."""
        if not settings.assistant_url:
            return None
        return cls(
            settings.assistant_url,
            settings.assistant_model,
            settings.assistant_key.get_secret_value(),
            settings.assistant_timeout_s,
        )

    @property
    def name(self) -> str:
        """The name of the model, as people are shown it."""
        return self.model or "assistant"

    def ask(
        self,
        instructions: str,
        data: Mapping[str, Any],
        *,
        most_bytes: int = MAX_ANSWER_BYTES,
        most_tokens: int | None = None,
    ) -> dict[str, Any]:
        """Returns the JSON object that the model answers; raises `NoAnswer`."""
        request: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
            ],
            "temperature": 0,
            "stream": False,
            "response_format": {"type": "json_object"},
        }
        if most_tokens is not None:
            request["max_tokens"] = most_tokens
        body = self._body(request, most_bytes)
        try:
            content = json.loads(body)["choices"][0]["message"]["content"]
            answer = json.loads(_FENCE.sub("", content))
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            raise UnusableAnswer from None
        if not isinstance(answer, dict):
            raise UnusableAnswer
        return answer

    def _body(self, request: dict[str, Any], most_bytes: int) -> bytes:
        import httpx

        try:
            status, body = self._post(request, most_bytes)
            if status == 400:  # Some servers do not know these.
                request = {key: request[key] for key in request.keys() - _OPTIONAL}
                status, body = self._post(request, most_bytes)
        except httpx.TimeoutException:
            raise NoAnswer(f"it did not answer within {self.timeout_s:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NoAnswer(f"it could not be reached ({type(error).__name__}).") from None
        if status != 200:
            raise NoAnswer(f"it answered with status {status}.")
        return body

    def _post(self, request: dict[str, Any], most_bytes: int) -> tuple[int, bytes]:
        import httpx

        address = self.url.rstrip("/")
        if not address.endswith("/chat/completions"):
            address += "/chat/completions"
        headers = {"Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        # A server that gives a byte now and then must not hold up an ingest either.
        deadline = time.monotonic() + self.timeout_s
        with (
            httpx.Client(
                timeout=self.timeout_s,
                follow_redirects=False,
                trust_env=False,
                transport=self.transport,
            ) as client,
            client.stream("POST", address, json=request, headers=headers) as response,
        ):
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > most_bytes:
                    raise UnusableAnswer(f"its answer is longer than {most_bytes} bytes.")
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("too slow")
            return response.status_code, bytes(body)
