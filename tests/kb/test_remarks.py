"""Lines that readers say, with what they are made of."""

import json

from kb.remarks import Remark, kept_remark, restored_remark


def test_a_remark_is_its_line_in_english() -> None:
    assert Remark("empty") == "is empty"
    assert Remark("too_long", "text", count=20_001, most=20_000) == (
        "text has 20,001 characters; at most 20,000 fit"
    )


def test_a_remark_comes_back_from_json() -> None:
    remark = Remark("id_of_row", "id", id="a", row="4")
    kept = json.loads(json.dumps(kept_remark(remark)))
    restored = restored_remark(kept)
    assert isinstance(restored, Remark)
    assert (restored, restored.parts()) == (remark, remark.parts())
