"""The portraits: every row is a firm of a known class with five needs."""

from kb.reference.portraits import portraits
from kb.reference.trades import trades


def test_every_portrait_is_of_a_class_with_five_needs() -> None:
    codes = [portrait.code for portrait in portraits()]
    assert codes == sorted(codes)
    assert set(codes) <= {trade.code for trade in trades()}
    assert {portrait.lang for portrait in portraits()} == {"fr", "en"}
    assert all(len(set(one.needs)) == 5 and all(one.needs) for one in portraits())
    texts = [portrait.text for portrait in portraits()]
    assert all(texts)
    assert len(set(texts)) == len(texts)
