from kb.text.phonetics import slips, sound


def test_what_sounds_the_same() -> None:
    cases: list[tuple[list[str], str]] = [
        (["cointreau", "kointrau", "cointrot"], "kointro"),
        (["photographie", "fotografi"], "fotografi"), (["guyenne", "guienne"], "gien"),
        (["charantaise", "charentaises"], "$arantes"), (["jcd"], "jcd"),
    ]  # fmt: skip
    for spellings, sounded in cases:
        assert {sound(spelling) for spelling in spellings} == {sounded}


def test_words_one_slip_apart_share_one() -> None:
    for slipped in ("merlt", "mmerlet", "merket", "emrlet"):
        assert slips("merlet") & slips(slipped)
    assert not slips("merlet") & slips("taransaud")
