"""The cells of spreadsheets and of Parquet as a person reads them in the table."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal

_MAX_EXACT = 1 << 53


def cell_text(value: object) -> str:
    """The value as text: whole numbers without a point, days without a time, lists with `|`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return " | ".join(text for item in value if (text := cell_text(item)))
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=cell_text)
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def _number(value: float | Decimal) -> str:
    if value != value:  # not a number: how a table without empty cells writes one  # noqa: PLR0124
        return ""
    if abs(value) < _MAX_EXACT and value == int(value):
        return str(int(value))
    return str(value)
