"""What the script of maps loads: Leaflet as it is installed, the outlines, and suggested towns."""

import json
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from kb.reference.communes import communes_beginning
from kb.reference.departments import NAMES
from kb.reference.outlines import outlines

LEAFLET_FILES = {
    f"leaflet/{name}": Path(str(files("xstatic.pkg.leaflet"))) / "data" / name
    for name in ("leaflet.js", "leaflet.css")
}
"""The files of Leaflet that are served, by their name among the static files."""

SUGGESTED = 8
"""How many towns are suggested at most."""

_OUTLINES = "/maps/outlines.json"

router = APIRouter(include_in_schema=False)


@cache
def outlines_json() -> bytes:
    """The outlines of the departments as GeoJSON, each with its code and name."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": NAMES[code]},
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [[[*ring, ring[0]]] for ring in rings],
            },
        }
        for code, rings in outlines().items()
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def outlines_url() -> str:
    """The address of `outlines_json`, which changes with its content."""
    return f"{_OUTLINES}?v={sha256(outlines_json()).hexdigest()[:12]}"


@router.get(_OUTLINES)
def outlines_file() -> Response:
    return Response(
        outlines_json(),
        media_type="application/geo+json",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@router.get("/maps/towns.json")
def towns(q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Returns the labels of towns that begin as `q` does, largest first."""
    labels = [commune.label for commune in communes_beginning(q, SUGGESTED)]
    return JSONResponse(labels, headers={"Cache-Control": "public, max-age=86400"})
