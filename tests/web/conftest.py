from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from kb.settings import Settings
from tests.web.sample_base import SampleBase
from web.app import create_app


@pytest.fixture
def knowledge_base() -> SampleBase:
    return SampleBase()


@pytest.fixture
def settings() -> Settings:
    return Settings(
        public_url="https://quisait.example/",
        contact_url="mailto:reseau@quisait.example",
        secret=SecretStr("a secret of thirty-two characters"),
    )


@pytest.fixture
def client(knowledge_base: SampleBase, settings: Settings) -> Iterator[TestClient]:
    app = create_app(knowledge_base, settings)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client
