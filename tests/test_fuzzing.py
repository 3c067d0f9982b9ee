"""A little of what `tests/reliability/fuzz.py` and `api_fuzz.py` do for longer, by fixed seeds."""

from pathlib import Path

import pytest

from kb.registers.accounts import AccountRole
from tests.reliability import api_fuzz, fuzz
from tests.reliability.fuzzing.targets import TARGETS

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files_are_read_or_refused_in_a_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "KEPT", tmp_path)
    fuzz.fuzz(TARGETS[name], 20, seed=14)


def test_the_api_answers_as_it_is_documented() -> None:
    roles = (api_fuzz.STRANGER, AccountRole.CONTRIBUTOR, AccountRole.ADMINISTRATOR)
    found = api_fuzz.main(examples=1, seed=14, minutes=60, roles=roles)
    assert found["faults"] == []
    assert found["requests"] > 2 * found["operations"]
    assert set(found["statuses"][api_fuzz.STRANGER]) & {401}
