import pytest

from kb.text.phonetics import MOST_SLIP_CHARS, slips, sound, sounds


@pytest.mark.parametrize(
    ("spellings", "sounded"),
    [
        (["cointreau", "kointrau", "cointrot"], "kointro"),
        (["photographie", "fotografi"], "fotografi"),
        (["guyenne", "guienne"], "gien"),
        (["charantaise", "charentaises"], "$arantes"),
        (["jcd"], "jcd"),
    ],
)
def test_what_sounds_the_same(spellings: list[str], sounded: str) -> None:
    assert {sound(spelling) for spelling in spellings} == {sounded}


def test_many_words_sound_as_each_does_by_itself() -> None:
    words = ["agen", "prom", "bois", "ain", "eau", "jcd", "charentaises", "étés", "mp3", "merlets"]
    assert sounds(words) == {word: sound(word) for word in words}
    assert sounds([]) == {}


def test_words_one_slip_apart_share_one() -> None:
    for slipped in ("merlt", "mmerlet", "merket", "emrlet"):
        assert slips("merlet") & slips(slipped)
    assert not slips("merlet") & slips("taransaud")


def test_a_word_that_is_no_name_has_few_keys() -> None:
    assert len(slips("ab" * (MOST_SLIP_CHARS // 2))) > MOST_SLIP_CHARS
    assert slips("ab" * 3_000) == {"ab" * 3_000, "_" + sound("ab" * 3_000).replace("a", "")}
