"""The settings, each from an environment variable with the prefix `QUISAIT_`."""

import re
from email.utils import parseaddr
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

from kb.address import Place, PostgresAddress, place_of
from kb.base_folder import DATABASE_FILE
from kb.errors import SettingsError

BUNDLED_MODEL = "bundled"
BUNDLED_ADAPTATION = "bundled"
NO_ADAPTATION = "off"
BUNDLED_TRADE_INDEX = "bundled"
NO_TRADE_INDEX = "off"


def is_this_machine(host: str) -> bool:
    """Returns whether a host is this machine, by its name or by a loopback address."""
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


class Settings(BaseSettings):
    """The settings of the program. Documented for its users in docs/configuration.md."""

    model_config = SettingsConfigDict(
        env_prefix="QUISAIT_", extra="ignore", frozen=True, arbitrary_types_allowed=True
    )

    kb: Annotated[Place, NoDecode, BeforeValidator(_place)] = Field(
        default_factory=lambda: user_data_path("quisait") / "kb",
        description="The folder of the knowledge base; or the address of a PostgreSQL database, "
        "such as `postgresql://user:password@host/name?schema=public`.",
    )
    read_url: Annotated[PostgresAddress | None, NoDecode, BeforeValidator(_replica)] = Field(
        default=None,
        description="The address of a replica of that database, in which searches read; empty "
        "means that they read in the database itself.",
    )
    model: str = Field(
        default=BUNDLED_MODEL,
        description="The encoder: `bundled`, a folder, or the id of a model on a hub.",
    )
    adaptation: str = Field(
        default=BUNDLED_ADAPTATION,
        description="What is added to the encoder's weights so that it knows trades: `bundled` "
        "(for the default model, nothing for any other), `off`, or a folder with a delta.",
    )
    trade_index: str = Field(
        default=BUNDLED_TRADE_INDEX,
        description="The phrases of activity indexes that tell the trades of a text: `bundled` "
        "(used with the default model alone), `off`, or a folder made by `quisait index-trades`.",
    )
    engine: Literal["auto", "openvino", "torch"] = Field(
        default="auto",
        description="What runs the encoder: OpenVINO, sentence-transformers on torch, or "
        "OpenVINO where the model can be compiled and torch where not.",
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("quisait"),
        description="Where unpacked and compiled models are kept; can be deleted at any time.",
    )
    threads: int = Field(
        default=0, ge=0, description="Processor threads for the encoder; 0 means all."
    )
    database_connections: int = Field(
        default=20,
        ge=1,
        description="The connections of a process to the database, and as many more to a replica; "
        "for moments there may be some more.",
    )
    workers: int = Field(
        default=1, ge=1, description="How many equal processes answer requests, on one port."
    )
    public_url: str = Field(
        default="",
        description="The address that visitors use, for links in the sitemap and the API; with a "
        "path if the site is a part of its host; empty means the address of each request.",
    )
    contact_url: str = Field(
        default="",
        description="Where the page sends a need that nothing here answers (mailto: or https:); "
        "empty hides the link.",
    )
    map_tiles: str = Field(
        default="",
        description="The address of map tiles, such as `https://tiles.example/{z}/{x}/{y}.png`, "
        "which browsers then load from that server; empty means that maps show outlines of "
        "departments alone, and no other server is asked.",
    )
    map_credit: str = Field(
        default="", description="What maps say of who made the tiles, as plain text."
    )
    fetch_local: str = Field(
        default="",
        description="Addresses of this very machine (`host:port`, separated by commas) that may "
        "be fetched like public ones, to try things out; empty means none.",
    )

    secret: SecretStr = Field(
        default=SecretStr(""),
        description="What cookies and forms are signed with, 32 random characters or more; empty "
        "means one that is made at first need and kept with the knowledge base.",
    )
    mcp_token: SecretStr = Field(
        default=SecretStr(""),
        description="The token of an account, for an assistant that runs `quisait mcp`; empty "
        "means that it sees what visitors see.",
    )
    max_article_mb: int = Field(
        default=20, ge=1, description="The largest article that can be uploaded, in megabytes."
    )
    max_directory_mb: int = Field(
        default=100, ge=1, description="The largest directory that can be uploaded, in megabytes."
    )
    reading_memory_mb: int = Field(
        default=1024,
        ge=256,
        description="The memory in megabytes that reading an article may take; a directory may "
        "take more, by its size.",
    )
    reading_seconds: int = Field(
        default=60,
        ge=1,
        description="The time of the processor in seconds that reading an article may take; a "
        "directory may take more, by its size.",
    )

    log: Literal["text", "json"] = Field(
        default="text", description="Whether lines of the log are text, or JSON for programs."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines that the log holds."
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""),
        description="What programs on other machines show to read the metrics, 32 random "
        "characters or more; empty means that this machine alone can.",
    )
    max_connections: int = Field(
        default=1_000, ge=1, description="The most connections to a worker at a time."
    )
    keep_jobs_days: int = Field(
        default=90, ge=1, description="How many days jobs that have ended are kept, with reports."
    )
    keep_contacts_days: int = Field(
        default=180,
        ge=1,
        description="How many days addresses, and private answers, are kept after a need or an "
        "offer is over.",
    )
    keep_silent_days: int = Field(
        default=730,
        ge=1,
        description="How many days without a change end a need or an offer that nobody closed, "
        "so that its addresses are deleted.",
    )
    keep_refused_days: int = Field(
        default=365,
        ge=1,
        description="How many days what moderators refused is kept: drafts, needs, offers, "
        "answers, requests for pages, and reported problems once settled.",
    )

    searches_a_minute: int = Field(
        default=300,
        ge=0,
        description="How many searches an address may make in a minute, 60 of them at once; 0 "
        "means no limit. Suggestions and the widget count apart, all at once.",
    )
    explanations_an_hour: int = Field(
        default=240,
        ge=0,
        description="How many explanations and reports an address may ask for in an hour; 0 means "
        "no limit.",
    )
    writes_an_hour: int = Field(
        default=300,
        ge=0,
        description="How many forms and writing requests an account may send in an hour, ten times "
        "as many if it moderates; 0 means no limit.",
    )
    jobs_a_day: int = Field(
        default=50,
        ge=0,
        description="How many jobs an account may ask for in a day, ten times as many if it "
        "moderates; 0 means no limit.",
    )
    jobs_at_once: int = Field(
        default=5,
        ge=0,
        description="How many jobs of an account may wait or run at one time, ten times as many if "
        "it moderates; 0 means no limit.",
    )
    upload_mb_a_day: int = Field(
        default=1000,
        ge=0,
        description="How many megabytes an account may upload in a day, ten times as many if it "
        "moderates; 0 means no limit.",
    )

    sources_hour: int = Field(
        default=3,
        ge=0,
        le=23,
        description="The hour of the night, in the time zone of this machine, from which sources "
        "are read again.",
    )

    digest_hour: int = Field(
        default=7,
        ge=0,
        le=23,
        description="The hour, in the time zone of this machine, from which digests are sent.",
    )
    mail_from: str = Field(
        default="",
        description="The sender of mails, such as `Qui sait faire ? <alertes@kb.example>`.",
    )
    smtp_allow_plain: bool = Field(
        default=False,
        description="Whether mails may go unencrypted to a mail server beyond this machine.",
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="The mail server: smtps://user:password@host:465, or smtp://host:587 with "
        "STARTTLS; empty means that no mail is sent.",
    )

    assistant_model: str = Field(
        default="", description="The model that the assistant is asked for, by its name there."
    )
    assistant_key: SecretStr = Field(
        default=SecretStr(""), description="The key that the assistant asks for, if it does."
    )
    assistant_timeout_s: float = Field(
        default=60, gt=0, description="How long the assistant is waited for, in seconds."
    )
    assistant_search_wait_s: float = Field(
        default=1.5,
        ge=0,
        le=30,
        description="How long a search waits for the assistant to word its need, in seconds; 0 "
        "means that searches do not ask it.",
    )
    assistant_allow_http: bool = Field(
        default=False,
        description="Whether the assistant may be asked over plain http beyond this machine.",
    )
    # After what its validator looks at.
    assistant_url: str = Field(
        default="",
        description="The address of an OpenAI-compatible service that may refine what is proposed "
        "of an article, and word the needs of searches (`/chat/completions` is added); empty means "
        "that none is asked.",
    )

    @field_validator("assistant_url")
    @classmethod
    def _is_confidential(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        address = urlsplit(value)
        if address.scheme == "https" and address.hostname:
            return value
        if address.scheme == "http" and address.hostname:
            if info.data.get("assistant_allow_http") or is_this_machine(address.hostname):
                return value
            raise ValueError(
                "articles and needs would travel unencrypted: use https, or set "
                "QUISAIT_ASSISTANT_ALLOW_HTTP=1 where that is right"
            )
        raise ValueError("it should begin with https:// or, on this machine, http://")

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr) -> SecretStr:
        given = value.get_secret_value()
        try:
            address = urlsplit(given)
            is_whole = bool(address.hostname and address.path in {"", "/"} and address.port != 0)
        except ValueError:  # its port is no number
            is_whole = False
        if given and not (is_whole and address.scheme in {"smtp", "smtps"}):
            raise ValueError("it should be like smtps://user:password@host:465 or smtp://host:587")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        name, _, domain = parseaddr(value)[1].partition("@")
        if value and not (value.isprintable() and name and domain):
            raise ValueError("it should be like Qui sait faire ? <alertes@kb.example>")
        return value

    @field_validator("read_url")
    @classmethod
    def _is_of_a_database(
        cls, value: PostgresAddress | None, info: ValidationInfo
    ) -> PostgresAddress | None:
        if value and not isinstance(info.data.get("kb"), PostgresAddress):
            raise ValueError("QUISAIT_KB is a folder, which has no replica")
        return value

    @field_validator("secret", "metrics_token")
    @classmethod
    def _is_long(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 32:
            raise ValueError("it should have 32 characters or more")
        return value

    @field_validator("map_tiles")
    @classmethod
    def _is_a_template_of_tiles(cls, value: str) -> str:
        if not value:
            return value
        address = urlsplit(value)
        if (
            address.scheme != "https"
            or not address.hostname
            or set("{},; '\"*") & {*address.netloc}
        ):
            raise ValueError("it should begin with https:// and one host, without {s}")
        if not all(part in value for part in ("{z}", "{x}", "{y}")):
            raise ValueError("it should hold {z}, {x} and {y}")
        return value

    @property
    def map_tiles_origin(self) -> str:
        """The scheme and host of map tiles, empty without them."""
        address = urlsplit(self.map_tiles)
        return f"{address.scheme}://{address.netloc}" if self.map_tiles else ""

    @field_validator("contact_url", "public_url")
    @classmethod
    def _is_a_web_address(cls, value: str, info: ValidationInfo) -> str:
        schemes: tuple[str, ...] = ("https://", "http://")
        if info.field_name == "contact_url":
            schemes = ("mailto:", *schemes)
        if value and not value.startswith(schemes):
            raise ValueError(f"it should begin with {' or '.join(schemes)}")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_where_a_site_is(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/?#@]+(/[\w.~-]+)*/?", value, re.ASCII):
            raise ValueError("it should be a host and a path, such as https://net.example/savoir")
        return value

    @property
    def database(self) -> PostgresAddress | None:
        """The address of the database; None if it is a file in the folder of the base."""
        return self.kb if isinstance(self.kb, PostgresAddress) else None

    @property
    def folder(self) -> Path:
        """The folder of the base; of one in a PostgreSQL database, a folder of this machine."""
        if isinstance(self.kb, PostgresAddress):
            return self.cache / "bases" / sha256(self.kb.name.encode()).hexdigest()[:16]
        return self.kb

    @property
    def store(self) -> Place:
        """Where the store of the base is: a file in its folder, or the address of a database."""
        return self.kb if isinstance(self.kb, PostgresAddress) else self.kb / DATABASE_FILE

    @property
    def public_path(self) -> str:
        """The path of the public URL without a final slash, empty where the host is the site."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def sends_mail(self) -> bool:
        """Whether mails can be sent: a mail needs a server, a sender, and an address to lead to."""
        return bool(self.smtp_url.get_secret_value() and self.mail_from and self.public_url)

    @classmethod
    def from_environment(cls, **given: Any) -> Self:
        """Reads the settings; `given` values that are not None win over the environment.

        Raises:
            SettingsError: a value cannot be used; names the variable and the value.
        """
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
