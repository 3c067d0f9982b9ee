"""Mails against a real mail server on this machine: their parts, and what goes wrong."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from kb.errors import MailError
from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.alerts.outbox import NewMail
from kb.settings import Settings
from tests.web.mail.smtp_receiver import PASSWORD, USER, SmtpReceiver, receiving, with_password
from tests.web.page_reader import Page
from tests.web.signed_in import account_client, send
from web.cli import main
from web.mail import MailSender, MailServer, message_of

NINE = "2026-03-02T09:00:00.000+00:00"
UNSUBSCRIBE = "https://quisait.example/fr/alertes/stop?t=abc"
MAIL = NewMail(
    "claire@example.org",
    "Du nouveau pour « gel »",
    "Avel fabrique du gel.\n",
    "<p>Avel fabrique du <b>gel</b>.</p>",
    "fr",
    "digest",
    UNSUBSCRIBE,
)


def settings_for(url: str, **more: object) -> Settings:
    return Settings(
        smtp_url=SecretStr(url),
        mail_from="Qui sait faire ? <alertes@quisait.example>",
        public_url="https://quisait.example/",
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def receiver() -> Iterator[SmtpReceiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def settings(receiver: SmtpReceiver) -> Settings:
    return settings_for(f"smtp://{receiver.address}")


def test_a_mail_arrives_with_its_parts_and_headers(
    base: KnowledgeBase, receiver: SmtpReceiver, settings: Settings
) -> None:
    id_ = base.outbox.queue(MAIL, NINE)
    sender = MailSender(base, settings)
    assert sender.send_due(NINE) == 1
    assert sender.send_due(NINE) == 0
    (message,) = receiver.messages
    assert message["From"] == "Qui sait faire ? <alertes@quisait.example>"
    assert message["To"] == "claire@example.org"
    assert message["Subject"] == MAIL.subject
    assert message["Message-ID"] == f"<{id_}@quisait.example>"
    assert message["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == MAIL.text
    assert html.get_content().strip() == MAIL.html
    assert base.outbox.counts().sent == 1


def test_no_text_can_add_a_header(base: KnowledgeBase) -> None:
    base.outbox.queue(
        NewMail(
            "claire@example.org",
            "Gel\r\nBcc: other@example.org\x00",
            "x",
            "x",
            "fr",
            "digest",
            "https://quisait.example/\r\nX-Evil: 1",
        ),
        NINE,
    )
    queued = base.outbox.take(NINE)
    assert queued is not None
    message = message_of(queued.mail, "alertes@quisait.example")
    assert message["Subject"] == "Gel Bcc: other@example.org"
    assert "Bcc" not in message
    assert "X-Evil" not in message
    head = message.as_bytes().partition(b"\r\n\r\n")[0].lower()
    assert b"\nbcc" not in head
    assert b"\nx-evil" not in head


def test_a_refused_address_does_not_keep_other_mails_back(
    base: KnowledgeBase, receiver: SmtpReceiver, settings: Settings
) -> None:
    receiver.refusals = {
        "gone@example.org": "550 No such user",
        "full@example.org": "452 Mailbox full",
    }
    for recipient in ("gone@example.org", "full@example.org", "claire@example.org"):
        base.outbox.queue(NewMail(recipient, "s", "t", "h", "fr", "digest"), NINE)
    sender = MailSender(base, settings)
    while base.outbox.counts().sent == 0:
        sender.send_due(NINE)
    assert [message["To"] for message in receiver.messages] == ["claire@example.org"]
    (failure,) = base.outbox.failures()
    assert failure.mail.recipient == "gone@example.org"
    assert failure.problem == "The mail server 127.0.0.1 refuses the address: No such user."
    assert base.outbox.counts().waiting == 1


def test_a_server_that_is_down_is_tried_again_later(base: KnowledgeBase) -> None:
    with receiving() as closed:
        address = closed.address
    id_ = base.outbox.queue(MAIL, NINE)
    assert MailSender(base, settings_for(f"smtp://{address}")).send_due(NINE) == 0
    waiting = base.outbox.get(id_)
    assert waiting.problem == "The mail server 127.0.0.1 cannot be reached: Connection refused."
    assert waiting.next_at == "2026-03-02T09:01:00.000+00:00"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this machine's name shows, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(file)
    return shown, ssl.create_default_context(cadata=made.public_bytes(pem).decode())


def server_at(address: str, trusted: ssl.SSLContext | None, **changed: object) -> MailServer:
    host, _, port = address.partition(":")
    values = {
        "is_tls": False, "is_plain": False, "user": USER, "password": PASSWORD, "own_name": "here",
        **changed,
    }  # fmt: skip
    return MailServer(host, int(port), trusted=trusted, **values)  # type: ignore[arg-type]


def test_passwords_travel_encrypted_and_only_to_who_is_trusted(
    base: KnowledgeBase, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    shown, trusted = certificate
    with receiving(**with_password(shown)) as receiver:
        sender = MailSender(base, settings_for("smtp://x"), server_at(receiver.address, trusted))
        base.outbox.queue(MAIL, NINE)
        assert sender.send_due(NINE) == 1
        assert len(receiver.messages) == 1
        wrong = server_at(receiver.address, trusted, password=USER)
        with (
            pytest.raises(MailError, match="does not take this name and password"),
            wrong.connected(),
        ):
            pass
        with (
            pytest.raises(MailError, match="certificate"),
            server_at(receiver.address, None).connected(),
        ):
            pass


def test_a_server_without_encryption_gets_nothing(receiver: SmtpReceiver) -> None:
    with (
        pytest.raises(MailError, match="offers no encryption"),
        server_at(receiver.address, None).connected(),
    ):
        pass


def test_the_command_sends_a_mail_to_try(
    receiver: SmtpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUISAIT_SMTP_URL", f"smtp://{receiver.address}")
    monkeypatch.setenv("QUISAIT_MAIL_FROM", "alertes@quisait.example")
    refused = CliRunner().invoke(main, ["mail", "test", "claire@example.org"])
    assert refused.exit_code == 1
    assert "QUISAIT_PUBLIC_URL" in refused.output
    monkeypatch.setenv("QUISAIT_PUBLIC_URL", "https://quisait.example")
    run = CliRunner().invoke(main, ["mail", "test", "claire@example.org"])
    assert run.output == "127.0.0.1 took a mail for claire@example.org.\n"
    (message,) = receiver.messages
    assert message["Subject"] == "Les courriels partent bien"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "https://quisait.example/fr/" in text.get_content()
    assert 'lang="fr"' in html.get_content()


def test_administrators_see_what_was_not_sent_and_send_it_again(
    base: KnowledgeBase, settings: Settings
) -> None:
    client = account_client(base, AccountRole.ADMINISTRATOR, settings=settings)
    id_ = base.outbox.queue(MAIL, NINE)
    base.outbox.take(NINE)
    error = MailError("mail_refused", for_good=True, host="mail.example", reason="full")
    base.outbox.failed(id_, error.remark, for_good=True)
    shown = client.get("/fr/courriels").text
    assert "claire@example.org" in shown
    assert (
        "Le serveur de courriel mail.example refuse le courriel\N{NO-BREAK SPACE}: full." in shown
    )
    assert MAIL.text.strip() not in shown
    answer = send(client, "/fr/courriels", {"do": "retry", "id": id_})
    assert answer.headers["Location"] == "/fr/courriels?done=retry"
    assert base.outbox.counts().waiting == 1
    gone = send(client, "/en/mail", {"do": "delete", "id": id_}, shown_at="/en/account")
    assert gone.status_code == 400
    assert Page(gone.text).all("p", class_="refusal")
