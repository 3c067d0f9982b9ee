"""The tools. Each answers with a shape of the JSON API, and the same in Markdown."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Kind
from kb.registers.accounts import Account
from kb.registers.board.notice import NoticeState
from web.api.answers import SearchAnswer
from web.api.catalogue import CaseOut
from web.api.read import Like, Near, QueryText, Unlike, Within, WordingChoice
from web.api.routing import Department, PageLanguage, Theme
from web.api.schemas import ActorWithCases, CaseReference, Shape
from web.board.api import NewNotice, NoticeOut, content_of
from web.catalogue.records import as_seen_by, shown_competences
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.refusals import Refusal
from web.http.templating import Renderer
from web.http.urls import AbsoluteUrl, absolute_urls, address
from web.search.request import MAX_LIMIT, SearchRequest, steering_actors


@dataclass(frozen=True, slots=True)
class Caller:
    knowledge_base: KnowledgeBase
    renderer: Renderer
    site_name: str
    root: str
    find_account: Callable[[], Account | None]
    count_write: Callable[[Account], None] = lambda _account: None

    def absolute_url(self, language: Language) -> AbsoluteUrl:
        return absolute_urls(self.root, language)

    def text(self, template: str, language: Language, **context: object) -> str:
        rendered = self.renderer.render(
            f"mcp/{template}",
            language,
            absolute_url=self.absolute_url(language),
            address=address,
            **context,
        )
        return rendered.strip() + "\n"


class Arguments(BaseModel):
    """What a tool is called with. A name that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: PageLanguage = Field(
        default=DEFAULT_LANGUAGE,
        description="The language of the answer and of linked pages. Use that of the person.",
    )


class NeedArguments(Arguments):
    need: QueryText
    department: Department = ""
    theme: Theme = ""
    near: Near = ""
    within: Within = 0
    wording: WordingChoice = "on"

    @property
    def search(self) -> SearchRequest:
        worded = self.wording == "on"
        return SearchRequest(
            self.need, self.department, self.theme, self.near, self.within, worded=worded
        )


class SearchArguments(NeedArguments):
    kind: Kind | None = Field(
        default=None, description="Only organisations (`actor`), or only cases; by default, both."
    )
    like: Like
    unlike: Unlike
    limit: int = Field(
        default=10,
        ge=1,
        le=MAX_LIMIT,
        description="The maximum number of organisations, and of cases.",
    )


RecordId = Annotated[str, Field(min_length=1, max_length=500, examples=["avel"])]


class OrganisationArguments(Arguments):
    id: RecordId = Field(description="The organisation's id, as search gives it.")


class CaseArguments(Arguments):
    id: RecordId = Field(description="The case's id, as search gives it.")


def _some_of_search_answer(name: str, chosen: Collection[str]) -> type[Shape]:
    fields: dict[str, Any] = {
        field: (info.annotation, info)
        for field, info in SearchAnswer.model_fields.items()
        if field in chosen
    }
    return create_model(name, __base__=Shape, **fields)


# Who could take which part is most of an answer, and has a tool of its own.
_Hits = _some_of_search_answer("HitsAnswer", SearchAnswer.model_fields.keys() - {"roles"})
_Parts = _some_of_search_answer("PartsAnswer", {"query", "asked", "nothing_fits", "roles"})


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    shape: Shape
    text: str


@dataclass(frozen=True, slots=True)
class SiteTool:
    """A tool. `run` may block, and raises the errors of the knowledge base as they are."""

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    answers: type[Shape]
    run: Callable[[Caller, Any], ToolAnswer]
    changes_something: bool = False


def _search(caller: Caller, given: SearchArguments) -> ToolAnswer:
    steered = replace(given.search, like=tuple(given.like), unlike=tuple(given.unlike))
    asked, _ = steering_actors(caller.knowledge_base, steered)
    result = caller.knowledge_base.search(
        asked.q,
        limit=given.limit,
        filters=replace(asked.filters, kind=given.kind),
        lang=given.lang,
        steering=asked.steering,
    )
    found = SearchAnswer.of(result, asked.steering, caller.absolute_url(given.lang))
    text = caller.text("search.md", given.lang, result=result, asked=asked)
    return ToolAnswer(_Hits.read(found), text)


