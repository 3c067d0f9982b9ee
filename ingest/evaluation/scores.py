"""Evaluation: how much of labelled articles is found again, and how much is made up.

The labels are those of `article_labels`. What was found in an article is compared with what a
careful person found; each thing is *right*, *wrong* (said, and not so) or *missed* (so, and not
said). Over all the articles together (micro-average):

    precision = right / (right + wrong)
    recall    = right / (right + missed)
    F1        = 2 · right / (2 · right + wrong + missed)

Where nothing is to be found and nothing is said, nothing counts. A wrong value in the place of a
labelled one is both wrong and missed. The fields:

- `title`, `author`, `author job`, `moderator`, `moderator job`: compared without case, accents and
  punctuation; names without regard to the order of their parts.
- `dates`: `date`, `modified` and `moderated`, each a thing of its own; to the minute where the
  label has a time, to the day elsewhere.
- `themes`: as sets, compared like titles.
- `body`: right are the snippets of the text that are there, missed those that are not, wrong the
  snippets of the page's boilerplate that are.
- `participants`: proposals with the same actor or the same name are one participant. Said and
  labelled participants are paired one to one, those most alike first: by the known actor's id, or
  by a name that is at least `SAME_NAME` like the label's name or one of its aliases. An id that
  is not the label's never pairs.
- `known actors`: whether the participants that were paired have the id of the right known actor.
- `roles`: the roles of the participants that were paired. `roles end to end`: those of all,
  whatever was not paired being wrong or missed.
- `need`: right when each of the label's keywords has its stem in what was said.

Calibration: of the participations (a participant in a role) that were proposed with a confidence
in some band, how many are right.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ingest.evaluation.labels import LabelledParticipant, Labels, read_labelled
from kb.errors import InputError
from kb.models import Actor
from kb.reference.roles import Role
from kb.text.analysis import FUNCTION_WORDS, stems, words
from kb.text.organisation_name import name_key

if TYPE_CHECKING:
    from ingest.articles.article import Article
    from ingest.extraction.gazetteer import KnownActors
    from kb.registers.proposals import Proposals

SAME_NAME = 85.0
"""How much alike two names of one participant are at least, of 100."""

BANDS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Where each band of confidence begins; the last includes 1."""

FIELDS = (
    "title",
    "author",
    "author job",
    "moderator",
    "moderator job",
    "dates",
    "themes",
    "body",
    "participants",
    "known actors",
    "roles",
    "roles end to end",
    "need",
)

_SAME_ACTOR = 200.0
_DATES = ("date", "modified", "moderated")


class SaidParticipation(NamedTuple):
    """One proposal: a name, or a known actor, in a role, with a confidence from 0 to 1."""

    name: str
    actor_id: str
    role: Role
    confidence: float


@dataclass(frozen=True, slots=True)
class Said:
    """What was found in an article."""

    title: str = ""
    author: str = ""
    author_job: str = ""
    moderator: str = ""
    moderator_job: str = ""
    date: str = ""
    modified: str = ""
    moderated: str = ""
    themes: tuple[str, ...] = ()
    text: str = ""
    need: str = ""
    participations: tuple[SaidParticipation, ...] = ()


@dataclass(slots=True)
class Tally:
    """Things that are right, wrong and missed. A ratio of nothing is `None`."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float | None:
        return _ratio(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        return _ratio(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        return _ratio(2 * self.right, 2 * self.right + self.wrong + self.missed)


@dataclass(slots=True)
class Band:
    """The proposals whose confidence is at least `start` and below the next band's."""

    start: float
    proposals: int = 0
    right: int = 0
    total_confidence: float = 0.0

    @property
    def share_right(self) -> float | None:
        return _ratio(self.right, self.proposals)

    @property
    def mean_confidence(self) -> float | None:
        return self.total_confidence / self.proposals if self.proposals else None


class Slip(NamedTuple):
    """A thing that is wrong or missed: where, of which field, and what."""

    file: str
    field: str
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.kind}: {self.what}"


