"""Values as plain JSON and back to the shape that is expected, or to an error."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import EnumType
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from kb.errors import InputError
from kb.messages import MESSAGES
from kb.remarks import Remark, kept_remark, restored_remark

Shape = TypeVar("Shape")


class Misshapen(ValueError):
    """A value has not the shape that was expected."""


def plain(value: object) -> object:
    """Returns a value as JSON has it: a data class as the list of its fields, in their order."""
    if type(value) is str:  # a table has millions
        return value
    if isinstance(value, Remark):
        return kept_remark(value)
    if is_dataclass(value):
        return [plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"no plain form: {type(value)}")


def shaped(value: object, shape: type[Shape]) -> Shape:
    return cast("Shape", _shaped(value, shape))


def refusal(parts: object, known: Mapping[str, type[InputError]]) -> InputError:
    """Returns an error as its process raised it; `known` are the classes that it may be of."""
    match parts:
        case [str(kind), {"text": str(), **remark}] if kind in known and _is_remark(remark):
            try:
                return known[kind](
                    cast("str", remark["code"]),
                    cast("str", remark["field"]),
                    **cast("Mapping[str, Any]", remark["values"]),
                )
            except (KeyError, TypeError):  # values that its message has not, or names like ours
                raise Misshapen from None
    raise Misshapen


def _shaped(value: object, shape: Any) -> object:
    if is_dataclass(shape):
        hints = _hints(cast("type", shape))
        if not isinstance(value, list) or len(value) != len(hints):
            raise Misshapen
        made: object = cast("type", shape)(*map(_shaped, value, hints))
    elif get_origin(shape) is UnionType:  # one shape or None
        (other,) = set(get_args(shape)) - {NoneType}
        made = None if value is None else _shaped(value, other)
    elif get_origin(shape) in {tuple, list, Sequence}:
        if not isinstance(value, list):
            raise Misshapen
        items = [_shaped(item, get_args(shape)[0]) for item in value]
        made = items if get_origin(shape) is list else tuple(items)
    elif shape is str and isinstance(value, dict):
        text = value.get("text")
        if not isinstance(text, str) or not _is_remark(value):
            raise Misshapen
        made = restored_remark(value)
    elif isinstance(shape, EnumType) or (shape is bytes and isinstance(value, str)):
        try:
            made = shape(value) if isinstance(shape, EnumType) else bytes.fromhex(str(value))
        except ValueError:
            raise Misshapen from None
    elif type(value) is shape or (shape is float and type(value) is int):
        made = value
    else:
        raise Misshapen
    return made


def _is_remark(parts: object, *, is_inner: bool = False) -> bool:
    if not isinstance(parts, dict):
        return False
    values = parts.get("values")
    return (
        parts.get("code") in MESSAGES
        and isinstance(parts.get("field"), str)
        and isinstance(values, dict)
        and all(
            type(value) in {str, int} or (not is_inner and _is_remark(value, is_inner=True))
            for value in values.values()
        )
    )


@cache
def _hints(shape: type) -> tuple[Any, ...]:
    hints = get_type_hints(shape)
    return tuple(hints[field.name] for field in fields(shape))