def _who_for_each_part(caller: Caller, given: NeedArguments) -> ToolAnswer:
    asked = given.search
    result = caller.knowledge_base.search(
        asked.q, filters=asked.filters, lang=given.lang, steering=asked.steering
    )
    found = SearchAnswer.of(result, asked.steering, caller.absolute_url(given.lang))
    text = caller.text("parts.md", given.lang, result=result, asked=asked)
    return ToolAnswer(_Parts.read(found), text)


def _organisation(caller: Caller, given: OrganisationArguments) -> ToolAnswer:
    base, url = caller.knowledge_base, caller.absolute_url(given.lang)
    found = base.actor(given.id)
    account = caller.find_account()
    shown = shown_competences(base, found.id, given.lang)
    shape = ActorWithCases.of(
        as_seen_by(found, account),
        url,
        cases=[CaseReference.of(part.case, part.participation, url) for part in shown],
    )
    text = caller.text("organisation.md", given.lang, actor=found, account=account, shown=shown)
    return ToolAnswer(shape, text)


def _case(caller: Caller, given: CaseArguments) -> ToolAnswer:
    base = caller.knowledge_base
    found = base.case(given.id)
    actors = base.actors_of([found])
    shape = CaseOut.of(found, actors, caller.absolute_url(given.lang))
    more = {"actors": actors, "translations": base.translations(found)}
    return ToolAnswer(shape, caller.text("case.md", given.lang, case=found, **more))


def _post_need(caller: Caller, given: NewNotice) -> ToolAnswer:
    account = caller.find_account()
    if account is None:
        raise Refusal(401, N_("To post a need, connect with a token of your account."))
    caller.count_write(account)
    content, notices = content_of(given), caller.knowledge_base.notices
    # A client that heard no answer asks again: what it posted waits already.
    waiting = notices.list([NoticeState.WAITING], owner=account.name)
    notice = next((each for each in waiting if each.content == content), None)
    notice = notice or notices.add(content, owner=account.name)
    language = Language(given.lang) if given.lang in set(Language) else DEFAULT_LANGUAGE
    shape = NoticeOut.with_answers(notice, [], caller.absolute_url(language))
    return ToolAnswer(shape, caller.text("notice.md", language, notice=notice))


TOOLS = {
    tool.name: tool
    for tool in (
        SiteTool(
            "search",
            "Qui sait faire ? – Who could meet this need?",
            "Finds organisations that could meet a need, by what they know how to do, and cases of "
            "how such needs were met. Write the need as the person did, in everyday French or "
            "English. Each hit has a fit, its evidence with the source, and the address of its "
            "page. `strong` and `possible` are worth a call; `weak` is a lead; `none` only fills "
            "the list. If nothing fits, say so.",
            SearchArguments,
            _Hits,
            _search,
        ),
        SiteTool(
            "who_for_each_part",
            "Qui pour chaque rôle ? – Who for each part?",
            "Says which parts meeting a need takes (manufacturing, materials, containers, testing, "
            "delivery…) and who could take each, based on cases of similar needs. Empty if no "
            "case is similar: then use search.",
            NeedArguments,
            _Parts,
            _who_for_each_part,
        ),
        SiteTool(
            "organisation",
            "Fiche d’une organisation – An organisation",
            "Describes an organisation: what it does by its own sources, the cases that it took "
            "part in, and the contacts that you may see.",
            OrganisationArguments,
            ActorWithCases,
            _organisation,
        ),
        SiteTool(
            "case",
            "Un cas – A case",
            "Gives the article about how a need was met, and who did what.",
            CaseArguments,
            CaseOut,
            _case,
        ),
        SiteTool(
            "post_need",
            "Déposer un besoin – Post a need",
            "Posts a need (or an offer: `flow`) in “Besoins et offres” (“Needs and offers”), in "
            "the name of the account of the token. It waits there until a moderator publishes "
            "it. Search first; post only if the person asks for it, and show them the words "
            "before. Give no contact of theirs unless they say so.",
            NewNotice,
            NoticeOut,
            _post_need,
            changes_something=True,
        ),
    )
}
