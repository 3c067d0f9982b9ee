from kb.resolution.places import Nearness, nearness, place_of


def test_places_are_as_near_as_they_are_today() -> None:
    cases: list[tuple[tuple[str, str], tuple[str, str], Nearness]] = [
        (("Saint-Junien", "87"), ("ST JUNIEN", "87"), Nearness.SAME_TOWN),
        (("Angoulême", "16"), ("ANGOULEME CEDEX 9", "16"), Nearness.SAME_TOWN),
        (("Cran-Gevrier", "74"), ("Annecy", "74"), Nearness.SAME_TOWN),
        (("Brive", "19"), ("Brive-la-Gaillarde", "19"), Nearness.SAME_TOWN),
        (("Cognac", "16"), ("Cognac", ""), Nearness.SAME_TOWN),
        (("Merpins", "16"), ("Cognac", "16"), Nearness.SAME_GROUPING),
        (("Cognac", "16"), ("Ruffec", "16"), Nearness.OTHER_TOWN),
        (("Cognac", "16"), ("", "16"), Nearness.SAME_DEPARTMENT),
        (("Saint-Martin", "32"), ("Saint-Martin", "65"), Nearness.FAR),
        (("Cognac", ""), ("Ruffec", ""), Nearness.FAR),
        (("Cognac", "16"), ("", ""), Nearness.UNKNOWN),
    ]  # fmt: skip
    for left, right, near in cases:
        assert nearness(place_of(*left), place_of(*right)) is near
        assert nearness(place_of(*right), place_of(*left)) is near
