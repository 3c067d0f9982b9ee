"""Templates into text: what is compiled before a visitor asks for it."""

from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jinja2 import Environment

from web.search.pages import RESULTS


def test_a_page_whose_template_is_prepared_compiles_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast("FastAPI", client.app).state.renderer.prepare(RESULTS)
    compiled: list[object] = []
    compile_ = Environment.compile

    def watched(self: Environment, source: str, *given: object, **named: object) -> object:
        compiled.append(given)
        return compile_(self, source, *given, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Environment, "compile", watched)
    for page in ("/en/search?q=cirages", "/fr/recherche?q=cirages"):
        assert client.get(page).status_code == 200
    assert compiled == []
    client.get("/en/nothing-here")
    assert compiled, "that page is another"
