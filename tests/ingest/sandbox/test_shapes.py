"""Values between processes: they come back as they were, and as nothing else."""

import json
from dataclasses import dataclass

import pytest

from ingest.sandbox.shapes import Misshapen, plain, refusal, shaped
from kb.errors import InputError
from kb.remarks import Remark


@dataclass(frozen=True, slots=True)
class Inner:
    name: str
    weight: float = 0.5


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner
    others: tuple[Inner, ...]
    remarks: tuple[str, ...]
    count: int
    maybe: Inner | None
    is_so: bool


OUTER = Outer(
    Inner("é\ud800", 0.1 + 0.2),
    (Inner("a"), Inner("b", 1)),
    (Remark("long_page", "text", most=3), "plain"),
    3,
    None,
    True,
)


def test_a_value_comes_back_as_it_was() -> None:
    back = shaped(json.loads(json.dumps(plain(OUTER))), Outer)
    assert back == OUTER
    (remark, text) = back.remarks
    assert isinstance(remark, Remark)
    assert (remark.code, remark.field, remark.values) == ("long_page", "text", {"most": 3})
    assert not isinstance(text, Remark)
    assert shaped(plain([Inner("a")]), list[Inner]) == [Inner("a")]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"inner": ["a", 1.0]},
        [["a", "1"], [], [], 3, None, True],
        [["a", 1.0], [["b"]], [], 3, None, True],
        [["a", 1.0], [], [3], 3, None, True],
        [["a", 1.0], [], [{"text": "x"}], 3, None, True],
        [["a", 1.0], [], [{"text": 1, "code": "empty", "field": "", "values": {}}], 3, None, True],
        [["a", 1.0], [], [], 3.5, None, True],
        [["a", 1.0], [], [], 3, None, 1],
        [["a", 1.0], [], [], True, None, True],
    ],
)
def test_another_shape_is_refused(value: object) -> None:
    with pytest.raises(Misshapen):
        shaped(value, Outer)


KNOWN = {"InputError": InputError}


@pytest.mark.parametrize(
    "parts",
    [
        None,
        ["SystemExit", {"text": "", "code": "empty", "field": "", "values": {}}],
        ["InputError", {"text": "", "code": "no such", "field": "", "values": {}}],
        ["InputError", {"text": "", "code": "long_page", "field": "", "values": {}}],
        ["InputError", {"text": "", "code": "empty", "field": "", "values": {"code": "x"}}],
        ["InputError", {"text": "", "code": "empty", "field": "", "values": {"x": []}}],
        ["InputError", "empty"],
    ],
)
def test_an_error_of_no_kind_that_is_known_is_refused(parts: object) -> None:
    with pytest.raises(Misshapen):
        refusal(parts, KNOWN)
