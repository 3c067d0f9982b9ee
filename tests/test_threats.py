"""The model of threats names a test for each, and no test that is not there."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODEL = (ROOT / "docs" / "security.md").read_text("utf-8")
COLUMNS = ["what could be done", "", "what stops it", "test"]


def _rows() -> list[list[str]]:
    """The cells of every line of the tables of threats, without their headers."""
    threats = MODEL.partition("\n## Threats\n")[2].partition("\n## ")[0]
    lines = [line for line in threats.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if row != COLUMNS and set("".join(row)) != {"-", " "}]


ROWS = [row for row in _rows() if row[0] != "---"]


@cache
def _tests_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


def test_threats_of_every_kind_are_listed() -> None:
    assert len(ROWS) > 60
    assert {row[1] for row in ROWS} == set("STRIDE")


def test_each_threat_has_what_stops_it_and_tests_that_are_there() -> None:
    for threat, _, stopped_by, named in ROWS:
        assert threat
        assert stopped_by, threat
        tests = re.findall(r"`([^`]+)`", named)
        assert tests, f"{threat}: no test"
        for name in tests:
            file, _, test = name.partition("::")
            assert test in _tests_of(ROOT / "tests" / file), name
        for module in re.findall(r"`((?:web|kb|ingest)/[\w/]+(?:\.py)?)`", stopped_by):
            assert (ROOT / module).exists(), module
