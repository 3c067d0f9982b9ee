"""The widget's script, as it is given out."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from web.embed.scripts import BUILDS, CURRENT, WidgetScript, WidgetScripts, build_name
from web.embed.widget import build

MAX_GZIPPED_BYTES = 6_000


def test_the_build_is_what_the_sources_make() -> None:
    assert (BUILDS / CURRENT).read_bytes() == build.build(), "run `make widget`"


def test_it_is_small_as_browsers_receive_it(client: TestClient) -> None:
    answer = client.get("/embed/v1/quisait.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert 0 < int(answer.headers["Content-Length"]) <= MAX_GZIPPED_BYTES


def test_a_build_that_was_given_out_stays_when_there_is_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BUILDS", tmp_path)
    former = b"// what a page is pinned to\n"
    (tmp_path / CURRENT).write_bytes(former)
    for _ in range(2):
        build.main()
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
            CURRENT: build.build(),
            build_name(former): former,
        }


def test_what_is_kept_is_what_its_name_says() -> None:
    kept = {path.name: path.read_bytes() for path in BUILDS.iterdir()}
    current = kept.pop(CURRENT)
    assert [name for name, content in kept.items() if build_name(content) != name] == []
    # Nobody is to hash it to find it: it is given out under its name as well.
    assert WidgetScripts().builds[build_name(current)] == WidgetScript(current)


def test_it_makes_no_markup_and_no_code_of_strings() -> None:
    script = (BUILDS / CURRENT).read_text(encoding="utf-8")
    forbidden = "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\(|new Function"
    assert re.findall(forbidden, script) == []
    assert "localStorage" not in script
    assert "document.cookie" not in script
