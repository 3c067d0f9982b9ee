"""The scorer of labelled articles, on values that can be counted by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.articles.article import Article, Person
from kb.errors import InputError
from kb.models import Participation
from kb.reference.roles import Role
from kb.registers.drafts import FILLED_IN, Proposals, ProposedField, ProposedParticipation
from tests.article_evaluation.comparison import compare, evaluate_articles
from tests.article_evaluation.labels import (
    ArticleFindings,
    FoundParticipation,
    LabelledParticipant,
    Labels,
    findings_of,
)
from tests.article_evaluation.scores import Scores, Tally, score_json, score_lines

PRODUCER, SUPPLIER, BUYER = Role.PRODUCER, Role.SUPPLIER, Role.BUYER
FACILITATOR, NETWORK = Role.FACILITATOR, Role.NETWORK


def scored(labels: Labels, findings: ArticleFindings) -> Scores:
    scores = Scores()
    compare(scores, "a.txt", labels, findings)
    return scores


def counts(scores: Scores, field: str) -> tuple[int, int, int]:
    tally = scores.fields[field]
    return tally.right, tally.wrong, tally.missed


def labelled(name: str, *roles: Role, known: str = "", aliases: tuple[str, ...] = ()) -> Labels:
    return Labels(participants=(participant(name, *roles, known=known, aliases=aliases),))


def participant(
    name: str, *roles: Role, known: str = "", aliases: tuple[str, ...] = ()
) -> LabelledParticipant:
    return LabelledParticipant(name, aliases, known, tuple(frozenset({role}) for role in roles))


def part(name: str, role: Role, actor_id: str = "", confidence: float = 0.9) -> FoundParticipation:
    return FoundParticipation(name, actor_id, role, confidence)


def test_precision_recall_and_f1() -> None:
    tally = Tally(right=3, wrong=1, missed=2)
    assert (tally.precision, tally.recall, tally.f1) == (3 / 4, 3 / 5, 6 / 9)


def test_nothing_to_find_and_nothing_found_counts_nothing() -> None:
    scores = scored(Labels(), ArticleFindings())
    assert all(tally == Tally() for tally in scores.fields.values())
    assert scores.slips == []


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ("Du cirage au gel", (1, 0, 0)),
        ("DU CIRAGE AU GEL !", (1, 0, 0)),
        ("Du cirage", (0, 1, 1)),
        ("Cirage : le retour", (1, 0, 0)),
        ("", (0, 0, 1)),
    ],
)
def test_a_title_is_right_by_its_words(findings: str, expected: tuple[int, int, int]) -> None:
    labels = Labels(title="Du cirage au gel", title_also=("Cirage, le retour",))
    assert counts(scored(labels, ArticleFindings(title=findings)), "title") == expected


@pytest.mark.parametrize(
    ("findings", "label", "right"),
    [
        ("2020-07-02T11:51:00+02:00", "2020-07-02T11:51", True),
        ("2020-07-02 11:51", "2020-07-02T11:51", True),
        ("2020-07-02", "2020-07-02T11:51", False),
        ("2020-07-02T00:00", "2020-07-02", True),
        ("2020-07-03", "2020-07-02", False),
    ],
)
def test_dates_count_to_the_minute_where_it_is_labelled(
    findings: str, label: str, right: bool
) -> None:
    scores = scored(Labels(modified=label), ArticleFindings(modified=findings))
    assert counts(scores, "dates") == ((1, 0, 0) if right else (0, 1, 1))


def test_themes_are_sets_of_folded_words() -> None:
    labels = Labels(themes=("Énergie", "Réemploi", "Textile"))
    findings = ArticleFindings(themes=("energie", "Énergie", "réemploi", "Suivre"))
    assert counts(scored(labels, findings), "themes") == (2, 1, 1)


def test_a_body_keeps_its_text_and_none_of_the_furniture() -> None:
    labels = Labels(
        body_must_contain=("l'atelier coud des masques", "tout est dit"),
        body_must_not_contain=("Se désabonner", "À lire aussi"),
    )
    findings = ArticleFindings(
        text="Ici **l’atelier** coud\ndes masques.\n\nA lire aussi : le temps qu'il fera"
    )
    assert counts(scored(labels, findings), "body") == (1, 1, 1)


def test_a_known_actor_is_found_by_its_id_whatever_its_name() -> None:
    scores = scored(
        labelled("Avel", PRODUCER, known="avel"),
        ArticleFindings(participations=(part("Saphir", PRODUCER, "avel"),)),
    )
    for field in ("participants", "known actors", "roles", "roles end to end"):
        assert counts(scores, field) == (1, 0, 0)


def test_another_known_actor_is_somebody_else_even_by_the_same_name() -> None:
    scores = scored(
        labelled("Avel", PRODUCER, known="avel"),
        ArticleFindings(participations=(part("Avel", PRODUCER, "avel-2"),)),
    )
    assert counts(scores, "participants") == (0, 1, 1)
    assert counts(scores, "roles") == (0, 0, 0)
    assert counts(scores, "roles end to end") == (0, 1, 1)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Une entreprise de cirage", True),
        ("le cirage", True),  # an alias
        ("l'entreprise", True),  # each word of it is one of the label's
        ("entreprise de ciragge", True),
        ("entreprise de BTP", False),
        ("l'", False),
    ],
)
def test_who_is_not_known_is_found_by_a_name_nearly_the_same(name: str, found: bool) -> None:
    labels = labelled("entreprise de cirage", PRODUCER, aliases=("cirage",))
    scores = scored(labels, ArticleFindings(participations=(part(name, PRODUCER),)))
    assert counts(scores, "participants") == ((1, 0, 0) if found else (0, 1, 1))


def test_participants_are_paired_one_to_one_the_most_alike_first() -> None:
    labels = Labels(
        participants=(participant("Rémy Martin", SUPPLIER), participant("Rémy Cointreau", BUYER))
    )
    findings = ArticleFindings(
        participations=(part("Rémy Cointreau", BUYER), part("Rémy", SUPPLIER))
    )
    scores = scored(labels, findings)
    assert counts(scores, "participants") == (2, 0, 0)
    assert counts(scores, "roles") == (2, 0, 0)


def test_roles_of_those_paired_and_end_to_end() -> None:
    labels = Labels(
        participants=(
            participant("Avel", PRODUCER, known="avel"),
            participant("Mairie", FACILITATOR, BUYER),
            participant("Merlet", SUPPLIER),
        )
    )
    findings = ArticleFindings(
        participations=(
            part("Avel", SUPPLIER, "avel"),  # wrong role: 1 wrong, 1 missed
            part("Mairie", BUYER),  # 1 right, 1 missed
            part("Sud Ouest", NETWORK),  # nobody: 1 wrong, end to end
        )
    )  # Merlet: 1 missed, end to end
    scores = scored(labels, findings)
    assert counts(scores, "participants") == (2, 1, 1)
    assert counts(scores, "roles") == (1, 1, 2)
    assert counts(scores, "roles end to end") == (1, 2, 3)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ((NETWORK,), (1, 0, 0)),
        ((FACILITATOR,), (1, 0, 0)),
        ((NETWORK, FACILITATOR), (1, 0, 0)),
        ((BUYER,), (0, 1, 1)),
        ((BUYER, NETWORK), (1, 1, 0)),
    ],
)
def test_where_two_careful_people_differ_either_is_right(
    roles: tuple[Role, ...], expected: tuple[int, int, int]
) -> None:
    either = LabelledParticipant("Biotop", roles=(frozenset({NETWORK, FACILITATOR}),))
    findings = ArticleFindings(participations=tuple(part("Biotop", role) for role in roles))
    assert counts(scored(Labels(participants=(either,)), findings), "roles") == expected


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ("produire des solutions hydro-alcooliques", (1, 0, 0)),
        ("hand sanitisers, hydroalcoolique", (0, 1, 1)),
        ("solution", (0, 1, 1)),
        ("", (0, 0, 1)),
    ],
)
def test_a_need_is_right_when_it_has_the_stem_of_each_keyword(
    findings: str, expected: tuple[int, int, int]
) -> None:
    labels = Labels(need="solution hydroalcoolique", need_keywords=("solution", "hydroalcoolique"))
    assert counts(scored(labels, ArticleFindings(need=findings)), "need") == expected


def test_who_careful_people_would_argue_about_counts_for_nothing() -> None:
    optional = LabelledParticipant("Région", roles=(frozenset({NETWORK}),), optional=True)
    labels = Labels(participants=(optional,))
    for found in ((), (part("la Région", BUYER),)):
        scores = scored(labels, ArticleFindings(participations=found))
        for name in ("participants", "roles", "roles end to end", "known actors"):
            assert counts(scores, name) == (0, 0, 0)
        assert all(band.proposals == 0 for band in scores.bands)


def test_confidence_is_compared_with_what_is_right() -> None:
    findings = ArticleFindings(
        participations=(
            part("Avel", PRODUCER, "avel", confidence=1.0),
            part("Avel", BUYER, "avel", confidence=0.8),
            part("Sud Ouest", NETWORK, confidence=0.1),
        )
    )
    scores = scored(labelled("Avel", PRODUCER, known="avel"), findings)
    bands = scores.bands
    assert [(band.start, band.proposals, band.right) for band in bands if band.proposals] == [
        (0.1, 1, 0),
        (0.8, 1, 0),
        (0.9, 1, 1),
    ]
    assert bands[8].mean_confidence == pytest.approx(0.8)
    assert bands[8].share_right == 0
    assert bands[2].share_right is None
    # 0.1 and 0.8 are wrong, 1.0 is right: (0.1 + 0.8 + 0) / 3
    assert scores.calibration_error == pytest.approx(0.3)


def test_what_is_filled_in_is_scored_by_itself() -> None:
    labels = Labels(participants=(participant("Avel", PRODUCER), participant("Merlet", SUPPLIER)))
    findings = ArticleFindings(
        participations=(
            part("Avel", PRODUCER, confidence=FILLED_IN),
            part("Merlet", SUPPLIER, confidence=FILLED_IN - 0.01),
            part("Sud Ouest", NETWORK, confidence=FILLED_IN - 0.01),
        )
    )
    scores = scored(labels, findings)
    assert counts(scores, "participants") == (2, 1, 0)
    assert counts(scores, "participants filled in") == (1, 0, 1)
    assert counts(scores, "roles filled in") == (1, 0, 1)
    assert [slip.what for slip in scores.slips if slip.field == "participants"] == ["Sud Ouest"]


def test_articles_add_up() -> None:
    scores = Scores()
    labels = Labels(title="Un titre")
    compare(scores, "a.txt", labels, ArticleFindings(title="Un titre"))
    compare(scores, "b.txt", labels, ArticleFindings(title="Un autre"))
    compare(scores, "c.txt", replace(labels, title=""), ArticleFindings())
    assert scores.articles == 3
    assert counts(scores, "title") == (1, 1, 1)
    line = (
        "title                      0.500   0.500   0.500   0.000 to 1.000       1      1       1"
    )
    assert line in score_lines(scores)


LABELS = """{"title": "T", "author": "", "author_job": "", "moderator": "", "moderator_job": "",
"date": "", "modified": "", "moderated": "", "themes": [], "need": "", "need_keywords": [],
"participants": [], "body_must_contain": ["x"], "body_must_not_contain": []}"""


def test_an_article_that_cannot_be_read_misses_everything(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(LABELS)
        (tmp_path / f"{name}.txt").write_text("x")

    def find(path: Path) -> ArticleFindings:
        if path.name == "a.txt":
            raise InputError("no_pdf")
        return ArticleFindings(title="T", text="x")

    scores = evaluate_articles(tmp_path, find)
    assert scores.unread == ["a.txt: is not a PDF"]
    assert counts(scores, "title") == (1, 0, 1)
    assert counts(scores, "body") == (1, 0, 1)
    assert score_json(scores)["unread"] == ["a.txt: is not a PDF"]


def test_what_an_article_and_its_proposals_say_is_compared() -> None:
    article = Article(
        title="T",
        text="x",
        author=Person("Jean Dupin", "maire"),
        moderator=Person("Ali Benali"),
        modified="2020-07-01",
        themes=("Achats",),
    )
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
        moderator="Ali Benali",
        modified="2020-07-01",
        themes=("Achats",),
        text="x",
        need="masques",
        participations=(FoundParticipation("Avel", "avel", PRODUCER, 0.7),),
    )
