"""The participations in a form, those that are suggested, and participants without an entry."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import chain
from typing import Self, cast

from ingest.extraction.whereabouts import town_of
from ingest.records.fields import MAX_LINE_CHARS, folded, one_line, web_address
from kb.errors import EditConflict, InputError
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor, Case, Participation
from kb.reference.fields import FieldKind
from kb.reference.roles import ROLES, Role
from kb.registers.drafts import OPEN_STATES, Draft, ProposedParticipation
from web.editorial.forms.cleaning import FieldCleaner, why_wrong
from web.http.urls import Address, Page, address

_UNKNOWN_ACTOR = N_(
    "No organisation has this name or identifier. Leave it empty if it has no entry."
)
_NO_ROLE = N_("Choose a role.")


@dataclass(frozen=True, slots=True)
class ParticipationRow:
    """A participation as it is typed. `proposal` is the number of the proposal behind it, or -1.

    A row that is not `kept` stays in the form and out of the record.
    """

    name: str = ""
    role: str = ""
    actor_id: str = ""
    contribution: str = ""
    source_url: str = ""
    kept: bool = True
    proposal: int = -1

    @property
    def is_blank(self) -> bool:
        return not (self.name or self.actor_id or self.contribution or self.source_url)


def row_of(participation: Participation, proposal: int) -> ParticipationRow:
    """Returns the row of a participation, which came from the proposal of this number, or -1."""
    return ParticipationRow(**asdict(participation), proposal=proposal)


def proposal_of(participation: Participation, unused: Mapping[int, ProposedParticipation]) -> int:
    """The number of the proposal that a participation was most likely made from, or -1."""

    def likeness(proposed: Participation) -> int:
        if proposed == participation:
            return 4
        same_name = folded(proposed.name) == folded(participation.name)
        same_actor = bool(participation.actor_id) and proposed.actor_id == participation.actor_id
        return (same_name or same_actor) * (2 + (proposed.role is participation.role))

    best = max(unused, key=lambda number: likeness(unused[number].participation), default=-1)
    return best if best >= 0 and likeness(unused[best].participation) else -1


def sent_row(form: Mapping[str, object], number: int) -> ParticipationRow:
    """A row of a form as somebody filled it in."""
    names = [*(field.name for field in fields(Participation)), "keep", "proposal"]
    typed = {name: str(form.get(f"{name}-{number}", "")) for name in names}
    kept, proposal = bool(typed.pop("keep")), typed.pop("proposal")
    proposal_number = int(proposal) if proposal.isdecimal() else -1
    return ParticipationRow(**typed, kept=kept, proposal=proposal_number)


def participation_from(
    row: ParticipationRow, number: int, errors: dict[str, str], actor_named: Callable[[str], str]
) -> Participation:
    values = {
        f"{name}-{number}": getattr(row, name)
        for name in ("name", "actor_id", "contribution", "source_url")
    }
    clean = FieldCleaner(values, errors)
    given = clean(f"actor_id-{number}", one_line)
    actor_id = actor_named(given) if given else ""
    if given and not actor_id:
        errors[f"actor_id-{number}"] = _UNKNOWN_ACTOR
    if row.role not in set(Role):
        errors[f"role-{number}"] = _NO_ROLE
    source = f"source_url-{number}"
    try:
        source_url = web_address(row.source_url, source)
    except InputError:
        errors[source], source_url = why_wrong(FieldKind.WEB_ADDRESS), ""
    return Participation(
        name=clean(f"name-{number}", one_line, required=True, max_chars=MAX_LINE_CHARS),
        role=Role(row.role) if row.role in set(Role) else Role.PRODUCER,
        actor_id=actor_id,
        contribution=clean(f"contribution-{number}", one_line),
        source_url=source_url,
    )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An organisation that may have taken part: the numbers of its rows in the form, surest first.

    It has a row for each role.
    """

    name: str
    actor_id: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Rows of a form that are not kept, and come from proposals.

    `organisations` are those that take no part yet, surest first. `also` has the further roles of
    those that do, by the number of their first row.
    """

    organisations: Sequence[Suggestion]
    also: Mapping[int, Sequence[int]]

    @property
    def waiting(self) -> frozenset[int]:
        """The numbers of all rows that are not kept and come from proposals."""
        groups = [*(organisation.rows for organisation in self.organisations), *self.also.values()]
        return frozenset(chain.from_iterable(groups))

    @classmethod
    def of(
        cls, rows: Sequence[ParticipationRow], proposals: Sequence[ProposedParticipation]
    ) -> Self:
        kept: dict[str, int] = {}
        for number, row in enumerate(rows):
            if not is_suggested(row, proposals):
                for key in _keys(row):
                    kept.setdefault(key, number)
        waiting: dict[str, list[int]] = {}
        also: dict[int, list[int]] = defaultdict(list)
        by_confidence = sorted(
            (number for number, row in enumerate(rows) if is_suggested(row, proposals)),
            key=lambda number: -proposals[rows[number].proposal].confidence,
        )
        for number in by_confidence:
            keys = _keys(rows[number])
            if taken := [kept[key] for key in keys if key in kept]:
                also[min(taken)].append(number)
                continue
            group = next((waiting[key] for key in keys if key in waiting), [])
            group.append(number)
            waiting |= dict.fromkeys(keys, group)
        groups = {id(group): group for group in waiting.values()}.values()
        return cls([_suggestion(rows, group) for group in groups], also)


def is_suggested(row: ParticipationRow, proposals: Sequence[ProposedParticipation]) -> bool:
    """Whether a row only stands for a proposal that nobody has accepted."""
    return not row.kept and 0 <= row.proposal < len(proposals)


def _keys(row: ParticipationRow) -> list[str]:
    """By what rows of one organisation are known: its entry and its name."""
    return [f"{kind} {key}" for kind, key in (("id", row.actor_id), ("n", folded(row.name))) if key]


def _suggestion(rows: Sequence[ParticipationRow], group: Sequence[int]) -> Suggestion:
    actor_id = next((rows[number].actor_id for number in group if rows[number].actor_id), "")
    return Suggestion(rows[group[0]].name, actor_id, tuple(group))


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
