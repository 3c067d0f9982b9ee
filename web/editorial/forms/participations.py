"""Participations as rows of a form, and back."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields

from ingest.records.fields import MAX_LINE_CHARS, folded, one_line, web_address
from kb.errors import InputError
from kb.messages import N_
from kb.models import Participation
from kb.reference.fields import FieldKind
from kb.reference.roles import Role
from kb.registers.drafts import ProposedParticipation
from web.editorial.forms.cleaning import FieldCleaner, why_wrong

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
