"""An article, assembled from what a page shows and what its file declares.

What is not certain stays empty, and a remark says so.
"""

from ingest.articles.article import Article
from ingest.articles.blocks import ParsedPage
from ingest.articles.metadata.author_cards import find_card
from ingest.articles.metadata.body import (
    end_at_colophon,
    leave_other_parts,
    leave_surroundings,
    markdown_of,
)
from ingest.articles.metadata.bylines import (
    find_byline,
    find_desk,
    find_job,
    find_signature,
)
from ingest.articles.metadata.findings import Findings
from ingest.articles.metadata.layout import Layout
from ingest.articles.metadata.notices import (
    find_dateline,
    take_hinted,
    take_notices,
    take_values_near_labels,
)
from ingest.articles.metadata.themes import find_themes
from ingest.articles.metadata.title import find_title
from kb.remarks import Remark


def article_of(page: ParsedPage) -> Article:
    """The article that a page shows; its text is empty when the page has none."""
    layout = Layout(page)
    findings = Findings(words=layout.words, remarks=list(page.remarks))
    findings.add_declared(page.declared)
    leave_other_parts(layout)
    end_at_colophon(layout)
    layout.find_bounds()
    find_card(layout, findings)
    find_title(layout, findings)
    layout.find_bounds()
    take_notices(layout, findings)
    take_values_near_labels(layout, findings)
    take_hinted(layout, findings)
    find_byline(layout, findings)
    find_dateline(layout, findings)
    find_themes(layout, findings)
    find_signature(layout, findings)
    find_desk(layout, findings)
    find_job(layout, findings)
    leave_surroundings(layout)
    text = markdown_of([line.block for line in layout.lines if line.is_body])
    return _article(page, layout, findings, text)


def _article(page: ParsedPage, layout: Layout, findings: Findings, text: str) -> Article:
    themes = findings.choose_themes()
    title = findings.fields["title"].value if "title" in findings.fields else ""
    if not title and text:
        findings.remark(Remark("no_certain_title", "title"))
    if not findings.certain_value("author"):
        findings.remark(Remark("no_certain_author", "author"))
    if not findings.certain_value("date") and not findings.certain_value("modified"):
        findings.remark(Remark("no_certain_date", "date"))
    return Article(
        title=title,
        text=text,
        author=findings.certain_person("author"),
        moderator=findings.certain_person("moderator"),
        date=findings.certain_value("date"),
        modified=findings.certain_value("modified"),
        moderated=findings.certain_value("moderated"),
        themes=themes,
        lang=layout.lang,
        source_url=page.source_url,
        found=tuple(findings.fields.values()),
        remarks=tuple(findings.remarks),
        page_text="\n\n".join(line.text for line in layout.lines),
    )
