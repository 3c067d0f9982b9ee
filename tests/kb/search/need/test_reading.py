"""Reading: needs taken apart."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kb.search.need.reading import read_need, readings
from kb.search.query import NeedPart, PartKind, parse

NEEDS = Path(__file__).parents[3] / "data" / "needs-read"


def needs_written() -> Iterator[tuple[str, str, list[str]]]:
    """Yields each need with its object and its parts."""
    for name in ("check.txt", "beside.txt"):
        for line in (NEEDS / name).read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                text, object_, *parts = line.split(" | ")
                yield text, object_, sorted(parts)


def parts_of(text: str, *left: str) -> list[str]:
    return sorted(f"{part.kind}: {part.text}" for part in read_need(text, left).parts)


def place_of(text: str) -> NeedPart:
    (place,) = (part for part in read_need(text).parts if part.kind is PartKind.PLACE)
    return place


def test_a_need_is_taken_apart() -> None:
    for text, object_, parts in needs_written():
        asked = parse(text).text
        assert (read_need(asked).object, parts_of(asked)) == (object_, parts), text


def test_a_place_a_deadline_or_a_question_mark_changes_no_object() -> None:
    for object_ in {object_ for _, object_, _ in needs_written()}:
        alone = read_need(parse(object_).text)
        for more in ("à Vitré", "near Saintes", "avant vendredi", "by Friday", "sous 72 h", "?"):
            with_more = read_need(parse(f"{object_} {more}").text)
            assert with_more.object == alone.object, more
            assert len(with_more.parts) == len(alone.parts) + (more != "?"), (object_, more)


def test_a_place_is_a_commune() -> None:
    cases: list[tuple[str, str, int]] = [
        ("gel près de Saintes", "Saintes (17)", 0), ("gel à 30 km de Saintes", "Saintes (17)", 30),
        ("gel within 20 miles of Saintes", "Saintes (17)", 32), ("gel au Mans", "Le Mans (72)", 0),
        ("gel à Saint-Denis (974)", "Saint-Denis (974)", 0),
        ("gel près de 16100", "Cognac (16)", 0), ("gel à saintes", "Saintes (17)", 0),
        ("ÉBÉNISTE PRÈS DE SAINTES", "Saintes (17)", 0),
    ]  # fmt: skip
    for text, label, within in cases:
        place = place_of(text)
        assert place.near
        assert (place.near.label, place.within) == (label, within)


def test_a_place_is_a_department_or_a_region() -> None:
    cases: list[tuple[str, set[str]]] = [
        ("gel dans le 16", {"16"}), ("gel en Charente-Maritime (17)", {"17"}),
        ("gel dans le Lot", {"46"}), ("gel dans le département de la Vienne", {"86"}),
        ("gel in Brittany", {"22", "29", "35", "56"}), ("gel en corse", {"2A", "2B"}),
    ]  # fmt: skip
    for text, departments in cases:
        assert set(place_of(text).departments) == departments


def test_what_could_be_of_the_product_is_no_part() -> None:
    cases: list[str] = [
        "gel de Nice", "vin de Bordeaux", "four à pain", "Four à Pain", "tampon au moule",
        "dans le lot de pièces", "transport de Limoges à Angoulême", "bijoux en or",
        "mise à jour de logiciels", "éclairage de secours 12 V", "planches 200 x 40 mm",
        "acier 304 plaques", "laboratoire de recherche en chimie", "C++", "porte-fût",
        "quatre-quarts", "jouets pour enfants", "un distributeur de pièces de 2 euros", "20 000",
        "avant vendredi", "à Saintes",
    ]  # fmt: skip
    for text in cases:
        assert parts_of(text) == []


def test_all_that_sentences_ask_for_is_the_object() -> None:
    text = (
        "Nous cherchons 200 chaises pliantes avant le 10 mai. Il nous faut aussi un barnum. "
        "Nous avons besoin de 3 fours à pizza à Niort."
    )
    assert read_need(text).object == "chaises pliantes, un barnum, fours à pizza"
    assert parts_of(text) == [
        "deadline: avant le 10 mai", "place: à Niort", "quantity: 200", "quantity: 3",
    ]  # fmt: skip


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


def test_readings_are_no_plurals_of_each_other() -> None:
    assert "face masks" not in readings(parse("mask"), "en")
    assert len(readings(parse("masque"), "fr")) > 1


def test_what_is_asked_is_told_without_gaps() -> None:
    for text, told in (
        ("laver et repasser 200 kg de linge par semaine", "laver et repasser 200 kg de linge"),
        ("besoin de 500 savons pour juin", "savons"),
        ("besoin : savon", "savon"),
        ("Qui peut découper 300 m² de bâche ?", "découper 300 m² de bâche"),
        ("cut 3 tonnes of steel by Friday", "cut 3 tonnes of steel"),
        ("bottles near Saintes", "bottles"),
    ):
        asked = parse(text)
        reading = read_need(asked.text)
        asked = replace(asked, text=reading.rest, need=reading.object, reading=reading)
        assert asked.told == told
