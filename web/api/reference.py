"""The API reference as a page of our own, read from the OpenAPI document.

Server-rendered, so that it needs no script and asks nothing of a third party.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.http.dependencies import APageRequest
from web.http.i18n import Language

Schema = Mapping[str, Any]

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """A parameter or a field: `type_words` is its type in words, `shape` what it is made of."""

    name: str
    type_words: str
    shape: str
    required: bool
    description: str
    example: str


@dataclass(frozen=True, slots=True)
class AnswerDescription:
    """An answer of an operation: a status and its shape."""

    status: str
    description: str
    shape: str


@dataclass(frozen=True, slots=True)
class BodyDescription:
    """The body of an operation: a shape, or fields of its own."""

    media_type: str
    shape: str
    fields: list[FieldDescription]


@dataclass(frozen=True, slots=True)
class OperationDescription:
    """One method of one path."""

    method: str
    path: str
    summary: str
    description: str
    parameters: list[FieldDescription]
    bodies: list[BodyDescription]
    answers: list[AnswerDescription]


@dataclass(frozen=True, slots=True)
class ShapeDescription:
    """A JSON object that answers are made of."""

    name: str
    description: str
    fields: list[FieldDescription]


@router.api_route("/api/docs", methods=["GET", "HEAD"])
def api_reference(request: APageRequest) -> Response:
    document = request.http.app.openapi()
    return request.page(
        "api/reference.html",
        language=Language.EN,
        description=document["info"]["description"],
        operations=list(operations(document)),
        shapes=list(shapes(document)),
    )


def operations(document: Schema) -> Iterator[OperationDescription]:
    """Returns the operations in the document's order."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield OperationDescription(
                method=method.upper(),
                path=path,
                summary=operation["summary"],
                description=operation.get("description", ""),
                parameters=[
                    _field(parameter["name"], parameter["schema"], parameter["required"], schemas)
                    for parameter in operation.get("parameters", ())
                ],
                bodies=[
                    BodyDescription(
                        media_type,
                        _shape_name(body["schema"]),
                        _fields(body["schema"], schemas),
                    )
                    for media_type, body in operation.get("requestBody", {})
                    .get("content", {})
                    .items()
                ],
                answers=[
                    AnswerDescription(
                        status,
                        answer["description"],
                        _shape_of(answer),
                    )
                    for status, answer in sorted(operation["responses"].items())
                ],
            )


def shapes(document: Schema) -> Iterator[ShapeDescription]:
    """Returns the shapes with fields; lists of values are described where they are used."""
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if "properties" in schema:
            yield ShapeDescription(name, schema.get("description", ""), _fields(schema, schemas))


def _fields(schema: Schema, schemas: Schema) -> list[FieldDescription]:
    """Returns the fields that a schema has itself."""
    return [
        _field(field, field_schema, field in schema.get("required", ()), schemas)
        for field, field_schema in schema.get("properties", {}).items()
    ]


def _field(name: str, schema: Schema, required: bool, schemas: Schema) -> FieldDescription:
    example = next(iter(schema.get("examples", ())), None)
    return FieldDescription(
        name=name,
        type_words=_type_words(schema, schemas),
        shape=_shape_name(schema),
        required=required,
        description=schema.get("description", ""),
        example="" if example is None else json.dumps(example, ensure_ascii=False),
    )


def _shape_of(answer: Schema) -> str:
    """Returns the name of an answer's shape, empty if it has none."""
    content = answer.get("content", {}).get("application/json")
    return _shape_name(content["schema"]) if content else ""


def _shape_name(schema: Schema) -> str:
    """Returns the name of the shape that a schema is, holds or may be; empty for plain values."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "items" in schema:
        return _shape_name(schema["items"])
    return next(filter(None, map(_shape_name, schema.get("anyOf", ()))), "")


def _type_words(schema: Schema, schemas: Schema) -> str:
    """A type as a reader says it: "integer from 1 to 100", "list of Evidence", "actor or case"."""

    def words(inner: Schema) -> str:
        return _type_words(inner, schemas)

    match schema:
        case {"$ref": _}:
            name = _shape_name(schema)
            type_words = " or ".join(schemas[name].get("enum", [name]))
        case {"anyOf": alternatives}:
            type_words = " or ".join(map(words, alternatives))
        case {"prefixItems": items}:
            type_words = f"[{', '.join(map(words, items))}]"
        case {"type": "array", "items": item}:
            type_words = f"list of {words(item)}"
        case {"type": "object", "additionalProperties": value}:
            type_words = f"object of {words(value)}"
        case {"type": name, "minimum": least, "maximum": most}:
            type_words = f"{name} from {least} to {most}"
        case _:
            type_words = schema["type"]
    return type_words
