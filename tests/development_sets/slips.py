"""How well slips of the keyboard are corrected, and how often a right word is, too.

    python -m tests.development_sets.slips BASE DATA

A slip is made in one word of each phrase of an activity index or nomenclature (`DATA`, files with a
column `text`): a letter left out, doubled, replaced by its neighbour on the keyboard, swapped with
the next, or a French spelling by another of the same sound. The hash of a phrase chooses the word,
the slip, and the split: *tune* to choose by, *test* to tell. Right phrases are those of
`everyday.tsv`, as they are, and of the same files.
"""

import csv
import random
import re
import sys
from hashlib import sha256
from pathlib import Path

from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from kb.text.folding import fold
from tests.development_sets.built import held

FILES = ("nacebel2008_fr.tsv", "rome_competences_fr.tsv", "uksic2007_index_en.tsv")
PHRASES = 400
"""How many phrases of each file are read, by their hash."""

NEIGHBOURS = {
    "a": "zq", "z": "ae", "e": "zr", "r": "et", "t": "ry", "y": "tu", "u": "yi", "i": "uo",
    "o": "ip", "p": "om", "q": "as", "s": "qd", "d": "sf", "f": "dg", "g": "fh", "h": "gj",
    "j": "hk", "k": "jl", "l": "km", "m": "lp", "w": "xs", "x": "wc", "c": "xv", "v": "cb",
    "b": "vn", "n": "b",
}  # fmt: skip
SOUNDS = (
    *(("ph", "f"), ("qu", "k"), ("eau", "o"), ("au", "o"), ("ss", "s"), ("mm", "m")),
    *(("nn", "n"), ("ll", "l"), ("tt", "t"), ("an", "en"), ("en", "an"), ("ai", "e")),
)


def slipped(word: str, chance: random.Random) -> str:
    """The word with one slip; itself if the slip changes nothing."""
    at = chance.randrange(1, len(word) - 1)
    letter = word[at]
    match chance.randrange(5):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + letter + word[at:]
        case 2:
            return word[:at] + chance.choice(NEIGHBOURS.get(letter, "e")) + word[at + 1 :]
        case 3:
            return word[:at] + word[at + 1] + letter + word[at + 2 :]
        case _:
            fitting = [pair for pair in SOUNDS if pair[0] in word[1:]]
            written, other = chance.choice(fitting or [(letter, letter * 2)])
            return word[0] + word[1:].replace(written, other, 1)


def phrases(data: Path) -> list[str]:
    found = []
    for name in FILES:
        with (data / name).open(encoding="utf-8", newline="") as file:
            texts = {row["text"] for row in csv.DictReader(file, delimiter="\t")}
        short = (text.lower() for text in texts if len(text) <= 80)
        found += sorted(short, key=lambda text: sha256(text.encode()).digest())[:PHRASES]
    return found


def split_of(text: str) -> str:
    return "test" if sha256(text.encode()).digest()[0] % 2 else "tune"


def main(base: Path, data: Path) -> None:
    knowledge_base = KnowledgeBase.open(Settings(kb=base))
    meant = knowledge_base.spelling.meant
    with held("", "everyday.tsv").open(encoding="utf-8", newline="") as file:
        everyday = [row["query"] for row in csv.DictReader(file, delimiter="\t")]
    open_phrases = phrases(data)
    for split in ("tune", "test"):
        for name, right in (("everyday", everyday), ("open", open_phrases)):
            of_split = [text for text in right if split_of(text) == split]
            wrong = [(text, meant(text)) for text in of_split if meant(text)]
            print(
                f"{split}, {name}: {len(wrong)} of {len(of_split)} right phrases corrected",
                wrong[:12],
            )
        made = offered = right_ones = 0
        for text in (text for text in open_phrases if split_of(text) == split):
            chance = random.Random(text)
            long = list(re.finditer(r"[^\W\d_]{5,}", text))
            if not long:
                continue
            word = chance.choice(long)
            slip = slipped(word.group(), chance)
            if slip == word.group():
                continue
            made += 1
            answer = meant(text[: word.start()] + slip + text[word.end() :])
            offered += bool(answer)
            right_ones += fold(answer) == fold(text)
        print(f"{split}: {made} slips, {offered} corrected, {right_ones} rightly")
    knowledge_base.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
