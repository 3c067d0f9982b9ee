"""Mutations: an honest file, changed a little, so that it is still read far into its format."""

import copy
import io
import random
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

Mutation = Callable[[bytes, random.Random], bytes]
"""Changes a file. `random.Random` decides, so that the same seed changes it in the same way."""

MOST_BYTES = 1 << 16
"""The longest input."""

_MOST_UNPACKED_BYTES = 1 << 21
_MOST_TIMES = 300
_MOST_PIECE = 40

_ODD = (
    b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n\n", b"\t", b"\x0b",
    b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\x8f", b"\xf0\x9f\xa7\xaa", b"\xcc\x81", b"\xd9\xa3",
    b"\xc2\xb2", b"-1", b"0", b"1e999", b"NaN", b"-0", b"9" * 30, b"4294967296", b"0x10", b"%s",
    b"%00", b"%n", b"{}", b"{{", b"{%", b"[[", b"]]>", b"<!--", b"-->", b"<![CDATA[", b"&#0;",
    b"&#xd800;", b"&#1114112;", b"&amp;", b"&", b"<", b">", b"</", b"/>", b"<?", b"<!", b"'", b'"',
    b"\\", b"\\u0000", b"\\ud800", b"|", b";", b",", b":", b"=", b"#", b"@", b"(", b")", b"*", b"_",
    b"`", b"~", b"!", b"javascript:", b"data:text/html,", b"//", b"file:///", b"http://[",
    b"2020-02-30", b"0000-00-00", b"99/99/9999", b"24:60", b"+33", b"a@b", b"AND", b"NEAR(", b"--",
    b"<p>", b"<script>", b"<svg onload=1>", b"<td colspan=99999>", b"<a href=' javascript:x'>",
)  # fmt: skip
"""What parsers trip over: odd characters and numbers, beginnings without an end, schemes."""


def mutated(content: bytes, chance: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """Some bytes of a text changed; `words` are what it may be given beside the odd ones."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        _change(changed, chance, words)
    return bytes(changed[:MOST_BYTES])


def _change(changed: bytearray, chance: random.Random, words: Sequence[bytes]) -> None:
    start = chance.randrange(len(changed) + 1)
    end = min(len(changed), start + chance.randint(1, _MOST_PIECE))
    match chance.randrange(9):
        case 0:
            changed[start:end] = chance.randbytes(chance.randint(0, 4))
        case 1:
            del changed[start:end]
        case 2:
            changed[start:start] = changed[start:end]
        case 3:
            other = chance.randrange(len(changed) + 1)
            changed[other:other] = changed[start:end]
        case 4:
            # Many times the same: time that grows with the square of it shows.
            changed[start:start] = changed[start:end] * chance.randint(2, _MOST_TIMES)
        case 5:
            changed[start:start] = chance.choice(_ODD) * chance.choice((1, 1, 1, 2, _MOST_TIMES))
        case 6:
            digits = [at for at, byte in enumerate(changed) if 0x30 <= byte <= 0x39]
            if digits:
                at = chance.choice(digits)
                changed[at : at + 1] = chance.choice((b"-1", b"0", b"9", b"99999999", b"x", b"1.5"))
        case 7:
            changed[start:start] = chance.choice(words or _ODD)
        case _:
            del changed[start : start + chance.randrange(1, len(changed) + 2)]


def text_with(words: Sequence[bytes]) -> Mutation:
    """The mutation of a text, or of any bytes, that is given these words."""
    return lambda content, chance: mutated(content, chance, words)


def archive_with(
    words: Sequence[bytes], honest: Callable[[], Sequence[bytes]], *, seldom: Sequence[str] = ()
) -> Mutation:
    """The mutation of a zip archive: a file in it is changed, left out, or there twice.

    Once in a while it is the archive itself; one that cannot be opened any more is left for an
    honest one. Files whose names end with `seldom` are let alone.
    """

    def mutate(content: bytes, chance: random.Random) -> bytes:
        if chance.random() < 0.03:
            return mutated(content, chance)
        members = _members(content) or _members(chance.choice(honest()))
        if not members:
            return mutated(content, chance)
        often = [at for at, (name, _) in enumerate(members) if not name.endswith(tuple(seldom))]
        at = chance.choice(often or range(len(members)))
        name, inner = members[at]
        match chance.randrange(12):
            case 0:
                del members[at]
            case 1:
                members.append((name, mutated(inner, chance, words)))
            case 2:
                members[at] = (name, chance.choice(members)[1])
            case 3 | 4 | 5:
                members[at] = (name, mutated(inner, chance, words))
            case _:
                members[at] = (name, changed_tree(inner, chance))
        packed = zipped(members)
        return packed if len(packed) <= MOST_BYTES else content

    return mutate


_TEXTS = (
    "", " ", "x" * 5000, "\n", "0", "-1", "99999999999", "1.5e300", "é\u0301", "\u200f", "true",
    "#REF!", "2020-02-30", "../../x", "http://[", "javascript:x", "A1:XFD1048576", "&lt;", "rId1",
    "45000",
)  # fmt: skip


def changed_tree(content: bytes, chance: random.Random) -> bytes:
    """XML that is still XML: elements left out, repeated, moved, within each other, or altered."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False))
    except (etree.XMLSyntaxError, ValueError):
        return mutated(content, chance)
    for _ in range(chance.choice((1, 1, 2, 4))):
        inner = [one for one in root.iter() if isinstance(one.tag, str) and one is not root]
        if inner:
            _change_element(chance.choice(inner), chance.choice(inner), chance)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _change_element(one: Any, other: Any, chance: random.Random) -> None:
    parent = one.getparent()
    match chance.randrange(7):
        case 0:
            parent.remove(one)
        case 1:
            for _ in range(chance.choice((1, 2, 50))):
                parent.append(copy.deepcopy(one))
        case 2:
            other.append(copy.deepcopy(one))
        case 3:
            for _ in range(chance.choice((1, 5, 120))):
                outer = etree.Element(one.tag, one.attrib)
                one.getparent().replace(one, outer)
                outer.append(one)
        case 4 if one.attrib:
            one.set(chance.choice(list(one.attrib)), chance.choice(_TEXTS))
        case 5 if one.attrib:
            del one.attrib[chance.choice(list(one.attrib))]
        case _:
            one.text = chance.choice((*_TEXTS, other.text))


def _members(content: bytes) -> list[tuple[str, bytes]]:
    """The files of an archive, none where it is damaged or long."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > _MOST_UNPACKED_BYTES:
                return []
            return [(info.filename, archive.read(info)) for info in infos]
    except Exception:  # noqa: BLE001 (an archive that was changed fails in many ways)
        return []


def zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    """An archive of files, which may have the same name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members:
            # Not by its name alone: zipfile would warn of one that is there twice.
            archive.NameToInfo.pop(name, None)
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()
