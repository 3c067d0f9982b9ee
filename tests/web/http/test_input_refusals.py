"""Refusals of the readers in the visitor's language."""

import pytest

from kb.errors import InputError
from web.http.i18n import Language
from web.http.input_refusals import Told, told


@pytest.mark.parametrize(
    ("reason", "french"),
    [
        ("is empty", "Ce fichier est vide."),
        ("gel.pdf has more than 20 MB", "Plus de 20\u00a0Mo\u00a0: envoyez-en moins à la fois."),
        (
            "is encrypted: save it without its password",
            "Ce fichier est chiffré ou protégé par un mot de passe\u00a0: enregistrez-le sans, "
            "puis envoyez-le.",
        ),
        ("takes longer than 60 seconds to read: paste its text",
         "C’est trop volumineux\u00a0: envoyez l’article seul, ou collez son texte."),
        ("department '99X' is not a department of France",
         "«\u00a099X\u00a0» n’est pas un département français."),
        ("id 'a' was already given by row 4",
         "L’identifiant «\u00a0a\u00a0» est déjà celui de la ligne 4."),
        ("'localhost' is at 127.0.0.1, which is no public address: it is not fetched",
         "Cette adresse n’est pas du web public\u00a0: elle n’est pas consultée."),
    ],
)  # fmt: skip
def test_what_contributors_are_likely_to_meet_has_words_in_french(reason: str, french: str) -> None:
    found = told(InputError(reason), Language.FR)
    assert (found.text, found.lang) == (french, "")


def test_another_refusal_is_shown_as_it_is_and_marked_as_english() -> None:
    assert told(InputError("something quite new"), Language.FR) == Told("something quite new", "en")


def test_english_readers_have_the_readers_own_words() -> None:
    assert told(InputError("is empty"), Language.EN) == Told("is empty")
