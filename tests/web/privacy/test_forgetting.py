"""A server forgets by itself, and goes on when a base is locked for a while."""

import threading

import pytest

from kb.editorial.personal_data import PersonalData
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.registers.personal_data.traits import Retention
from kb.settings import Settings
from web import privacy


def test_it_forgets_and_finishes_choices_whatever_goes_wrong(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    third, taken_up = threading.Event(), threading.Event()
    answers: list[Exception] = [KnowledgeBaseError("locked"), OSError()]

    def forget_old(_self: PersonalData, _retention: Retention) -> int:
        if answers:
            raise answers.pop()
        third.set()
        return 0

    monkeypatch.setattr(PersonalData, "forget_old", forget_old)
    monkeypatch.setattr(KnowledgeBase, "finish_choices", lambda _self: taken_up.set())
    monkeypatch.setattr(privacy, "FIRST_AFTER_S", 0)
    monkeypatch.setattr(privacy, "EVERY_S", 0)
    forgetting = privacy.Forgetting(base, Retention.of(Settings()))
    forgetting.start()
    assert third.wait(60)
    assert taken_up.wait(60)
    forgetting.stop()
