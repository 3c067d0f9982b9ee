"""Routes of pages in all languages, and what pages with forms share."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, params
from starlette.responses import RedirectResponse, Response

from kb.explanation.report_files import CsvLayout
from kb.models import Kind
from web.http.i18n import Language
from web.http.request import PageRequest
from web.http.security.sessions import sessions_of
from web.http.urls import PATTERNS, Address, Page

Handler = TypeVar("Handler", bound=Callable[..., object])


class PageRouter(APIRouter):
    def __init__(self) -> None:
        super().__init__(include_in_schema=False)

    def shows(
        self, page: Page, dependencies: Sequence[params.Depends] = ()
    ) -> Callable[[Handler], Handler]:
        return self._routes(page, ["GET", "HEAD"], dependencies)

    def takes(self, page: Page) -> Callable[[Handler], Handler]:
        return self._routes(page, ["POST"])

    def _routes(
        self, page: Page, methods: list[str], dependencies: Sequence[params.Depends] = ()
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            for path in PATTERNS[page].values():
                self.add_api_route(
                    path,
                    handler,
                    methods=methods,
                    name=page,
                    dependencies=dependencies,
                    response_model=None,
                )
            return handler

        return register


async def _record_kind(request: Request) -> Kind:
    return Kind(request.scope["route"].name.partition("_")[0])


AKind = Annotated[Kind, Depends(_record_kind)]


def see(request: PageRequest, target: Address | str, element_id: str = "") -> Response:
    """Redirects after a form to a page or a path of this site, and to an element."""
    path = target if isinstance(target, str) else target.path(request.language)
    response = RedirectResponse(f"{path}#{element_id}" if element_id else path, 303)
    sessions_of(request.http).keep(request.http, response)
    return response


def text_of(form: Mapping[str, object], name: str) -> str:
    """Returns the text of a field, empty if it is missing or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def number_in(form: Mapping[str, object], name: str) -> int:
    value = text_of(form, name)
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0


def csv_answer(
    name: str, titles: Iterable[str], rows: Iterable[Sequence[str | int]], language: Language
) -> Response:
    """Answers a table as a CSV file that spreadsheets of the language read, without formulas."""
    written, layout = io.StringIO(), CsvLayout.of(language)
    writer = csv.writer(written, delimiter=layout.delimiter)
    writer.writerow(titles)
    writer.writerows(map(layout.cell, row) for row in rows)
    return Response(
        written.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
