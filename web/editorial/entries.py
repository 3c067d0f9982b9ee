"""The entries of participants that have none: begun with what a case says, and linked."""

from dataclasses import dataclass, replace
from itertools import chain, count
from typing import cast

from ingest.extraction.gazetteer import town_of
from ingest.records.fields import folded
from kb.errors import EditConflict
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind
from kb.reference.roles import ROLES
from kb.registers.drafts import OPEN_STATES, Draft
from web.http.urls import Address, Page, address


@dataclass(frozen=True, slots=True)
class UnlistedParticipant:
    """A participant, by its name in a case: in a draft, or as published if `draft` is None."""

    name: str
    case: Case
    draft: Draft | None = None

    @property
    def page(self) -> Address:
        if self.draft is not None:
            return address(Page.DRAFT, self.draft.id, done="linked")
        return address(Page.CASE, self.case.id, done="linked")

    def entry(self, case_url: str) -> Actor:
        """The entry that a person completes, with what is proposed too."""
        parts = list(self.case.participants)
        if self.draft is not None:
            parts += [one.participation for one in self.draft.proposals.participations]
        own = [part for part in parts if self._is(part.name) and ROLES[part.role].is_know_how]
        said = dict.fromkeys(_as_sentence(part.contribution) for part in own if part.contribution)
        return Actor(
            id="",
            name=self.name,
            description="\n".join(said),
            place=town_of(self.name, [self.case.text]),
            lang=self.case.lang,
            source_url=self.case.source_url or case_url,
        )

    def link(self, base: KnowledgeBase, actor_id: str, *, by: str) -> None:
        """Links the participants of this name to an actor; not if others change them meanwhile."""
        participants = tuple(
            replace(part, actor_id=actor_id) if self._is(part.name) else part
            for part in self.case.participants
        )
        linked = replace(self.case, participants=participants)
        if self.draft is None:
            base.put([linked], by=by)
        elif self.draft.state in OPEN_STATES and linked != self.case:
            try:
                base.drafts.save(self.draft.id, linked, by=by, revision=self.draft.revision)
            except EditConflict:
                draft = base.drafts.get(self.draft.id)
                case = cast("Case", draft.record)
                replace(self, draft=draft, case=case).link(base, actor_id, by=by)

    def _is(self, name: str) -> bool:
        return folded(name) == folded(self.name)


def _as_sentence(words: str) -> str:
    sentence = f"{words[:1].upper()}{words[1:]}"
    return sentence if sentence.endswith((".", "…", "!", "?")) else f"{sentence}."


def free_id(base: KnowledgeBase, wished: str) -> str:
    drafts = base.drafts.list()
    taken = base.ids(Kind.ACTOR) | {one.record.id for one in drafts if one.kind is Kind.ACTOR}

    def is_free(id_: str) -> bool:
        had = base.history(Kind.ACTOR, id_) or base.withdrawal(Kind.ACTOR, id_)
        return not (id_ in taken or had)

    return next(filter(is_free, chain([wished], (f"{wished}-{number}" for number in count(2)))))
