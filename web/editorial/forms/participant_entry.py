"""The entry of a participant that has none: filled in with what the article says, and linked."""

from dataclasses import dataclass, replace
from typing import cast

from ingest.extraction.whereabouts import town_of
from ingest.records.fields import folded
from kb.errors import EditConflict
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case
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
        """The page that it is mentioned on."""
        if self.draft is not None:
            return address(Page.DRAFT, self.draft.id, done="linked")
        return address(Page.CASE, self.case.id, done="linked")

    def entry(self, case_url: str) -> Actor:
        """What the article says of it, as an entry without an id; `case_url` names the article."""
        parts = list(self.case.participants)
        if self.draft is not None:
            parts += [one.participation for one in self.draft.proposals.participations]
        said = [
            part.contribution
            for part in parts
            if self._is(part.name) and ROLES[part.role].is_know_how
        ]
        return Actor(
            id="",
            name=self.name,
            description="\n".join(dict.fromkeys(_as_sentence(words) for words in said if words)),
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
        elif self.draft.state in OPEN_STATES:
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
