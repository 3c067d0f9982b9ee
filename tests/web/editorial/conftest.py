import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.web.signed_in import account_client


@pytest.fixture
def contributor(base: KnowledgeBase) -> TestClient:
    return account_client(base)


@pytest.fixture
def moderator(base: KnowledgeBase) -> TestClient:
    return account_client(base, AccountRole.MODERATOR)
