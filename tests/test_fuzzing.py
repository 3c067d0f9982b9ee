"""A little of what `tests/reliability/fuzz.py` and `api_fuzz.py` do for longer, by fixed seeds."""

from pathlib import Path

import pytest

from kb.registers.accounts import AccountRole
from tests.reliability import api_fuzz
from tests.reliability.fuzzing.run import FuzzingRun
from tests.reliability.fuzzing.targets import TARGETS

pytestmark = pytest.mark.thorough

INPUTS = 800
"""Of all targets together, beside the honest ones that each starts from."""

SHARES = sum(target.share for target in TARGETS.values())


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files_are_read_or_refused_in_a_line(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    inputs = len(target.start()) + 4 + INPUTS * target.share // SHARES
    run = FuzzingRun(target, tmp_path, inputs, seconds=3600)
    run.warm_up()
    run.unguided(seed=14)
    assert run.written()["failures"] == {}
    assert run.written()["inputs"] >= inputs


def test_the_api_answers_as_it_is_documented() -> None:
    roles = (api_fuzz.STRANGER, AccountRole.CONTRIBUTOR, AccountRole.ADMINISTRATOR)
    found = api_fuzz.main(examples=1, seed=14, minutes=60, roles=roles)
    assert found["faults"] == []
    assert found["requests"] > 2 * found["operations"]
    assert set(found["statuses"][api_fuzz.STRANGER]) & {401}
