"""The scorer of labelled articles, on values that can be counted by hand."""

from pathlib import Path

import pytest

from ingest.articles.article import Article, Person
from kb.errors import InputError
from kb.models import Participation
from kb.reference.roles import Role
from kb.registers.drafts import Proposals, ProposedField, ProposedParticipation
from tests.article_evaluation.comparison import compare, evaluate_articles
from tests.article_evaluation.labels import (
    ArticleFindings,
    FoundParticipation,
    LabelledParticipant,
    Labels,
    findings_of,
)
from tests.article_evaluation.scores import Scores, score_lines

PRODUCER, SUPPLIER, BUYER = Role.PRODUCER, Role.SUPPLIER, Role.BUYER
FACILITATOR, NETWORK = Role.FACILITATOR, Role.NETWORK
RIGHT, WRONG, MISSED, OTHER = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1)


def scored(labels: Labels, findings: ArticleFindings) -> Scores:
    scores = Scores()
    compare(scores, "a.txt", labels, findings)
    return scores


def counts(scores: Scores, field: str) -> tuple[int, int, int]:
    tally = scores.fields[field]
    return tally.right, tally.wrong, tally.missed


def participant(
    name: str, *roles: Role, known: str = "", aliases: tuple[str, ...] = ()
) -> LabelledParticipant:
    return LabelledParticipant(name, aliases, known, tuple(frozenset({role}) for role in roles))


def part(name: str, role: Role, actor_id: str = "", confidence: float = 0.9) -> FoundParticipation:
    return FoundParticipation(name, actor_id, role, confidence)


def test_facts_are_compared_as_a_reader_would() -> None:
    title = Labels(title="Du cirage au gel", title_also=("Cirage, le retour",))
    need = Labels(need="solution hydroalcoolique", need_keywords=("solution", "hydroalcoolique"))
    minute, day = Labels(modified="2020-07-02T11:51"), Labels(modified="2020-07-02")
    for field, labels, findings, expected in (
        ("title", title, ArticleFindings(title="DU CIRAGE AU GEL !"), RIGHT),
        ("title", title, ArticleFindings(title="Cirage : le retour"), RIGHT),
        ("title", title, ArticleFindings(title="Du cirage"), OTHER),
        ("title", title, ArticleFindings(), MISSED),
        ("dates", minute, ArticleFindings(modified="2020-07-02 11:51:00+02:00"), RIGHT),
        ("dates", minute, ArticleFindings(modified="2020-07-02"), OTHER),
        ("dates", day, ArticleFindings(modified="2020-07-02T00:00"), RIGHT),
        ("need", need, ArticleFindings(need="produire des solutions hydro-alcooliques"), RIGHT),
        ("need", need, ArticleFindings(need="solution"), OTHER),
        (
            "themes",
            Labels(themes=("Énergie", "Réemploi", "Textile")),
            ArticleFindings(themes=("energie", "Énergie", "réemploi", "Suivre")),
            (2, 1, 1),
        ),
        (
            "body",
            Labels(
                body_must_contain=("l'atelier coud des masques", "tout est dit"),
                body_must_not_contain=("Se désabonner", "À lire aussi"),
            ),
            ArticleFindings(text="Ici **l’atelier** coud\ndes masques.\n\nA lire aussi : rien"),
            (1, 1, 1),
        ),
    ):
        assert counts(scored(labels, findings), field) == expected, (field, findings)
    assert not any(any(counts(scored(Labels(), ArticleFindings()), f)) for f in Scores().fields)


def test_a_participant_is_found_by_its_id_or_by_a_name_nearly_the_same() -> None:
    avel = participant("Avel", PRODUCER, known="avel")
    cirage = participant("entreprise de cirage", PRODUCER, aliases=("cirage",))
    for label, found, expected in (
        (avel, part("Saphir", PRODUCER, "avel"), RIGHT),
        (avel, part("Avel", PRODUCER, "avel-2"), OTHER),
        (cirage, part("Une entreprise de cirage", PRODUCER), RIGHT),
        (cirage, part("le cirage", PRODUCER), RIGHT),
        (cirage, part("entreprise de ciragge", PRODUCER), RIGHT),
        (cirage, part("entreprise de BTP", PRODUCER), OTHER),
        (cirage, part("l'", PRODUCER), OTHER),
    ):
        labels, findings = Labels(participants=(label,)), ArticleFindings(participations=(found,))
        scores = scored(labels, findings)
        assert counts(scores, "participants") == expected, found
        assert counts(scores, "roles end to end") == expected, found
    remy = (participant("Rémy Martin", SUPPLIER), participant("Rémy Cointreau", BUYER))
    both = (part("Rémy Cointreau", BUYER), part("Rémy", SUPPLIER))
    scores = scored(Labels(participants=remy), ArticleFindings(participations=both))
    assert counts(scores, "participants") == counts(scores, "roles") == (2, 0, 0)


