"""Lines of the log: text or JSON, each with its time, its level and the request that it is of."""

import logging
import sqlite3
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from errno import errorcode
from typing import Any, Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

LogKind = Literal["text", "json"]
OUR_ROOMS = ("kb", "ingest", "web")
request_id: ContextVar[str] = ContextVar("request_id", default="")  # empty beyond requests
_log = logging.getLogger(__name__)


def told(error: BaseException) -> str:
    """Returns an exception with its causes and where each was raised, without any value."""
    lines: list[str] = []
    if error.__cause__ is not None:
        lines += [told(error.__cause__), "caused:"]
    elif error.__context__ is not None and not error.__suppress_context__:
        lines += [told(error.__context__), "and while that was handled:"]
    lines += "".join(traceback.format_tb(error.__traceback__)).splitlines()
    lines.append(_name_of(error))
    if isinstance(error, BaseExceptionGroup):
        lines += [f"  one of them: {told(one)}" for one in error.exceptions]
    return "\n".join(lines)


def _name_of(error: BaseException) -> str:
    kind = type(error)
    code = ""
    if isinstance(error, OSError) and error.errno:
        code = errorcode.get(error.errno, str(error.errno))
    elif isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorname", "")
    room = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{room}{kind.__qualname__} {code}".rstrip()


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines with the id of their request, and nothing of an exception's values."""

    def emit(self, record: logging.LogRecord) -> None:
        # A copy: what another handler made of the exception, with its values, is not ours.
        line = logging.makeLogRecord({**record.__dict__, "request_id": request_id.get()})
        line.exc_text = None
        super().emit(line)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Ignores a log that cannot be written, such as on a full disk."""


class _Formatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return told(ei[1])


class _TextFormatter(_Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        of_request = f" [{id_}]" if (id_ := record.__dict__.get("request_id")) else ""
        # One line, whatever is in the message.
        message = "\\n".join(record.message.splitlines())
        return f"{record.asctime} {record.levelname} {record.name}{of_request} {message}"


class _JsonFormatter(_Formatter, JsonFormatter):
    """Makes each `extra` of a line a field of its own."""


_FIELDS = "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"
_NAMES = {"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "exception"}


@contextmanager
def log_lines(kind: LogKind, level: str) -> Iterator[None]:
    """Writes the log to standard error, for as long as the context lasts."""
    handler = _Lines()
    handler.setFormatter(
        _JsonFormatter(_FIELDS, rename_fields=_NAMES, json_ensure_ascii=False)
        if kind == "json"
        else _TextFormatter(_FIELDS)
    )
    loggers = [logging.getLogger(), *map(logging.getLogger, OUR_ROOMS)]
    levels = [logger.level for logger in loggers]
    of_threads = threading.excepthook
    logging.getLogger().addHandler(handler)
    for logger, wanted in zip(loggers, ["ERROR", *[level.upper()] * len(OUR_ROOMS)], strict=True):
        logger.setLevel(wanted)
    threading.excepthook = _log_of_thread
    try:
        yield
    finally:
        threading.excepthook = of_threads
        logging.getLogger().removeHandler(handler)
        for logger, before in zip(loggers, levels, strict=True):
            logger.setLevel(before)


def _log_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        name = ended.thread.name if ended.thread else "?"
        _log.error("The thread %s ended with an error", name, exc_info=ended.exc_value)
