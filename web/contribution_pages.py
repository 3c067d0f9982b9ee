"""The pages by which knowledge comes in: articles, links and directories, and what became of them."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from ingest.uploads import keep_upload, plain_name
from kb.editorial.accounts import Account, AccountRole
from kb.editorial.drafts import Draft, DraftState
from kb.errors import InputError
from web.accounts import AContributor, AForm
from web.addresses import Page, address
from web.dependencies import AVisit
from web.input_refusals import Told, told
from web.localisation import translations
from web.page_routes import PageRouter, see, text_of
from web.refusals import Refusal
from web.visit import Visit
from web.wording import N_

ARTICLE_ENDINGS = ".md,.markdown,.txt,.html,.htm,.pdf,.docx,.odt"
DIRECTORY_ENDINGS = ".csv,.tsv,.xlsx,.ods,.json,.jsonl,.ndjson,.parquet"

MAX_FILES = 20
MAX_READ_AT_ONCE = 3
"""More files than these are read in the background."""

MEGABYTE = 1_000_000

_NO_TEXT = N_("Paste the text of an article.")
_NO_FILE = N_("Choose a file first.")
_NO_LINK = N_("Give the address of a page or of a feed. It begins with http:// or https://.")
_NO_SOURCE = N_("Say where this directory comes from, such as the name of who keeps it.")
_TOO_MANY = N_("At most 20 files at once.")
_KNOWN = N_("This text has been contributed before, by somebody else: it is in good hands.")

router = PageRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one file: the draft it is now, or why it is none."""

    name: str
    draft: Draft | None = None
    problem: Told | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person filled in, and what is wrong with it by name of a field."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Told] = field(default_factory=dict)
    lines: Sequence[Line] = ()


@router.shows(Page.CONTRIBUTE)
def contribute_page(visit: AVisit) -> Response:
    return _page(visit, Asked())


@router.takes(Page.CONTRIBUTE)
def contribute(visit: AVisit, account: AContributor, form: AForm) -> Response:
    takers = {"text": _text, "files": _files, "link": _link, "directory": _directory}
    taker = takers.get(text_of(form, "do"))
    if taker is None:
        raise Refusal(400, N_("This form asks for something that this page does not do."))
    return taker(visit, account, form)


@router.shows(Page.CONTRIBUTIONS)
def contributions(visit: AVisit, account: AContributor, done: str = "") -> Response:
    return visit.page(
        "contributions.html",
        here=address(Page.CONTRIBUTIONS),
        drafts=visit.knowledge_base.drafts.list(list(DraftState), by=account.name),
        done=done,
    )


def _page(visit: Visit, asked: Asked) -> Response:
    return visit.page(
        "contribute.html",
        here=address(Page.CONTRIBUTE),
        status_code=400 if asked.errors else 200,
        values=asked.values,
        errors=asked.errors,
        lines=asked.lines,
        article_endings=ARTICLE_ENDINGS,
        directory_endings=DIRECTORY_ENDINGS,
        max_article_mb=visit.settings.max_article_mb,
        max_directory_mb=visit.settings.max_directory_mb,
    )


def _refused(visit: Visit, form: FormData, name: str, problem: Told | str) -> Response:
    values = {key: value for key, value in form.items() if isinstance(value, str)}
    if isinstance(problem, str):
        problem = Told(translations(visit.language).gettext(problem))
    return _page(visit, Asked(values, {name: problem}))


# Articles


def _text(visit: Visit, account: Account, form: FormData) -> Response:
    title, text = text_of(form, "title").strip(), text_of(form, "text").strip()
    if not text:
        return _refused(visit, form, "text", _NO_TEXT)
    content = f"{title}\n\n{text}" if title else text
    line = _read(visit, account, "pasted.txt", content.encode(), origin="pasted")
    if line.problem:
        return _refused(visit, form, "text", line.problem)
    return _see_draft(visit, line)


def _files(visit: Visit, account: Account, form: FormData) -> Response:
    files = _chosen(form, "files")
    if not files:
        return _refused(visit, form, "files", _NO_FILE)
    if len(files) > MAX_FILES:
        return _refused(visit, form, "files", _TOO_MANY)
    lines = [_read_upload(visit, account, file) for file in files]
    if len(lines) == 1:
        line = lines[0]
        if line.problem:
            return _refused(visit, form, "files", line.problem)
        return _see_draft(visit, line)
    return _page(visit, Asked(lines=lines))


def _read_upload(visit: Visit, account: Account, file: UploadFile) -> Line:
    name = plain_name(file.filename or "")
    limit_mb = visit.settings.max_article_mb
    content = file.file.read(limit_mb * MEGABYTE + 1)
    if len(content) > limit_mb * MEGABYTE:
        problem = InputError(f"has more than {limit_mb} MB")
        return Line(name, problem=told(problem, visit.language))
    return _read(visit, account, name, content, origin=name)


def _read(visit: Visit, account: Account, name: str, content: bytes, *, origin: str) -> Line:
    """Reads an article out of a file's content, and makes a draft of it."""
    from ingest.article_readers import read_article
    from ingest.drafting import draft_article

    base = visit.knowledge_base
    origin_hash = hashlib.sha256(content).hexdigest()
    known = base.drafts.with_origin(origin_hash)
    if known:
        return _known_line(visit, account, name, known)
    try:
        with tempfile.TemporaryDirectory(prefix="quisait-") as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            article = read_article(path)
        draft = draft_article(
            base,
            article,
            origin=origin,
            origin_hash=origin_hash,
            by=account.name,
            submitted=False,
        )
    except InputError as error:
        return Line(name, problem=told(error, visit.language))
    return Line(name, draft)


def _known_line(visit: Visit, account: Account, name: str, known: Draft) -> Line:
    if known.created_by == account.name or account.role.may(AccountRole.MODERATOR):
        return Line(name, known)
    return Line(name, problem=Told(translations(visit.language).gettext(_KNOWN)))


def _see_draft(visit: Visit, line: Line) -> Response:
    assert line.draft is not None  # noqa: S101 (the caller looked)
    is_new = line.draft.revision == 1 and line.draft.state is DraftState.DRAFT
    done = "contributed" if is_new else "known"
    return see(visit, address(Page.DRAFT, line.draft.id, done=done))


def _link(visit: Visit, account: Account, form: FormData) -> Response:
    raise NotImplementedError


# Directories


def _directory(visit: Visit, account: Account, form: FormData) -> Response:
    files = _chosen(form, "directory")
    if not files:
        return _refused(visit, form, "directory", _NO_FILE)
    source = " ".join(text_of(form, "source").split())
    if not source:
        return _refused(visit, form, "source", _NO_SOURCE)
    try:
        path = keep_upload(
            visit.knowledge_base.folder,
            files[0].filename or "",
            files[0].file,
            max_bytes=visit.settings.max_directory_mb * MEGABYTE,
        )
    except InputError as error:
        return _refused(visit, form, "directory", told(error, visit.language))
    return see(visit, address(Page.DIRECTORY, path.parent.name, source=source))


def _chosen(form: FormData, name: str) -> list[UploadFile]:
    """The files of a field; a browser sends one without a name where none was chosen."""
    files = [one for one in form.getlist(name) if isinstance(one, UploadFile)]
    return [one for one in files if one.filename]
