"""A server forgets by itself, and goes on when a base is locked for a while."""

import threading
from unittest.mock import patch

from kb.editorial.personal_data import PersonalData
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.registers.personal_data.traits import Retention
from kb.settings import Settings
from web.privacy import Forgetting

KEPT = Retention.of(Settings())
LONG_S = 60.0


def test_it_forgets_again_and_again_whatever_goes_wrong(base: KnowledgeBase) -> None:
    third, given, answers = threading.Event(), [], [KnowledgeBaseError("locked"), OSError()]

    def forget_old(_self: PersonalData, retention: Retention) -> int:
        given.append(retention)
        if answers:
            raise answers.pop()
        third.set()
        return 0

    with patch.object(PersonalData, "forget_old", forget_old):
        forgetting = Forgetting(base, KEPT, first_after_s=0, every_s=0)
        forgetting.start()
        assert third.wait(LONG_S)
        forgetting.stop()
    assert set(map(id, given)) == {id(KEPT)}


def test_it_takes_up_who_was_chosen_to_see_contacts(base: KnowledgeBase) -> None:
    taken_up = threading.Event()
    with patch.object(KnowledgeBase, "finish_choices", lambda _self: taken_up.set()):
        forgetting = Forgetting(base, KEPT, first_after_s=0, every_s=LONG_S)
        forgetting.start()
        assert taken_up.wait(LONG_S)
        forgetting.stop()
