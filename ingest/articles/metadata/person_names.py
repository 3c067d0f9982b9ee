"""Names of persons and their jobs, as bylines write them."""

import re
from itertools import pairwise

from ingest.articles import lexicon
from ingest.articles.article import Person
from ingest.articles.typography import plain

_CIVILITY = r"(?:(?:M\.|MM\.|Mme|Mlle|Mr\.?|Mrs\.?|Ms\.?|Miss|Dr\.?|Pr\.?|Prof\.?|Me)[  ])?"
_PARTICLE = r"(?:d[eu]s?|d[’']|l[ae]s?|l[’']|van|von|der|den|da|di|do|dos|el|al|ben|bin|ter|y)"
_LETTERS = r"[^\W\d_]"
_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪĮİĶĹĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŹŻŽ]"
_NAME_WORD = rf"{_CAPITAL}(?:{_LETTERS}|[’'.-](?=\w|\b|[ ]|-[A-Z]))*\.?"
PERSON = re.compile(
    rf"(?P<civility>{_CIVILITY})(?P<name>{_NAME_WORD}"
    rf"(?:[  ](?:{_PARTICLE}[  ]?){{0,2}}{_NAME_WORD}){{1,4}})"
)
_SURNAME_FIRST = re.compile(
    rf"(?P<last>{_CAPITAL}{{2,}}(?:[’' -]{_CAPITAL}{{2,}}){{0,3}}),[  ]+(?P<first>{_NAME_WORD}"
    rf"(?:[ -]{_NAME_WORD})?)(?![\w])"
)
_SHOUTED = re.compile(rf"(?<![\w.]){_CAPITAL}{{2,}}(?![\w.])")
_ALONE = re.compile(rf"(?P<civility>{_CIVILITY})(?P<name>[\w.@-]{{3,40}})")
_ORGANISATION = re.compile(rf"\b{lexicon.any_of('organisation_signs')}\b")
_NOT_A_NAME = re.compile(rf"^{lexicon.any_of('not_names')}\b(?!\.)")
_WRITTEN = re.compile(
    "|".join(
        lexicon.any_of("labels", section) + r"e?s?\b"
        for section in ("written_french", "written_english", "changed_french", "changed_english")
    )
)
_JOB_WORD = re.compile(
    rf"\b(?:{lexicon.any_of('jobs', 'french')}|{lexicon.any_of('jobs', 'english')})"
)
_JOINT = re.compile(
    r"\s+(?:et|and|&)\s+|,?\s+(?:avec (?:la (?:collaboration|participation|contribution) d[e'’]"
    r"|l['’]aide d[e'’])|with (?:the help of )?)\s*|,\s+"
)
_NEXT_SENTENCE = re.compile(r"(?<=[^\W\d_]{3})\.(?=\s)")
_AFTER_NAME = re.compile(
    r"[  ]*(?:,[  ]+|\((?P<bracket>)|[  ][–—-][  ]+|[|·][  ]*|/[  ]*)"
    r"(?P<job>[^()|·—–\n]+?)"
    r"(?=\)|[|·—–]|[  ]-[  ]|[,.;]?[  ]+(?:le|on)[  ]+\d|,[  ]+(?:le[  ]|\d)|[,;.]?[  ]*$|[.;][  ])"
)
MAX_JOB_CHARS = 90


def is_person(text: str) -> bool:
    match = PERSON.fullmatch(text.strip())
    return match is not None and _could_be_a_person(match["name"])


def is_organisation(text: str) -> bool:
    return bool(_ORGANISATION.search(plain(text)))


def is_name_of_organisation(text: str) -> bool:
    """Whether a line is the name of an organisation: it opens with a word for a kind of them."""
    match = _ORGANISATION.match(plain(text))
    return bool(match) and len(text.split()) <= 7 and not re.search(r"[?!;,]|\.$", text)


def is_job(text: str) -> bool:
    text = text.strip()
    return len(text) <= MAX_JOB_CHARS and bool(_JOB_WORD.search(plain(text)))


def bare_name(text: str) -> str:
    """The name without its civility: `M. Jean Lahitte` is `Jean Lahitte`."""
    match = PERSON.fullmatch(text.strip()) or _ALONE.fullmatch(text.strip())
    return _spoken(match["name"]) if match else text.strip()


def _spoken(name: str) -> str:
    """The name as sentences write it: `Anne-Marie LE GOFF` is `Anne-Marie Le Goff`."""
    spoken = _SHOUTED.sub(lambda shouted: shouted.group().capitalize(), name)
    return spoken[:-1] if re.search(r"[^\W\d_]{2}\.$", spoken) else spoken


def person_at(text: str, position: int) -> tuple[Person, int]:
    """Returns the person named at a position, without name if none is, and where that ends.

    With a job: "Anne Roy, cheffe de projet". "Anne Roy et Paul Lin" is one with several names.
    """
    reversed_name = _SURNAME_FIRST.match(text, position)
    if (
        reversed_name
        and _could_be_a_person(reversed_name[0])
        and not is_job(reversed_name["first"])
    ):
        name = _spoken(f"{reversed_name['first']} {reversed_name['last']}")
        job, end = _job_at(text, reversed_name.end())
        return Person(name, job), end
    match = PERSON.match(text, position)
    if not match or not _could_be_a_person(match["name"]):
        return Person(), position
    words = list(re.finditer(r"[^ \u00a0]+", match["name"]))
    for before, word in pairwise(words[1:]):
        begins = plain(text[match.start("name") + word.start() :])
        if _WRITTEN.match(begins) or (
            before[0].endswith(".") and _NOT_A_NAME.match(plain(word[0]))
        ):
            # "Anne R. Contact : …", "Anne Roy Publié le …": another thing begins after the name.
            end = match.start("name") + before.end()
            return Person(_spoken(match["name"][: before.end()])), end
    if over := _NEXT_SENTENCE.search(match["name"]):
        # "Jane Miller. Edited by …": the sentence ends with the name.
        end = match.start("name") + over.start()
        return Person(_spoken(text[match.start("name") : end])), end
    names, end = [_spoken(match["name"])], match.end()
    while joint := _JOINT.match(text, end):
        other = PERSON.match(text, joint.end())
        if not other or not _could_be_a_person(other["name"]) or is_job(other["name"]):
            break
        names.append(_spoken(other["name"]))
        end = other.end()
    job, end = _job_at(text, end)
    return Person(", ".join(names), job), end


def person_named(text: str) -> Person:
    person, end = person_at(text, 0)
    return person if person.name and end >= len(text) else Person(bare_name(text))


def _job_at(text: str, position: int) -> tuple[str, int]:
    if not (match := _AFTER_NAME.match(text, position)):
        return "", position
    job = match["job"].strip(" ,;.")
    if not job or not is_job(job) or len(job.split()) > 14:
        return "", position
    job = job.lower() if job.isupper() else job
    first, *parts = job.split(", ")
    # "chargée de mission, Club du plateau": the last part is where, not what.
    what = [part for part in parts
            if is_job(part) or (part[:1].islower() and not re.search(r"\d", part))]  # fmt: skip
    job = ", ".join([first, *what])
    end = match.end()
    return job, end + 1 if text[end : end + 1] == ")" else end


def _could_be_a_person(name: str) -> bool:
    folded = plain(name)
    return not (
        _ORGANISATION.search(folded) or _NOT_A_NAME.match(folded) or _JOB_WORD.match(folded)
    )