@dataclass(slots=True)
class Scores:
    """What a comparison found. `unread` are the articles that no reader could read, and why."""

    articles: int = 0
    fields: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in FIELDS})
    bands: list[Band] = field(default_factory=lambda: [Band(start) for start in BANDS])
    slips: list[Slip] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, file: str, labels: Labels, said: Said) -> None:
        """Compares one article with its labels."""
        self.articles += 1
        _Comparison(self, file, labels, said).run()


def evaluate_articles(folder: Path, find: Callable[[Path], Said]) -> Scores:
    """Compares what `find` finds in each article of a folder with its labels.

    An article that `find` refuses with an `InputError` counts as one in which nothing was found.

    Raises:
        FileError: the folder has no labels, a label has no article or an article no label, or
            labels are not as they should be; names the file.
    """
    scores = Scores()
    for path, labels in read_labelled(folder):
        try:
            said = find(path)
        except InputError as error:
            scores.unread.append(f"{path.name}: {error}")
            said = Said()
        scores.add(path.name, labels, said)
    return scores


def finder(actors: "KnownActors") -> Callable[[Path], Said]:
    """What finds things in an article as ingestion does: its reader, and proposals by rules."""
    from ingest.articles.readers import read_article
    from ingest.extraction.proposals.propose import propose

    def find(path: Path) -> Said:
        article = read_article(path)
        return said_in(article, propose(article, actors))

    return find


def demonstration_actors() -> "KnownActors":
    """The actors of the demonstration corpus, by which the project's own articles are labelled."""
    from ingest.directories.readers import read_directory
    from ingest.extraction.gazetteer import KnownActors

    entries = read_directory(Path(__file__).parents[1] / "demo" / "actors.csv")
    return KnownActors(entry.record for entry in entries if isinstance(entry.record, Actor))


def said_in(article: "Article", proposals: "Proposals") -> Said:
    """What an article and the proposals made from it say, as it is compared.

    The need is the one proposed with the most confidence, the first of equals.
    """
    needs = [one for one in proposals.fields if one.field == "need"]
    need = max(needs, key=lambda one: one.confidence).value if needs else ""
    return Said(
        title=article.title,
        author=article.author.name,
        author_job=article.author.job,
        moderator=article.moderator.name,
        moderator_job=article.moderator.job,
        date=article.date,
        modified=article.modified,
        moderated=article.moderated,
        themes=article.themes,
        text=article.text,
        need=need,
        participations=tuple(
            SaidParticipation(
                one.participation.name,
                one.participation.actor_id,
                one.participation.role,
                one.confidence,
            )
            for one in proposals.participations
        ),
    )


def table(scores: Scores) -> list[str]:
    """The scores as lines for a terminal."""
    lines = [f"{scores.articles} articles"]
    lines.append(f"{'':18} precision  recall      F1   right  wrong  missed")
    for name, tally in scores.fields.items():
        ratios = f"{_shown(tally.precision):>9}  {_shown(tally.recall):>6}  {_shown(tally.f1):>6}"
        lines.append(f"{name:18} {ratios}  {tally.right:6}  {tally.wrong:5}  {tally.missed:6}")
    lines.append("")
    lines.append("confidence         proposals   right    mean confidence")
    for band in scores.bands:
        share, mean = _shown(band.share_right), _shown(band.mean_confidence)
        lines.append(f"{band.start:.1f} and more        {band.proposals:9}  {share:>6}  {mean:>17}")
    return lines


def as_json(scores: Scores) -> dict[str, object]:
    """The scores as values for JSON; a ratio of nothing is `None`."""
    return {
        "articles": scores.articles,
        "fields": {
            name: {
                "precision": tally.precision,
                "recall": tally.recall,
                "f1": tally.f1,
                "right": tally.right,
                "wrong": tally.wrong,
                "missed": tally.missed,
            }
            for name, tally in scores.fields.items()
        },
        "calibration": [
            {
                "from": band.start,
                "proposals": band.proposals,
                "right": band.right,
                "share_right": band.share_right,
                "mean_confidence": band.mean_confidence,
            }
            for band in scores.bands
        ],
        "slips": [slip._asdict() for slip in scores.slips],
        "unread": scores.unread,
    }


class _Participant(NamedTuple):
    """Somebody who was said to take part, with every proposal that says so."""

    names: tuple[str, ...]
    actor_id: str
    proposals: tuple[SaidParticipation, ...]

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(one.role for one in self.proposals)


