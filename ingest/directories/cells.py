"""The cells of spreadsheets and of Parquet as a person reads them in the table."""

import json
import math
from datetime import date, datetime, time
from decimal import Decimal

_MAX_EXACT = 1 << 53


def cell_text(value: object) -> str:
    """The value as text: whole numbers without a point, days without a time, lists with `|`."""
    text = str(value)
    if value is None:
        text = ""
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float | Decimal):
        text = _number(value)
    elif isinstance(value, datetime) and value.time() == time():
        text = value.date().isoformat()
    elif isinstance(value, date | time):
        text = value.isoformat()
    elif isinstance(value, bytes):
        text = value.decode("utf-8", errors="replace")
    elif isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        text = " | ".join(filter(None, map(cell_text, value)))
    elif isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False, default=cell_text)
    return text


def _number(value: float | Decimal) -> str:
    if not math.isfinite(value):  # how a table without empty cells writes one
        return ""
    exact = Decimal(value)
    is_whole = abs(exact) < _MAX_EXACT and exact == exact.to_integral_value()
    return str(int(exact)) if is_whole else str(value)
