import json
import logging

import pytest

from kb.log_lines import log_lines, request_id

WORDS = "a secret word"

_log = logging.getLogger("kb.somewhere")


def fail(words: str) -> None:
    try:
        int(words)
    except ValueError as error:
        raise KeyError(words) from error


def test_a_line_of_text_has_its_time_level_place_and_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    token = request_id.set("0123456789abcdef")
    with log_lines("text", "info"):
        _log.info("Two\nlines of %d", 3)
        _log.debug("not told")
    request_id.reset(token)
    (line,) = capsys.readouterr().err.splitlines()
    time, _, rest = line.partition(" ")
    assert rest == "INFO kb.somewhere [0123456789abcdef] Two\\nlines of 3"
    assert time.endswith("Z")
    assert len(time) == len("2026-11-27T02:16:00.123Z")


def test_a_line_of_json_has_a_field_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    with log_lines("json", "warning"):
        _log.info("not told")
        _log.warning("Élan: %s", "ici", extra={"status": 200})
        try:
            fail(WORDS)
        except KeyError:
            _log.exception("It failed")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "WARNING",
        "logger": "kb.somewhere",
        "request_id": "",
        "message": "Élan: ici",
        "status": 200,
    }
    assert second["exception"].endswith("\nKeyError")


def test_exceptions_are_told_without_their_values(capsys: pytest.CaptureFixture[str]) -> None:
    with log_lines("text", "info"):
        try:
            fail(WORDS)
        except KeyError:
            _log.exception("It failed")
    line = capsys.readouterr().err
    assert "ValueError\ncaused:" in line
    assert line.endswith("\nKeyError\n")
    assert "in fail" in line
    assert WORDS not in line
