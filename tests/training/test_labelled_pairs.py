from pathlib import Path

import pytest

from kb.errors import FileError
from tests.training.labelled_pairs import count_pairs, pair_lines, read_pairs

HEADER = "family\tanswer\tdifficulty\tleft\tright\tsource\n"
AVEL = '{"name": "Avel", "place": "Cognac"}'
AVEL_SAS = '{"name": "AVEL SAS", "place": "Cognac", "phone": "+33536490010"}'
MERLET = '{"name": "Merlet", "place": "Cognac"}'
SAPHIR = '{"name": "Saphir", "place": "Cognac"}'


def written(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text("# Pairs.\n" + HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_pairs_are_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"avel\tsame\tlegal form\t{AVEL}\t{AVEL_SAS}\twritten",
        f"avel\tsame\tbrand\t{AVEL}\t{SAPHIR}\twritten",
        f"merlet\tdifferent\thomonyms\t{MERLET}\t{SAPHIR}\twritten",
    )
    counts = count_pairs(read_pairs(path))
    assert (counts.same, counts.compared, counts.found, counts.right) == (2, 1, 1, 1)
    assert (counts.precision.value, counts.recall.value) == (1.0, 0.5)
    assert counts.slips == ["same: Avel, Cognac | Saphir, Cognac"]
    assert counts.difficulties["different", "homonyms"] == (1, 1)
    assert next(pair_lines(counts)).startswith("precision              1.000")


@pytest.mark.parametrize(
    "row",
    ["avel\tsame\tx", f"avel\tperhaps\tx\t{AVEL}\t{SAPHIR}\ty", f"avel\tsame\tx\t[]\t{SAPHIR}\ty"],
)
def test_a_row_that_is_no_pair_is_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(FileError, match=r"pairs\.tsv, line 3"):
        read_pairs(written(tmp_path, row))
