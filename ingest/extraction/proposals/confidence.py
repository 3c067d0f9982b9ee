"""Confidence that a participant has a role, by all the evidence for it.

A confidence is the weight of the best evidence (a verb of doing with its subject weighs more than
a noun beside a name), raised a little by further evidence. It is lower for roles that such an
organisation seldom has, for what is somebody's trade rather than a deed, and for names that may
be no organisation's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ingest.extraction.actions import BY_PRODUCT, Action
from ingest.extraction.coreference.participant import Participant
from ingest.extraction.proposals.story import Story, is_disclaimer
from ingest.extraction.roles.evidence import RoleEvidence
from ingest.extraction.roles.priors import prior
from kb.reference.roles import Role
from kb.text.folding import fold

_OF_THE_PRODUCT = frozenset({Role.PRODUCER, Role.REPACKAGER, Role.LABORATORY})
_REWORKING = frozenset({Action.TRANSFORM, Action.TAKE, Action.USE})

WeighedEvidence = tuple[float, RoleEvidence]
Grounds = Mapping[Role, Sequence[WeighedEvidence]]
"""The evidence for each role of a participant, weighed, the best first."""


def grounds(story: Story, evidence: Iterable[RoleEvidence]) -> Mapping[Participant, Grounds]:
    found: dict[Participant, dict[Role, list[WeighedEvidence]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for each in evidence:
        role = each.role
        bought = role is Role.SUPPLIER and each.action is Action.BUY
        if bought and story.topic.covers(each.about):
            role = Role.PRODUCER  # who is ordered the thing itself from, makes it
        found[each.participant][role].append((_weight(story, each), each))
    return {
        participant: {
            role: sorted(roles[role], key=lambda weighed: -weighed[0])
            for role in Role
            if role in roles
        }
        for participant, roles in found.items()
    }


def _weight(story: Story, evidence: RoleEvidence) -> float:
    """The weight of evidence for its role, less where it is beside the topic or in doubt."""
    weight = evidence.weight * prior(evidence.participant.kind, evidence.role)
    on_topic = story.topic.covers(evidence.sentence.text)
    # What is left over from something else is not what the article is after.
    taken_over = evidence.role is Role.PRODUCER and evidence.action is Action.SUPPLY
    if evidence.role in _OF_THE_PRODUCT and not taken_over:
        if not on_topic:
            usual = evidence.role is Role.PRODUCER or not evidence.is_past
            beside = 0.9 if evidence.action in _REWORKING else 0.65
            weight *= beside if usual else 0.95
        elif not evidence.is_past and len(evidence.about.split()) > 1:
            weight *= 1 if story.topic.covers(evidence.about) else 0.8
    if evidence.participant in story.doubted and (
        not on_topic
        or evidence.sentence.number in story.taken_back
        or is_disclaimer(evidence.sentence.text)
    ):
        weight *= 0.3
    return min(weight, 0.97)


def confidences(
    participant: Participant, own: Grounds, named: Mapping[Role, AbstractSet[Participant]]
) -> dict[Role, float]:
    """Returns the confidence of each role of a participant, 0 to 1.

    `named` are the named participants that have grounds for each role.
    """
    found = {role: _combined([weight for weight, _ in each]) for role, each in own.items()}
    gives_leftovers = any(
        BY_PRODUCT.search(fold(evidence.sentence.text))
        for _, evidence in own.get(Role.SUPPLIER, ())
    )
    takes = any(
        evidence.action in _REWORKING
        for role in (Role.PRODUCER, Role.BUYER)
        for _, evidence in own.get(role, ())
    )
    if takes and Role.SUPPLIER in found and not gives_leftovers:
        found[Role.SUPPLIER] *= 0.75  # who takes a thing and passes it on
    made = [evidence for _, evidence in own.get(Role.PRODUCER, ())]
    if gives_leftovers and all(
        not evidence.is_past and evidence.action is Action.MAKE for evidence in made
    ):
        found.pop(Role.PRODUCER, None)  # its trade leaves what it gives
    if not participant.is_named:
        for role in found:
            found[role] *= 0.95
            if not participant.definite and not any(evidence.is_past for _, evidence in own[role]):
                # "A polish maker weighs and blends": any polish maker.
                # Where a firm is named for the same, it is that one, or any such firm.
                same = named[role] and not participant.plural
                found[role] *= 0.5 if same else 0.88
    return found


def _combined(weights: Sequence[float]) -> float:
    """The best weight for a role, raised a little by the next three."""
    doubt = 1.0
    for number, weight in enumerate(weights[:4]):
        doubt *= 1 - (weight if number == 0 else weight * 0.4)
    return min(0.98, 1 - doubt)
