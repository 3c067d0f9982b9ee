"""Sheets of OpenDocument, as any program may write them."""

import zipfile
from pathlib import Path

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)
MIME = "application/vnd.oasis.opendocument.spreadsheet"


def ods(path: Path, rows: str, prolog: str = "", *, header: bool = True) -> Path:
    """A sheet of these rows, below the header "nom", "ville" or without."""
    above = row(cell("nom"), cell("ville")) if header else ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MIME)
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{prolog}<office:document-content {NAMES} office:version="1.2">'
            '<office:body><office:spreadsheet><table:table table:name="A">'
            f"{above}{rows}"
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<m:file-entry m:full-path="/" m:media-type="{MIME}"/></m:manifest>',
        )
    return path


def cell(text: str = "", times: int = 1) -> str:
    repeated = f' table:number-columns-repeated="{times}"'
    if not text:
        return f"<table:table-cell{repeated}/>"
    return (
        f'<table:table-cell office:value-type="string"{repeated}>'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def row(*cells: str, times: int = 1) -> str:
    return (
        f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'
    )
