"""Lines that readers say, with what they are made of."""

import json
from copy import deepcopy

from kb.errors import InputError
from kb.remarks import Remark, kept_remark, restored_remark


def test_a_remark_is_its_line_in_english() -> None:
    assert Remark("empty") == "is empty"
    assert Remark("too_long", "text", count=20_001, most=20_000) == (
        "text has 20,001 characters; at most 20,000 fit"
    )


def test_what_a_person_wrote_is_quoted_and_shortened() -> None:
    line = str(Remark("unknown_host", host="x" * 61))
    assert line.startswith(f"'{'x' * 59}…' is ")


def test_an_error_knows_what_it_is_about() -> None:
    error = InputError("no_date", "modified", value="hier")
    assert str(error) == "modified 'hier' is not a date such as 2020-03-18"
    assert (error.remark.code, error.field) == ("no_date", "modified")
    assert error.remark.values == {"value": "hier"}


def test_a_remark_comes_back_from_json() -> None:
    remark = Remark("id_of_row", "id", id="a", row="4")
    kept = json.loads(json.dumps(kept_remark(remark)))
    restored = restored_remark(kept)
    assert isinstance(restored, Remark)
    assert (restored, restored.parts()) == (remark, remark.parts())


def test_other_lines_stay_what_they_are() -> None:
    assert restored_remark(kept_remark("has no date")) == "has no date"
    later = restored_remark({"text": "is too new", "code": "of_a_later_version"})
    assert later == "is too new"
    assert not isinstance(later, Remark)


def test_a_remark_stays_one_where_it_is_copied_or_loses_its_prefix() -> None:
    remark = Remark("many_redirects", address="https://a.fr", most=5)
    assert deepcopy(remark).code == "many_redirects"
    short = remark.without_prefix("'https://a.fr' ")
    assert (short, short.code) == ("redirects more than 5 times", "many_redirects")
