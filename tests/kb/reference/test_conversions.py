"""The conversions: every row is a firm, its trade and its product, in both languages."""

import re

from kb.reference.trades import ROLES, conversions


def test_every_conversion_is_told_in_both_languages() -> None:
    known = conversions()
    assert len({one.id for one in known}) == len(known)
    for one in known:
        assert one.firm
        assert all((*one.trade.values(), *one.product.values()))
        assert one.trade.keys() == one.product.keys() == {"fr", "en"}
        assert re.fullmatch(r"[A-Z]{2}", one.country)
        assert re.fullmatch(r"(1[89]|20)\d\d", one.year)
    assert {one.role for one in known} == set(ROLES.values())
