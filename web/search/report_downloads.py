"""Reports as files to download, each signed by the site's secret."""

import hmac
from dataclasses import replace

from fastapi import HTTPException

from kb.explanation.report import SearchReport
from kb.explanation.report_files import ReportFormat, as_csv, as_json, signature
from kb.explanation.signature import Signature
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from web.http.security.secret import NoSecret, site_secret

MEDIA_TYPES = {ReportFormat.JSON: "application/json", ReportFormat.CSV: "text/csv; charset=utf-8"}


class ReportHasChanged(HTTPException):
    """The report cannot be made again: it would not be the same."""

    def __init__(self) -> None:
        super().__init__(
            409, "The base, or the program, has changed since this report: make it anew."
        )


def signature_of(
    report: SearchReport, settings: Settings, knowledge_base: KnowledgeBase
) -> Signature | None:
    """Returns the signature of a report; None if there is no secret to sign with."""
    try:
        return signature(report, site_secret(settings, knowledge_base))
    except NoSecret:
        return None


def report_file(
    report: SearchReport,
    format: ReportFormat,
    key: str,
    *,
    lang: str,
    at: str = "",
    seal: str = "",
) -> bytes:
    """The file of a report; of the one that was made `at` a time, if its HMAC was this `seal`.

    So the files that a page offers say what it says, to the second, and nobody can have one of a
    time that they made up. `lang` is that of the spreadsheets that a CSV is for.

    Raises:
        ReportHasChanged: that one cannot be had any more.
    """
    if at or seal:
        report = replace(report, at=at)
        if not hmac.compare_digest(signature(report, key).hmac.encode(), seal.encode()):
            raise ReportHasChanged
    return as_json(report, key) if format is ReportFormat.JSON else as_csv(report, key, lang)
