"""What a single word may mean."""

from kb.search.need.readings import readings
from kb.search.query import parse


def test_a_word_of_several_trades_has_a_reading_for_each() -> None:
    found = readings(parse("pompe"), "fr")
    assert len(found) > 1
    assert all(reading.startswith("pompe") for reading in found)
    assert readings(parse("qui fabrique des pompes ?"), "fr") == found
    assert len({*found}) == len(found)


def test_a_need_of_several_words_or_of_none_that_is_known_has_no_readings() -> None:
    assert readings(parse("pompe à eau"), "fr") == ()
    assert readings(parse("zyglotron"), "fr") == ()


def test_readings_are_in_the_language_of_the_reader() -> None:
    assert all(reading.endswith(("pump", "pumps")) for reading in readings(parse("pump"), "en"))
