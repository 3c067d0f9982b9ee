"""The settings, each from an environment variable with the prefix `QUISAIT_`."""

import re
from collections.abc import Mapping
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_data_path
from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kb.address import DATABASE_FILE, Place, PostgresAddress, place_of
from kb.errors import SettingsError

BUNDLED_MODEL = "bundled"
BUNDLED_ADAPTATION = "bundled"
NO_ADAPTATION = "off"
BUNDLED_TRADE_INDEX = "bundled"
NO_TRADE_INDEX = "off"


def is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _replica(given: object) -> object:
    place = _place(given) if given else None
    if isinstance(place, Path):
        raise ValueError("it should be the address of a PostgreSQL database")  # noqa: TRY004
    return place


def _place(given: object) -> object:
    return place_of(given) if isinstance(given, str) else given


_LONG = (".{32,}", "it should have 32 characters or more")

# The form of settings that are given, and what is said of another.
_FORMS: Mapping[str, tuple[str, str]] = {
    "assistant_url": (
        r"https?://[^/?#]+.*",
        "it should begin with https:// or, on this machine, http://",
    ),
    "contact_url": ("(mailto:|https?://).*", "it should begin with mailto:, https:// or http://"),
    "mail_from": (
        r"([^<>\x00-\x1f\x7f-\x9f]*<)?[^<>@\s]+@[^<>@\s]+>?",
        "it should be like Qui sait faire ? <alertes@kb.example>",
    ),
    "map_tiles": (
        r"https://[^/?#{},; '\"*]+(?=.*{z})(?=.*{x})(?=.*{y})[/?].*",
        "it should begin with https:// and one host, without {s}, and hold {z}, {x} and {y}",
    ),
    "metrics_token": _LONG,
    "public_url": (
        r"https?://[^/?#@]+(/[\w.~-]+)*/?",
        "it should be a host and a path, such as https://net.example/savoir",
    ),
    "secret": _LONG,
    "smtp_url": (
        r"smtps?://([^/?#]*@)?([^/?#@:\[\]]+|\[[0-9a-f:]+\])(:[1-9]\d{0,4})?/?",
        "it should be like smtps://user:password@host:465 or smtp://host:587",
    ),
}


class Settings(BaseSettings):
    """The settings of the program. Documented for its users in docs/configuration.md."""

    model_config = SettingsConfigDict(
        env_prefix="QUISAIT_", extra="ignore", frozen=True, arbitrary_types_allowed=True
    )

    kb: Annotated[Place, NoDecode, BeforeValidator(_place)] = Field(
        default_factory=lambda: user_data_path("quisait") / "kb"
    )
    read_url: Annotated[PostgresAddress | None, NoDecode, BeforeValidator(_replica)] = None
    model: str = BUNDLED_MODEL
    adaptation: str = BUNDLED_ADAPTATION
    trade_index: str = BUNDLED_TRADE_INDEX
    engine: Literal["auto", "openvino", "torch"] = "auto"
    cache: Path = Field(default_factory=lambda: user_cache_path("quisait"))
    threads: int = Field(default=0, ge=0)
    database_connections: int = Field(default=20, ge=1)
    workers: int = Field(default=1, ge=1)
    public_url: str = ""
    contact_url: str = ""
    map_tiles: str = ""
    map_credit: str = ""
    fetch_local: str = ""
    secret: SecretStr = SecretStr("")
    mcp_token: SecretStr = SecretStr("")
    max_article_mb: int = Field(default=20, ge=1)
    max_directory_mb: int = Field(default=100, ge=1)
    reading_memory_mb: int = Field(default=1024, ge=256)
    reading_seconds: int = Field(default=60, ge=1)
    log: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_token: SecretStr = SecretStr("")
    max_connections: int = Field(default=1_000, ge=1)
    keep_jobs_days: int = Field(default=90, ge=1)
    keep_contacts_days: int = Field(default=180, ge=1)
    keep_silent_days: int = Field(default=730, ge=1)
    keep_refused_days: int = Field(default=365, ge=1)
    searches_a_minute: int = Field(default=300, ge=0)
    explanations_an_hour: int = Field(default=240, ge=0)
    writes_an_hour: int = Field(default=300, ge=0)
    jobs_a_day: int = Field(default=50, ge=0)
    jobs_at_once: int = Field(default=5, ge=0)
    upload_mb_a_day: int = Field(default=1000, ge=0)
    sources_hour: int = Field(default=3, ge=0, le=23)
    digest_hour: int = Field(default=7, ge=0, le=23)
    mail_from: str = ""
    smtp_allow_plain: bool = False
    smtp_url: SecretStr = SecretStr("")
    assistant_model: str = ""
    assistant_key: SecretStr = SecretStr("")
    assistant_timeout_s: float = Field(default=60, gt=0)
    assistant_search_wait_s: float = Field(default=1.5, ge=0, le=30)
    assistant_allow_http: bool = False
    # After what its validator looks at.
    assistant_url: str = ""

    @field_validator(*_FORMS)
    @classmethod
    def _has_its_form(cls, value: Any, info: ValidationInfo) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        form, otherwise = _FORMS[str(info.field_name)]
        if text and not re.fullmatch(form, text, re.ASCII | re.DOTALL):
            raise ValueError(otherwise)
        return value

    @field_validator("assistant_url")
    @classmethod
    def _is_confidential(cls, value: str, info: ValidationInfo) -> str:
        is_open = value.startswith("http:") and not info.data.get("assistant_allow_http")
        if is_open and not is_this_machine(urlsplit(value).hostname or ""):
            raise ValueError(
                "articles and needs would travel unencrypted: use https, or set "
                "QUISAIT_ASSISTANT_ALLOW_HTTP=1 where that is right"
            )
        return value

    @field_validator("read_url")
    @classmethod
    def _is_of_a_database(
        cls, value: PostgresAddress | None, info: ValidationInfo
    ) -> PostgresAddress | None:
        if value and not isinstance(info.data.get("kb"), PostgresAddress):
            raise ValueError("QUISAIT_KB is a folder, which has no replica")
        return value

    @property
    def map_tiles_origin(self) -> str:
        address = urlsplit(self.map_tiles)
        return f"{address.scheme}://{address.netloc}" if self.map_tiles else ""

    @property
    def database(self) -> PostgresAddress | None:
        return self.kb if isinstance(self.kb, PostgresAddress) else None

    @property
    def folder(self) -> Path:
        """The folder of the base; for a PostgreSQL database, a folder of this machine."""
        if isinstance(self.kb, PostgresAddress):
            return self.cache / "bases" / sha256(self.kb.name.encode()).hexdigest()[:16]
        return self.kb

    @property
    def store(self) -> Place:
        return self.kb if isinstance(self.kb, PostgresAddress) else self.kb / DATABASE_FILE

    @property
    def public_path(self) -> str:
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def sends_mail(self) -> bool:
        return bool(self.smtp_url.get_secret_value() and self.mail_from and self.public_url)

    @classmethod
    def from_environment(cls, **given: Any) -> Self:
        """Reads the settings; `given` values that are not None win over the environment."""
        values = {name: value for name, value in given.items() if value is not None}
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            # What is secret is not shown, neither on a screen nor in a log.
            field = cls.model_fields.get(name)
            is_secret = name in {"kb", "read_url"} or (
                field is not None and field.annotation is SecretStr
            )
            value = "" if is_secret else f"={first['input']!r}"
            raise SettingsError(
                f"QUISAIT_{name.upper()}{value} cannot be used: {first['msg']}."
            ) from None
