"""Gives the API's shapes the fields of records, so that a new field is in all of them."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, create_model

from kb.reference.fields import LIST_KINDS, FieldKind, FieldTraits
from web.http.urls import web_link

AnyShape = TypeVar("AnyShape", bound=BaseModel)

_TYPES: Mapping[FieldKind, Any] = {
    **dict.fromkeys(LIST_KINDS, list[str]),
    FieldKind.FACTS: dict[str, str],
}
_ANSWERED_TYPES: Mapping[FieldKind, Any] = {
    **_TYPES,
    FieldKind.WEB_ADDRESS: Annotated[str, AfterValidator(web_link)],
}
_MEANINGS: Mapping[str, str] = MappingProxyType({})


def with_fields(
    fields: Mapping[str, FieldTraits],
    *,
    is_sent: bool = False,
    meanings: Mapping[str, str] = _MEANINGS,
) -> Callable[[type[AnyShape]], type[AnyShape]]:
    """Gives a shape these fields.

    Args:
        fields: what they are.
        is_sent: whether the shape is sent to the API; what is not required may then be left out.
        meanings: what the documentation says of some, by name, in the place of the table's words.
    """

    def decorate(shape: type[AnyShape]) -> type[AnyShape]:
        kind_types = _TYPES if is_sent else _ANSWERED_TYPES
        types: dict[str, Any] = {
            name: (
                kind_types.get(traits.kind, str),
                _field(traits, meanings.get(name, traits.meaning), is_sent),
            )
            for name, traits in fields.items()
        }
        return create_model(
            shape.__name__,
            __base__=shape,
            __module__=shape.__module__,
            __doc__=shape.__doc__,
            **types,
        )

    return decorate


def _field(traits: FieldTraits, meaning: str, is_sent: bool) -> Any:
    example: Any = [traits.example] if traits.kind in LIST_KINDS else traits.example
    options: dict[str, Any] = {"description": meaning} if meaning else {}
    if traits.example:
        options["examples"] = [example]
    if is_sent and not traits.required:
        options["default"] = _TYPES.get(traits.kind, str)()
    return Field(**options)


def without(fields: Mapping[str, FieldTraits], names: Collection[str]) -> Mapping[str, FieldTraits]:
    """Returns the fields but those of these names."""
    return {name: traits for name, traits in fields.items() if name not in names}
