"""What readers say in the visitor's language."""

from string import Formatter

from kb.messages import MESSAGES
from kb.remarks import Remark
from web.http.i18n import Language, translations
from web.http.labels import LocalizedText, localized


def test_what_readers_say_has_words_in_french() -> None:
    wrong = Remark("wrong_department", "department", value="99X", reason="'99X' is not a …")
    for remark, french in (
        (Remark("more_than_mb", most=20), "Plus de 20\u00a0Mo\u00a0: envoyez-en moins à la fois."),
        (wrong, "«\u00a099X\u00a0» n’est pas un département français."),
        (
            Remark("too_long", "source_url", count=600, most=500),
            "Lien vers la source\u00a0: 600 caractères, 500 au plus.",
        ),
    ):
        assert localized(remark, Language.FR) == LocalizedText(french)


def names(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def test_french_is_filled_in_with_values_that_are_given() -> None:
    for code, message in MESSAGES.items():
        french = translations(Language.FR).gettext(message)
        # `value` is what stands in the field, which the reason of a wrong department quotes.
        assert names(french) <= names(message) | {"value"}, code
