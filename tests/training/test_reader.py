"""What the labels of an article say of its text, before anything is learnt from it."""

from tests.article_evaluation.labels import LabelledParticipant, Labels
from tests.training.reader import mentions_of

TEXT = (
    "Des restaurants donnent leurs coquilles. L'entreprise Olive les broie, Olive les vend ; "
    "l'huile d'olive n'y est pour rien. Les restaurants de l'île, eux, attendent."
)


def test_the_mentions_of_participants_are_found_by_all_their_names() -> None:
    labels = Labels(
        participants=(
            LabelledParticipant("Olive", ("l'entreprise Olive",)),
            LabelledParticipant("Des restaurants"),
        )
    )
    found = [(TEXT[start:end], number) for start, end, number in mentions_of(TEXT, labels)]
    assert found == [
        ("restaurants", 1), ("entreprise Olive", 0), ("Olive", 0), ("restaurants", 1),
    ]  # fmt: skip
