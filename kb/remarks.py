"""Remarks: messages with their values filled in, in English, ready to be translated."""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Self

from kb.messages import MESSAGES

Value = str | int


def shortened(text: str, most: int = 60) -> str:
    """Cuts a long text to its beginning and an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def quoted(text: str) -> str:
    return repr(shortened(text))


class MessageFormatter(Formatter):
    def number(self, number: int) -> str:
        return f"{number:,}"

    def quoted(self, text: str) -> str:
        return quoted(text)

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return self.quoted(value) if conversion == "q" else super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        is_number = isinstance(value, int)
        return self.number(value) if is_number else super().format_field(value, format_spec)


class Remark(str):
    """A line in English that can be translated: a message of `MESSAGES` by its `code`.

    `field` is the field of a record that it is about, if any; `values` fill the message in, of
    which one may be a remark.
    """

    __slots__ = ("code", "field", "values")
    code: str
    field: str
    values: Mapping[str, Value]

    def __new__(cls, code: str, field: str = "", **values: Value) -> Self:
        text = MessageFormatter().vformat(MESSAGES[code], (), {"field": field, **values})
        return cls._of(text, code, field, values)

    @classmethod
    def _of(cls, text: str, code: str, field: str, values: Mapping[str, Value]) -> Self:
        remark = super().__new__(cls, text)
        remark.code, remark.field, remark.values = code, field, values
        return remark

    def __deepcopy__(self, _memo: object) -> Self:
        return self  # nothing of it changes

    def without_prefix(self, prefix: str) -> Self:
        return self._of(self.removeprefix(prefix), self.code, self.field, self.values)

    def parts(self) -> dict[str, object]:
        values = {name: kept_remark(value) for name, value in self.values.items()}
        return {"code": self.code, "field": self.field, "values": values}

    @classmethod
    def restored(cls, text: str, parts: object) -> str:
        """Restores a remark of a text and its `parts`, or the text alone for unknown parts."""
        if not isinstance(parts, Mapping) or parts.get("code") not in MESSAGES:
            return text
        values = {
            name: restored_remark(value) if isinstance(value, dict) else value
            for name, value in parts.get("values", {}).items()
        }
        return cls._of(text, parts["code"], parts.get("field", ""), values)


def kept_remark(remark: Value) -> object:
    return {"text": str(remark), **remark.parts()} if isinstance(remark, Remark) else remark


def restored_remark(kept: object) -> str:
    return Remark.restored(str(kept["text"]), kept) if isinstance(kept, dict) else str(kept)
