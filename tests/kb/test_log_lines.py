import json
import logging
import sqlite3
import threading

import pytest

from kb.log_lines import log_lines, request_id, told

WORDS = "a secret word"

_log = logging.getLogger("kb.somewhere")
_other = logging.getLogger("library")


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


def test_system_errors_are_told_with_their_codes() -> None:
    assert told(OSError(28, "No space left", "/a/secret/file")) == "OSError ENOSPC"
    with pytest.raises(sqlite3.IntegrityError) as raised:
        sqlite3.connect(":memory:").executescript(
            "create table a (b unique); insert into a values ('word'), ('word');"
        )
    assert told(raised.value).endswith("sqlite3.IntegrityError SQLITE_CONSTRAINT_UNIQUE")
    both = ExceptionGroup("words", [ValueError("words"), OSError(28, "No")])
    assert told(both).splitlines() == [
        "ExceptionGroup", "  one of them: ValueError", "  one of them: OSError ENOSPC"
    ]  # fmt: skip


def test_an_error_that_recurs_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with log_lines("text", "info"):
        for _ in range(100):
            try:
                fail(WORDS)
            except KeyError:
                _log.exception("It failed")
    told_lines = capsys.readouterr().err
    assert told_lines.count("Traceback") + told_lines.count("in fail") == 2
    assert told_lines.count("It failed (again: KeyError)\n") == 99


def test_other_libraries_are_heard_when_they_fail(capsys: pytest.CaptureFixture[str]) -> None:
    with log_lines("text", "debug"):
        _other.warning("Invalid Host header: %s", "what was sent")
        _other.error("gone")
    assert capsys.readouterr().err.endswith(" ERROR library gone\n")


def test_a_thread_that_fails_says_so_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    with log_lines("text", "info"):
        thread = threading.Thread(target=fail, args=(WORDS,), name="usage")
        thread.start()
        thread.join()
    line = capsys.readouterr().err
    assert "The thread usage ended with an error" in line
    assert WORDS not in line


def test_a_full_disk_of_the_log_stops_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: str) -> int:
        raise OSError(28, "No space left on device")

    with log_lines("text", "info"):
        monkeypatch.setattr(logging.getLogger().handlers[-1].stream, "write", full)  # type: ignore[attr-defined]
        _log.info("lost")
        monkeypatch.undo()
    assert capsys.readouterr().err == ""


def test_the_log_is_as_before_afterwards() -> None:
    loggers = [logging.getLogger(), logging.getLogger("kb")]
    before = [(logger.level, list(logger.handlers)) for logger in loggers]
    with log_lines("json", "debug"):
        pass
    assert [(logger.level, logger.handlers) for logger in loggers] == before
