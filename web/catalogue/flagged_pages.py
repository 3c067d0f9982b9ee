"""The pages that flags are about, with their titles."""

from dataclasses import dataclass

from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers.holders.flags import Flag, FlaggedKind
from web.http.urls import Address, Page, address


@dataclass(frozen=True, slots=True)
class FlaggedPage:
    """A page with its title, in the language `lang`. `page` is None where it is gone."""

    title: str
    lang: str
    page: Address | None


def flagged_page(base: KnowledgeBase, kind: str, id: str) -> FlaggedPage:
    """Returns the page of a record that everybody may see.

    Raises:
        UnknownRecord: there is none.
    """
    if kind == FlaggedKind.ACTOR:
        return FlaggedPage(base.actor(id).name, "", address(Page.ACTOR, id))
    if kind == FlaggedKind.CASE:
        case = base.case(id)
        return FlaggedPage(case.title, case.lang, address(Page.CASE, id))
    if kind == FlaggedKind.NOTICE and (notice := base.notices.get(id)).is_public:
        return FlaggedPage(notice.content.title, notice.content.lang, address(Page.NOTICE, id))
    raise UnknownRecord(f"There is no page of {kind!r} with the id {id!r}.")


def page_of_flag(base: KnowledgeBase, flag: Flag) -> FlaggedPage:
    """Returns what a flag is about; its id stands for the title of what is gone."""
    try:
        return flagged_page(base, flag.kind, flag.record_id)
    except UnknownRecord:
        return FlaggedPage(flag.record_id, "", None)
