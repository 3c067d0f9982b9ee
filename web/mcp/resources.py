"""The resources: organisations and cases as Markdown, by their URI."""

from mcp.shared.uri_template import UriTemplate

from web.http.i18n import Language
from web.mcp.caller import Caller
from web.mcp.tools import TOOLS

MARKDOWN = "text/markdown"

TEMPLATES = {
    "organisation": UriTemplate.parse("quisait://{lang}/organisations/{id}"),
    "case": UriTemplate.parse("quisait://{lang}/cases/{id}"),
}
"""The URIs of records, by the tool that gives the same record."""

DESCRIPTIONS = {
    "organisation": "An organisation: competences, cases, contacts. `lang` is fr or en.",
    "case": "An article about how a need was met, and who did what. `lang` is fr or en.",
}


def read_record(caller: Caller, uri: str) -> str | None:
    """Returns the record of a URI as Markdown; None if it is no URI of a record.

    Raises:
        UnknownRecord: there is no such record; `WithdrawnRecord` if there was one.
    """
    for name, template in TEMPLATES.items():
        found = template.match(uri)
        if found and found["lang"] in set(Language):
            tool = TOOLS[name]
            return tool.run(caller, tool.arguments.model_validate(found)).text
    return None
