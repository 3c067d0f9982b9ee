"""Answers by role: who here could take which part, so that a person leaves with a set to call.

Makers alone seldom meet a need. Which parts it takes is told by the cases that met one like it:
who brought in alcohol, who the containers, who validated the formula. For each part, those who
took it are given first, then those whose own words are close to what it asks. What no case tells,
but containers always ask for, cartons and labels, is given as usual, and said to be.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import numpy as np

from kb.models import Case, Kind, Participation
from kb.reference.roles import ROLES, Part, Role
from kb.search.background import Chance
from kb.search.candidates import Candidate, ScoredPassage, best_first, gathered
from kb.search.evidence import Drawing
from kb.search.fusion import SHOWN_POSSIBLE, asked_of_a_fit, fit_of_case
from kb.search.results import ActorHit, Mention, PartAnswer
from kb.search.scorer import Scorer
from kb.search.vouching import HeardCase, Voucher
from kb.text.analysis import query_stems, words
from kb.text.folding import fold

HITS_PER_ROLE, THOSE_WHO_DID = 6, 4
"""How many actors are given for each part, and how many of them at most for having taken it."""
PASSAGES_PER_ROLE = 60
"""How many of the passages nearest to what a part asks are looked at."""

RELEVANT = SHOWN_POSSIBLE
"""From this relevance on, what parts a case needed tells what parts the query needs."""

OBJECTS_SHOWN = 3

IsLeft = Callable[[str, Sequence[Voucher]], bool]

_SUPPLIES: Mapping[Part, frozenset[str]] = {
    Part.CONTAINERS: frozenset(
        """bidon bidons bocal bocaux bonbonne bouchon bouchons bouteille bouteilles capsule capsules
        contenant contenants fermeture fermetures flacon flacons fut futs jerrican jerricans pompe
        pompes pot pots pulverisateur pulverisateurs recipient recipients
        barrel barrels bottle bottles can cans cap caps closure closures container containers jar
        jars jerrycan jerrycans stopper stoppers vial vials""".split()
    ),
    Part.PACKAGING: frozenset(
        """boite boites caisse caisses carton cartons emballage emballages etiquette etiquettes etui
        etuis palette palettes sachet sachets
        box boxes carton cartons crate crates label labels packaging pallet pallets wrapping
        """.split()
    ),
}
"""Words by which a supplier is known to bring in what goes round the product, folded."""

_ASKS: Mapping[Part, Mapping[str, tuple[str, ...]]] = {
    Part.CONTAINERS: {
        "fr": ("flacons et bouteilles", "bidons et récipients en plastique", "bouchons"),
        "en": ("bottles", "plastic jerrycans and containers", "caps and closures"),
    },
    Part.PACKAGING: {
        "fr": ("emballages en carton", "étuis et coffrets", "étiquettes"),
        "en": ("cardboard packaging", "boxes and cases", "labels"),
    },
    Part.REPACKAGING: {
        "fr": ("conditionnement à façon", "embouteillage"),
        "en": ("contract packing", "bottling"),
    },
    Part.TRANSPORT: {
        "fr": ("transport routier de marchandises", "livraison"),
        "en": ("road haulage", "delivery of goods"),
    },
    Part.VALIDATION: {
        "fr": ("laboratoire d'analyses", "contrôle de la qualité"),
        "en": ("testing laboratory", "quality control"),
    },
}
"""What is asked of a part whatever the need, where that says more than the cases do."""

_ONLY_THOSE_WHO_DID = frozenset({Part.COORDINATION, Part.BUYER})
"""Parts that nobody is proposed for who has not taken them: no trade tells who would."""

_GOES_WITH = {Part.PACKAGING: (Part.CONTAINERS, Part.REPACKAGING)}
"""What is usual where one of these parts is needed, though no case may tell of it."""

_PURPOSE = re.compile(r",|\s(?:pour|afin|destinée?s?|for|to)\s", re.IGNORECASE)
_BROUGHT = re.compile(
    r"^(?:(?:a|ont|avait|avaient|l'a|l'ont|has|have|had)\s+)?"
    r"(?:(?:aussi|également|en\s+premier|d'abord|first|also)\s+)?"
    r"(?:(?:fourni|livr|donn|apport|offr|offer|cèd|céd|vend)\w*|mis\s+à\s+disposition"
    r"|suppl(?:y|ies|ied)|provide[sd]?|g[ai]ve[sn]?(?:\s+up)?|deliver(?:s|ed)?"
    r"|br(?:ings?|ought)(?:\s+in)?|was\s+the\s+first\s+to\s+supply)\s+"
    r"(?:(?:en\s+premier|first)\s+)?"
    r"(?:de\s+l'|du\s+|des\s+|de\s+la\s+|d'|de\s+|les\s+|le\s+|la\s+|l'|leurs?\s+|ses\s+|son\s+"
    r"|sa\s+|the\s+|some\s+|its\s+|their\s+)?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Part:
    """A part that cases tell of: what was asked, who took it, with an entry here and without."""

    cases: dict[str, Case] = field(default_factory=dict)
    taken: dict[str, list[Voucher]] = field(default_factory=dict)
    mentioned: dict[str, Mention] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)

    def add(self, heard: HeardCase, participation: Participation, brought: str) -> None:
        self.cases.setdefault(heard.case.id, heard.case)
        if brought:
            self.objects.setdefault(fold(brought), brought)
        if participation.actor_id:
            voucher = Voucher(heard, participation)
            self.taken.setdefault(participation.actor_id, []).append(voucher)
        else:
            mention = Mention(heard.case, participation)
            self.mentioned.setdefault(fold(participation.name), mention)


def answers_by_part(
    need: str,
    heard: Sequence[HeardCase],
    ranked: Sequence[Candidate],
    draw: Drawing,
    scorer: Scorer,
    is_left: IsLeft,
    lang: str,
) -> list[PartAnswer]:
    """For each part that cases like the `need` took, who here could take it, makers first.

    `ranked` are the actors that the search found and leaves, best first, and `draw` draws them;
    `is_left` says which others it leaves, by their ids and the cases that vouch for them.
    """
    relevant = [one for one in heard if one.relevance >= RELEVANT]
    parts = _parts(relevant)
    if not parts:
        return []
    spoken = lang or relevant[0].case.lang
    asks = {role: _asks(role, part, spoken) for role, part in parts.items()}
    close = _close(asks, scorer)
    brought_up = {*chain(*(one.candidates for one in close.values()))}
    brought_up.update(*(part.taken for part in parts.values()))
    taken: dict[str, list[Voucher]] = {}
    for part in parts.values():
        for id_, said in part.taken.items():
            taken.setdefault(id_, []).extend(said)
    known = {
        id_: one
        for id_, one in scorer.room.store.actors(brought_up).items()
        if not one.closed_on and is_left(id_, taken.get(id_, ()))
    }
    places = {one.record_id: place for place, one in enumerate(ranked)}
    answers = []
    for role in Part:
        if role not in parts:
            continue
        part = parts[role]
        told = ", ".join(asks[role])
        if role is Part.MAKER:
            told = need
            hits = _makers(ranked, part, draw)
        else:
            wanted = query_stems(" ".join(asks[role])) if asks[role] else set()
            hits = _who_did(part, Drawing(wanted, known, draw.chance), places)
            if role in close:
                drawing = Drawing(wanted, known, close[role].chance)
                hits += _who_could(close[role].candidates, part, drawing, len(hits))
        mentioned = tuple(part.mentioned.values())
        if hits or mentioned:
            cases = tuple(part.cases.values())
            answers.append(PartAnswer(role, told, cases, tuple(hits), mentioned))
    return answers


def _parts(heard: Sequence[HeardCase]) -> dict[Part, _Part]:
    """The parts that these cases needed, and the usual ones that go with them."""
    parts: dict[Part, _Part] = {}
    for one in heard:
        for participation in one.case.participants:
            brought = brought_in(participation)
            role = part_of(participation, brought)
            parts.setdefault(role, _Part()).add(one, participation, brought)
    for usual, where in _GOES_WITH.items():
        if usual not in parts and any(part in parts for part in where):
            parts[usual] = _Part()
    return parts


def part_of(participation: Participation, brought: str) -> Part:
    """Which part a participation is; of suppliers, by what they `brought`."""
    role = ROLES[participation.role].part
    if role is Part.INPUTS:
        said = {form for word in words(f"{brought} {participation.name}") for form in word.forms}
        for supply, by_words in _SUPPLIES.items():
            if said & by_words:
                return supply
    return role


def brought_in(participation: Participation) -> str:
    """What a supplier brought in, in the words of its contribution: "éthanol"."""
    if participation.role is not Role.SUPPLIER:
        return ""
    said = _BROUGHT.sub("", participation.contribution, count=1)
    return _PURPOSE.split(said, maxsplit=1)[0].strip(" .")


def _asks(role: Part, part: _Part, lang: str) -> tuple[str, ...]:
    """What is asked of a part, in a few words each; nothing where its name says it all."""
    if role in _ASKS:
        return _ASKS[role].get(lang) or _ASKS[role]["fr"]
    return tuple(part.objects.values())[:OBJECTS_SHOWN]


@dataclass(frozen=True, slots=True)
class _Close:
    """Who is close to one of the things that are asked of a part; scored as if it was the first."""

    chance: Chance
    candidates: Mapping[str, Candidate]


def _close(asks: Mapping[Part, Sequence[str]], scorer: Scorer) -> dict[Part, _Close]:
    """Whose words are close to what is asked of each part that anyone may be proposed for."""
    asked = [
        (role, ask)
        for role, of_role in asks.items()
        if role not in _ONLY_THOSE_WHO_DID
        for ask in of_role
    ]
    if not asked:
        return {}
    aims = scorer.room.measures.phrases.aims([ask for _, ask in asked])
    chances: dict[Part, Chance] = {}
    scored: dict[Part, list[ScoredPassage]] = {}
    nearest = scorer.nearest(np.stack([aim.mean_row for aim in aims]), PASSAGES_PER_ROLE)
    for (role, _), aim, near in zip(asked, aims, nearest, strict=True):
        first = chances.setdefault(role, aim.chance)
        shift = asked_of_a_fit(first) - asked_of_a_fit(aim.chance)
        scored.setdefault(role, []).extend(
            replace(one, score=one.score + shift) for one in scorer.fused(aim, near)
        )
    return {
        role: _Close(chances[role], gathered(of_role)[Kind.ACTOR])
        for role, of_role in scored.items()
    }


def _makers(ranked: Sequence[Candidate], part: _Part, draw: Drawing) -> list[ActorHit]:
    """The first of the ranking, but for those who are there only for another part they took.

    A weak fit is not enough: a list of whom to call is no place for guesses.
    """
    makers = (
        one
        for one in ranked
        if not one.vouchers or one.record_id in part.taken or draw.says_enough(one)
    )
    fitting = (one for one in makers if draw.may_be_called(one))
    return [
        draw.actor_hit(rank, one)
        for rank, one in enumerate(islice(fitting, HITS_PER_ROLE), start=1)
    ]


def _who_did(part: _Part, drawing: Drawing, places: Mapping[str, int]) -> list[ActorHit]:
    """Those who took the part in a case: as fit for it as the case is like.

    Best case first; of one case, as they stand in the ranking.
    """
    taken = [
        Candidate(id_, vouchers=given) for id_, given in part.taken.items() if drawing.knows(id_)
    ]
    last = len(places)
    taken.sort(key=lambda one: (-one.score, places.get(one.record_id, last), one.record_id))
    return [
        replace(drawing.actor_hit(rank, one), fit=fit_of_case(one.vouchers[0].heard.relevance))
        for rank, one in enumerate(taken[:THOSE_WHO_DID], start=1)
    ]


def _who_could(
    close: Mapping[str, Candidate],
    part: _Part,
    drawing: Drawing,
    before: int,
) -> list[ActorHit]:
    """Those whose own words are close to what is asked, after the `before` who did it.

    A weak fit is not enough here either.
    """
    fitting = [
        one
        for one in best_first(close.values())
        if drawing.knows(one.record_id)
        and one.record_id not in part.taken
        and drawing.says_enough(one)
    ]
    return [
        drawing.actor_hit(rank, one)
        for rank, one in enumerate(fitting[: HITS_PER_ROLE - before], start=before + 1)
    ]