def test_roles_of_those_paired_and_end_to_end() -> None:
    labels = Labels(
        participants=(
            participant("Avel", PRODUCER, known="avel"),
            participant("Mairie", FACILITATOR, BUYER),
            participant("Merlet", SUPPLIER),
            LabelledParticipant("Région", roles=(frozenset({NETWORK}),), optional=True),
        )
    )
    findings = ArticleFindings(
        participations=(
            part("Avel", SUPPLIER, "avel"),  # wrong role: 1 wrong, 1 missed
            part("Mairie", BUYER),  # 1 right, 1 missed
            part("Sud Ouest", NETWORK),  # nobody: 1 wrong, end to end
            part("la Région", BUYER),  # careful people would argue: nothing
        )
    )  # Merlet: 1 missed, end to end
    scores = scored(labels, findings)
    assert counts(scores, "participants") == (2, 1, 1)
    assert counts(scores, "roles") == (1, 1, 2)
    assert counts(scores, "roles end to end") == (1, 2, 3)
    either = Labels(
        participants=(LabelledParticipant("Biotop", roles=(frozenset({NETWORK, FACILITATOR}),)),)
    )
    for roles, expected in (
        ((NETWORK,), RIGHT),
        ((NETWORK, FACILITATOR), RIGHT),
        ((BUYER,), OTHER),
        ((BUYER, NETWORK), (1, 1, 0)),
    ):
        found = ArticleFindings(participations=tuple(part("Biotop", role) for role in roles))
        assert counts(scored(either, found), "roles") == expected


def test_confidence_is_compared_with_what_is_right_and_what_is_filled_in_scored_by_itself() -> None:
    findings = ArticleFindings(
        participations=(
            part("Avel", PRODUCER, "avel", confidence=1.0),
            part("Avel", BUYER, "avel", confidence=0.8),
            part("Sud Ouest", NETWORK, confidence=0.1)._replace(presence=0.1),
        )
    )
    labels = Labels(participants=(participant("Avel", PRODUCER, known="avel"),))
    bands = [band for band in scored(labels, findings).bands if band.proposals]
    assert [(band.start, band.right) for band in bands] == [(0.1, 0), (0.8, 0), (0.9, 1)]
    # 0.1 and 0.8 are wrong, 1.0 is right: (0.1 + 0.8 + 0) / 3
    assert scored(labels, findings).calibration_error == pytest.approx(0.3)
    scores = scored(labels, findings)
    assert counts(scores, "participants") == (1, 1, 0)
    assert counts(scores, "participants filled in") == RIGHT


def test_articles_add_up_and_one_that_cannot_be_read_misses_everything(tmp_path: Path) -> None:
    empty = "author author_job moderator moderator_job date modified moderated need".split()
    lists = "themes need_keywords participants body_must_not_contain".split()
    labels = {"title": "T", "body_must_contain": ["x"]} | dict.fromkeys(empty, "")
    for name in ("a", "b"):
        said = str(labels | {key: [] for key in lists}).replace("'", '"')
        (tmp_path / f"{name}.json").write_text(said)
        (tmp_path / f"{name}.txt").write_text("x")

    def find(path: Path) -> ArticleFindings:
        if path.name == "a.txt":
            raise InputError("no_pdf")
        return ArticleFindings(title="T", text="x")

    scores = evaluate_articles(tmp_path, find)
    assert scores.unread == ["a.txt: is not a PDF"]
    assert counts(scores, "title") == counts(scores, "body") == (1, 0, 1)
    line = "title 1.000 0.500 0.667 0.000 to 1.000 1 0 1"
    assert line in [" ".join(line.split()) for line in score_lines(scores)]


def test_what_an_article_and_its_proposals_say_is_compared() -> None:
    article = Article(title="T", text="x", author=Person("Jean Dupin", "maire"), themes=("Achats",))
    proposals = Proposals(
        fields=(
            ProposedField("title", "U", "", 1.0, "rules"),
            ProposedField("need", "gel", "", 0.4, "rules"),
            ProposedField("need", "masques", "", 0.6, "rules"),
        ),
        participations=(
            ProposedParticipation(Participation("Avel", PRODUCER, "avel"), "Avel…", 0.7, "rules"),
        ),
    )
    assert findings_of(article, proposals) == ArticleFindings(
        title="T",
        author="Jean Dupin",
        author_job="maire",
        themes=("Achats",),
        text="x",
        need="masques",
        participations=(FoundParticipation("Avel", "avel", PRODUCER, 0.7),),
    )
