import re

import pytest

from kb.reference.departments import NAMES, department_code


def test_a_department_is_known_by_code_by_name_and_by_both() -> None:
    for code, name in NAMES.items():
        for text in (code, name.upper(), f"{code} - {name}", f"{name} ({code})", f"{code} {name}"):
            assert department_code(text) == code


def test_people_write_departments_in_many_ways() -> None:
    cases: list[tuple[str, str]] = [
        ("", ""), (" ", ""), ("1", "01"), ("016", "16"), ("2a", "2A"), ("la charente", "16"),
        ("Cote d Or", "21"), ("Val d’Oise", "95"), ("l'Ain", "01"), ("Réunion", "974"),
    ]  # fmt: skip
    for text, code in cases:
        assert department_code(text) == code


def test_only_what_is_certain_is_taken() -> None:
    cases: list[tuple[str, str]] = [
        ("Poitou", "'Poitou' is not a department of France"),
        ("16000", "'16000' is not a department of France"),
        ("20", "'20' is not a department of France: write 2A or 2B for Corsica"),
        ("16/17", "'16/17' holds more than one number"),
        ("16 - Vienne", "'16 - Vienne' gives two departments: 16 is Charente"),
        ("-", "'-' is not a department of France"),
        ("x" * 10_000, f"'{'x' * 59}…' is not a department of France"),
    ]  # fmt: skip
    for text, reason in cases:
        with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
            department_code(text)
