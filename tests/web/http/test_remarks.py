"""What readers say in the visitor's language."""

from string import Formatter

import pytest

from kb.messages import MESSAGES
from kb.remarks import Remark
from web.http.i18n import Language, translations
from web.http.labels import LocalizedText, localized


@pytest.mark.parametrize(
    ("remark", "french"),
    [
        (Remark("empty"), "Ce fichier est vide."),
        (Remark("more_than_mb", most=20), "Plus de 20\u00a0Mo\u00a0: envoyez-en moins à la fois."),
        (
            Remark("wrong_department", "department", value="99X", reason="'99X' is not a …"),
            "«\u00a099X\u00a0» n’est pas un département français.",
        ),
        (
            Remark("id_of_row", "id", id="a", row="4"),
            "L’identifiant «\u00a0a\u00a0» est déjà celui de la ligne 4.",
        ),
        (
            Remark("too_long", "source_url", count=600, most=500),
            "Lien vers la source\u00a0: 600 caractères, 500 au plus.",
        ),
    ],
)
def test_what_readers_say_has_words_in_french(remark: Remark, french: str) -> None:
    assert localized(remark, Language.FR) == LocalizedText(french)


def names(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


@pytest.mark.parametrize("code", MESSAGES)
def test_french_is_filled_in_with_values_that_are_given(code: str) -> None:
    message = MESSAGES[code]
    french = translations(Language.FR).gettext(message)
    # `value` is what stands in the field, which the reason of a wrong department quotes.
    assert names(french) <= names(message) | {"value"}
