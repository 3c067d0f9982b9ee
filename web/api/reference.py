"""The API reference as a page without scripts, read from the OpenAPI document."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.http.i18n import Language
from web.http.routing import APageRequest

Schema = Mapping[str, Any]
router = APIRouter(include_in_schema=False)


@router.api_route("/api/docs", methods=["GET", "HEAD"])
def api_reference(request: APageRequest) -> Response:
    document = request.http.app.openapi()
    schemas = document["components"]["schemas"]
    return request.page(
        "api/reference.html",
        language=Language.EN,
        document=document,
        shapes=shapes(schemas),
        shape_of=shape_of,
        as_json=partial(json.dumps, ensure_ascii=False),
        type_words=partial(type_words, schemas=schemas),
    )


def shapes(schemas: Schema) -> Schema:
    return {
        name: schema
        for name, schema in schemas.items()
        if "properties" in schema and "description" in schema
    }


def shape_of(schema: Schema) -> str:
    """Returns the name of the shape that a schema is, holds or may be; empty for plain values."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "items" in schema:
        return shape_of(schema["items"])
    return next(filter(None, map(shape_of, schema.get("anyOf", ()))), "")


def type_words(schema: Schema, schemas: Schema) -> str:
    """Returns a type in words: "integer from 1 to 100", "list of Evidence", "actor or case"."""

    def words(inner: Schema) -> str:
        return type_words(inner, schemas)

    match schema:
        case {"$ref": _}:
            name = shape_of(schema)
            told = " or ".join(schemas[name].get("enum", [name]))
        case {"anyOf": alternatives}:
            told = " or ".join(map(words, alternatives))
        case {"prefixItems": items}:
            told = f"[{', '.join(map(words, items))}]"
        case {"type": "array", "items": item}:
            told = f"list of {words(item)}"
        case {"type": "object", "additionalProperties": value}:
            told = f"object of {words(value)}"
        case {"enum": values}:
            told = " or ".join(values)
        case {"type": name, "minimum": least, "maximum": most}:
            told = f"{name} from {least} to {most}"
        case _:
            told = str(schema["type"])
    return told
