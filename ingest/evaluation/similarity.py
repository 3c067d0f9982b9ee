"""When what is found is the same as a label, and how alike two names are."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from kb.text.analysis import FUNCTION_WORDS, stems, words


def same_text(found: str, label: str) -> bool:
    """Whether texts are the same but for case, accents and punctuation."""
    return folded(found) == folded(label)


def same_person(found: str, label: str) -> bool:
    """Whether names of persons are the same, without regard to the order of their parts."""
    return sorted(folded(found).split()) == sorted(folded(label).split())


def same_date(found: str, label: str) -> bool:
    """Whether dates are the same to the minute where the label has a time, else to the day."""
    return found.replace(" ", "T")[: len(label)] == label.replace(" ", "T")


def meets_need(need: str, keywords: Sequence[str]) -> bool:
    """Whether a need has the stem of each keyword, or of any of its alternatives."""
    found = {stem for word in words(need) for stem in stems(word)}
    return all(
        any(found & stems(word) for each in keyword.split("|") for word in words(each))
        for keyword in keywords
    )


def name_likeness(name: str, other: str) -> tuple[float, float]:
    """How alike two names are, 0 to 100, and letter by letter, for ties.

    100 where either has all the words of the other, else how alike the sorted words are.

    This is rapidfuzz's `token_set_ratio` but for names that share a common word and differ in a
    short one ("entreprise de BTP", "entreprise de cirage"), which it would take for the same.
    """
    words_of, words_of_other = _distinctive(name), _distinctive(other)
    if not words_of or not words_of_other:
        return (0.0, 0.0)
    sorted_ratio = fuzz.ratio(" ".join(sorted(words_of)), " ".join(sorted(words_of_other)))
    if words_of <= words_of_other or words_of_other <= words_of:
        return (100.0, sorted_ratio)
    return (sorted_ratio, sorted_ratio)


def _distinctive(name: str) -> set[str]:
    forms = folded(name).split()
    return {form for form in forms if form not in FUNCTION_WORDS} or set(forms)


def folded(text: str) -> str:
    """The folded words of a text, those with hyphens joined: the same for spellings of one text."""
    return " ".join(word.forms[-1] for word in words(text))
