"""A person is found however they are written, and nobody else is."""

import re

import pytest

from kb.errors import InputError
from kb.registers.personal_data.naming import column_without, pattern_of, read_column


def test_a_person_is_found_however_they_are_written_and_nobody_else() -> None:
    for term, text in (
        ("Jeanne Martin", "Contact : MARTIN Jeanne, atelier"),
        ("jeanne martin", "jeanne.martin@avel.example"),
        ("Hélène Lebœuf", "Helene LEBOEUF"),
        ("helene leboeuf", "He\u0301le\u0300ne Lebœuf"),
        ("Jean-Marc Roy", "Jean Marc\u00a0Roy"),
        ("jeanne@avel.example", "<JEANNE@avel.example>"),
        ("06 12 34 56 78", "tél. +33612345678."),
        ("+33 6 12 34 56 78", "06.12.34.56.78"),
        ("0612345678", "+33 (0)6 12-34-56-78"),
        ("552 081 317", "SIREN 552081317"),
    ):
        assert pattern_of(term).search(text), term
    for term, text in (
        ("Jeanne Martin", "Jeanne Martineau"),
        ("Martin", "la martinière"),
        ("06 12 34 56 78", "106123456789"),
        ("jeanne@avel.example", "marie-jeanne2@avel.example"),
    ):
        assert not pattern_of(term).search(text), term
    for term in ("", "  ", "ab", "12345", "x" * 201):
        with pytest.raises(InputError):
            pattern_of(term)


def test_a_line_break_in_json_is_one_between_words() -> None:
    assert pattern_of("Jeanne Martin").search(read_column('{"text": "Jeanne\\nMartin"}'))


def test_words_are_taken_out_of_texts_and_contacts_go_whole() -> None:
    pattern = pattern_of("Jeanne Martin")
    before = (
        '{"id": "jeanne-martin", "name": "Atelier Jeanne Martin", "website":'
        ' "https://jeanne-martin.example/", "email": ["jeanne.martin@a.example", "b@a.example"],'
        ' "facts": {"Jeanne Martin": "directrice"}}'
    )
    assert column_without(pattern, before) == (
        '{"id": "jeanne-martin", "name": "Atelier […]", "website": "", "email": ["b@a.example"],'
        ' "facts": {"[…]": "directrice"}}'
    )
    assert column_without(pattern, "Dit par Jeanne Martin.") == "Dit par […]."
    assert column_without(re.compile("absent"), before) == before