class _Comparison:
    """One article compared: adds to the scores."""

    def __init__(self, scores: Scores, file: str, labels: Labels, said: Said) -> None:
        self._scores = scores
        self._file = file
        self._labels = labels
        self._said = said

    def run(self) -> None:
        labels, said = self._labels, self._said
        self._one("title", said.title, labels.title, _same_text, labels.title_also)
        for name in ("author", "moderator"):
            self._one(name, getattr(said, name), getattr(labels, name), _same_person)
            job = f"{name}_job"
            self._one(f"{name} job", getattr(said, job), getattr(labels, job), _same_text)
        for name in _DATES:
            self._one("dates", getattr(said, name), getattr(labels, name), _same_date, about=name)
        self._themes()
        self._body()
        self._participants()
        self._need()

    def _one(
        self,
        name: str,
        said: str,
        label: str,
        same: Callable[[str, str], bool],
        also: Collection[str] = (),
        about: str = "",
    ) -> None:
        if said and label and any(same(said, one) for one in (label, *also)):
            self._right(name)
            return
        about = f"{about} " if about else ""
        if said:
            self._wrong(name, f"{about}{said!r}" + (f" for {label!r}" if label else ""))
        if label:
            self._missed(name, f"{about}{label!r}")

    def _themes(self) -> None:
        said = {_folded(theme): theme for theme in self._said.themes}
        labelled = {_folded(theme): theme for theme in self._labels.themes}
        self._right("themes", len(said.keys() & labelled.keys()))
        for key in said.keys() - labelled.keys():
            self._wrong("themes", repr(said[key]))
        for key in labelled.keys() - said.keys():
            self._missed("themes", repr(labelled[key]))

    def _body(self) -> None:
        text = _plain(self._said.text)
        for snippet in self._labels.body_must_contain:
            if _plain(snippet) in text:
                self._right("body")
            else:
                self._missed("body", repr(snippet))
        for snippet in self._labels.body_must_not_contain:
            if _plain(snippet) in text:
                self._wrong("body", repr(snippet))

    def _participants(self) -> None:
        said = _gathered(self._said.participations)
        pairs = _paired(self._labels.participants, said)
        right: set[tuple[int, Role]] = set()
        for at, label in enumerate(self._labels.participants):
            if at not in pairs:
                self._missed("participants", label.name)
                for roles in label.roles:
                    self._missed("roles end to end", f"{label.name} as {_either(roles)}")
                continue
            self._right("participants")
            found = said[pairs[at]]
            self._one("known actors", found.actor_id, label.known, _same_id)
            right |= {(pairs[at], role) for role in self._roles(label, found)}
        for at, found in enumerate(said):
            if at not in pairs.values():
                self._wrong("participants", found.names[0])
                for role in sorted(found.roles):
                    self._wrong("roles end to end", f"{found.names[0]} as {role}")
            for proposal in found.proposals:
                band = _band(self._scores.bands, proposal.confidence)
                band.proposals += 1
                band.total_confidence += proposal.confidence
                band.right += (at, proposal.role) in right

    def _roles(self, label: LabelledParticipant, found: _Participant) -> set[Role]:
        """Compares the roles of one participant; those that are right."""
        left = set(found.roles)
        right: set[Role] = set()
        # The labels that allow the least take their role first.
        for roles in sorted(label.roles, key=lambda roles: (len(roles), sorted(roles))):
            fitting = sorted(left & roles)
            if fitting:
                right.add(fitting[0])
                left.remove(fitting[0])
            for name in ("roles", "roles end to end"):
                if fitting:
                    self._right(name)
                else:
                    self._missed(name, f"{label.name} as {_either(roles)}")
        # Who has two careful answers for one role, and gives both, says nothing wrong.
        right |= {role for role in left if any(role in roles for roles in label.roles)}
        for role in sorted(left - right):
            for name in ("roles", "roles end to end"):
                self._wrong(name, f"{label.name} as {role}")
        return right

    def _need(self) -> None:
        said, label = self._said.need, self._labels.need
        if said and label and _meets(said, self._labels.need_keywords):
            self._right("need")
            return
        if said:
            self._wrong("need", f"{said!r}" + (f" for {label!r}" if label else ""))
        if label:
            self._missed("need", repr(label))

    def _right(self, name: str, count: int = 1) -> None:
        self._scores.fields[name].right += count

    def _wrong(self, name: str, what: str) -> None:
        self._scores.fields[name].wrong += 1
        self._scores.slips.append(Slip(self._file, name, "wrong", what))

    def _missed(self, name: str, what: str) -> None:
        self._scores.fields[name].missed += 1
        self._scores.slips.append(Slip(self._file, name, "missed", what))


