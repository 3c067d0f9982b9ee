import re
from collections import Counter

from kb.reference import trades as tables
from kb.reference.roles import ROLES, Role
from kb.reference.trades import LexiconKind, Trade, conversions, lexicon, means_of, trade_of, trades

# The classes that each division of NACE Rev. 2 has; the other numbers are not divisions.
CLASSES_OF_DIVISIONS = (
    "01:31 02:4 03:4 05:2 06:2 07:3 08:6 09:2 10:25 11:7 12:1 13:10 14:8 15:3 16:6 17:7 18:5 19:2 "
    "20:16 21:2 22:6 23:24 24:16 25:17 26:10 27:10 28:21 29:4 30:8 31:4 32:9 33:9 35:8 36:1 37:1 "
    "38:6 39:1 41:2 42:7 43:13 45:6 46:48 47:37 49:8 50:4 51:3 52:6 53:2 55:4 56:4 58:7 59:5 60:2 "
    "61:4 62:4 63:4 64:7 65:4 66:7 68:4 69:2 70:3 71:3 72:3 73:3 74:4 75:1 77:12 78:3 79:3 80:3 "
    "81:5 82:7 84:9 85:11 86:5 87:4 88:3 90:4 91:4 92:1 93:6 94:6 95:8 96:5 97:1 98:2 99:1"
)


def test_each_class_has_one_trade_in_order() -> None:
    codes = [trade.code for trade in trades()]
    assert all(re.fullmatch(r"[0-9]{2}\.[0-9]{2}", code) for code in codes)
    assert codes == sorted(set(codes))
    found = Counter(code[:2] for code in codes)
    assert " ".join(f"{division}:{n}" for division, n in found.items()) == CLASSES_OF_DIVISIONS
    assert len(codes) == 615


PERFUMES = Trade(
    "20.42",
    "parfums, crèmes, maquillage, shampooings et savons de toilette : "
    "formulation, fabrication, mise en flacon",
    "perfumes, creams, make-up, shampoos and toilet soaps, formulated, made and bottled",
)


def test_a_trade_is_found_by_its_code_however_written() -> None:
    for code in ["20.42Z", "2042Z", "20.42", "2042", "20.42z", "2042z", " 20.42Z\n"]:
        assert trade_of(code) == PERFUMES


def test_what_is_no_class_has_no_trade() -> None:
    cases: list[str] = [
        "", " ", "20", "204", "20.4", "20.4Z", "C", "20.40Z", "00.00Z", "20.422", "20.42ZZ",
        "20,42Z", "20 42Z", "20.42.1", "-20.42", "Z2042", "parfums", "2 042Z", "٢٠.٤٢",
    ]  # fmt: skip
    for code in cases:
        assert trade_of(code) is None


def test_every_conversion_is_told_in_both_languages() -> None:
    known = conversions()
    assert len({one.id for one in known}) == len(known)
    for one in known:
        assert one.firm
        assert all((*one.trade.values(), *one.product.values()))
        assert one.trade.keys() == one.product.keys() == {"fr", "en"}
        assert re.fullmatch(r"[A-Z]{2}", one.country)
        assert re.fullmatch(r"(1[89]|20)\d\d", one.year)
    assert {one.role for one in known} == set(tables.ROLES.values())


def test_every_class_makes_and_could_make_things_in_both_languages() -> None:
    codes = [phrase.code for phrase in lexicon()]
    assert codes == sorted(codes)
    known = {trade.code for trade in trades()}
    for lang in ("fr", "en"):
        for kind in (LexiconKind.MAKES, LexiconKind.COULD):
            told = {p.code for p in lexicon() if (p.lang, p.kind) == (lang, kind)}
            assert told == known


def test_every_role_has_its_traits() -> None:
    assert list(ROLES) == list(Role)
    for role, traits in ROLES.items():
        assert traits.label, role
        assert traits.french, role
        assert 0 < traits.endorsement_share <= 1, role
        assert 0 <= traits.precedent_share <= 1, role


def test_means_that_sound_like_a_crime_are_not_shown() -> None:
    for lang, phrase in (("fr", "outils de crochetage"), ("en", "lock picks")):
        assert any(one.text == phrase for one in lexicon())
        assert phrase not in means_of("80.20", lang)
        assert len(means_of("80.20", lang)) > 3
