import pytest

from ingest.case_files.front_matter import split
from kb.errors import InputError


@pytest.mark.parametrize(
    "value", ["!!int abc", "!!timestamp abc", "!!binary é", "!!python/name:os.x"]
)
def test_a_tag_that_does_not_fit_its_value_is_told(value: str) -> None:
    with pytest.raises(InputError, match="is not YAML") as raised:
        split(f"---\ntitle: {value}\n---\ntext")
    assert "\n" not in str(raised.value)