def _gathered(participations: Iterable[SaidParticipation]) -> list[_Participant]:
    """One participant for each actor, and for each name without one, in the order met."""
    found: dict[str, _Participant] = {}
    for one in participations:
        key = f"id {one.actor_id}" if one.actor_id else f"name {name_key(one.name)}"
        before = found.get(key, _Participant((), one.actor_id, ()))
        names = (*before.names, one.name or one.actor_id)
        found[key] = _Participant(names, one.actor_id, (*before.proposals, one))
    return list(found.values())


def _paired(labels: Sequence[LabelledParticipant], said: Sequence[_Participant]) -> dict[int, int]:
    """Which label is which said participant, the most alike paired first, by their places."""
    alike = [
        (likeness, -i, -j)
        for i, label in enumerate(labels)
        for j, found in enumerate(said)
        if (likeness := _likeness(label, found))[0] >= SAME_NAME
    ]
    pairs: dict[int, int] = {}
    for _, i, j in sorted(alike, reverse=True):
        if -i not in pairs and -j not in pairs.values():
            pairs[-i] = -j
    return pairs


def _likeness(label: LabelledParticipant, found: _Participant) -> tuple[float, float]:
    """How much alike they are, 0 to 100 or `_SAME_ACTOR`; and letter by letter, for ties."""
    if label.known and found.actor_id:
        same = label.known == found.actor_id
        return (_SAME_ACTOR if same else 0.0, 0.0)
    return max(
        _name_likeness(name, other)
        for name in (label.name, *label.aliases)
        for other in found.names
    )


def _name_likeness(name: str, other: str) -> tuple[float, float]:
    """100 where one has all the words of the other, else how alike the sorted words are.

    This is rapidfuzz's `token_set_ratio` but for names that share a common word and differ in a
    short one ("entreprise de BTP", "entreprise de cirage"), which it would take for the same.
    """
    from rapidfuzz import fuzz

    words_of, words_of_other = _telling(name), _telling(other)
    if not words_of or not words_of_other:
        return (0.0, 0.0)
    sorted_ratio = fuzz.ratio(" ".join(sorted(words_of)), " ".join(sorted(words_of_other)))
    if words_of <= words_of_other or words_of_other <= words_of:
        return (100.0, sorted_ratio)
    return (sorted_ratio, sorted_ratio)


def _telling(name: str) -> set[str]:
    folded = _folded(name).split()
    return {word for word in folded if word not in FUNCTION_WORDS} or set(folded)


def _meets(need: str, keywords: Sequence[str]) -> bool:
    said = {stem for word in words(need) for stem in stems(word)}
    return all(
        any(said & stems(word) for one in keyword.split("|") for word in words(one))
        for keyword in keywords
    )


def _same_id(said: str, label: str) -> bool:
    return said == label


def _same_text(said: str, label: str) -> bool:
    return _folded(said) == _folded(label)


def _same_person(said: str, label: str) -> bool:
    return sorted(_folded(said).split()) == sorted(_folded(label).split())


def _same_date(said: str, label: str) -> bool:
    return said.replace(" ", "T")[: len(label)] == label.replace(" ", "T")


def _folded(text: str) -> str:
    """Folded words, those with hyphens joined: what differs only in writing becomes the same."""
    return " ".join(word.forms[-1] for word in words(text))


def _plain(text: str) -> str:
    """Folded words again: Markdown's marks and the typography of a format change nothing."""
    return f" {_folded(text)} "


def _either(roles: Collection[Role]) -> str:
    return " or ".join(sorted(roles))


def _band(bands: Sequence[Band], confidence: float) -> Band:
    return next(band for band in reversed(bands) if confidence >= band.start or band is bands[0])


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _shown(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.3f}"
