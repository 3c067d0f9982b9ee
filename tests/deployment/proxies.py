"""Real proxies with the examples of `deploy/`, in front of a server on loopback.

    with nginx(folder, upstream=8000, example="site.conf") as proxy:
        httpx.get(proxy.url, verify=False)

Of an example, only addresses, ports, names, certificates and places of files are other ones.
"""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

UNTRUSTED = ssl.create_default_context()
"""For certificates that nobody has signed."""
UNTRUSTED.check_hostname = False
UNTRUSTED.verify_mode = ssl.CERT_NONE


@dataclass(frozen=True, slots=True)
class Proxy:
    """`url` is that of the site, without a final slash; `logs` is what it wrote of requests."""

    program: str
    url: str
    host: str
    port: int
    log_folder: Path

    @property
    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.log_folder.iterdir()))


def program(name: str) -> str:
    """The path of a program. Missing, it fails in CI and skips elsewhere."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        reason = f"no {name}: install it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nothing listens on."""
    with ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in bound:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in bound]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody has signed, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(program("openssl"), "req", "-x509", "-nodes", "-days", "2"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(made)),
        ],
        check=True,
        capture_output=True,
    )
    return made, key


def nginx_configuration(
    folder: Path, example: str, *, upstream: int, plain: int, tls: int, strips: bool = False
) -> Path:
    """Writes the example into a folder, with a main file that includes it; returns that file."""
    made, key = certificate(folder)
    replaced = {
        r"\b127\.0\.0\.1:8000\b": f"127.0.0.1:{upstream}",
        r"listen \[::\]:\d+( ssl)?;": "",
        r"listen 80;": f"listen 127.0.0.1:{plain};",
        r"listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
        r"\b(kb|net)\.example;": "localhost;",
        r"https://kb\.example\$request_uri": f"https://localhost:{tls}$request_uri",
        r"ssl_certificate /.*": f"ssl_certificate {made};",
        r"ssl_certificate_key /.*": f"ssl_certificate_key {key};",
        r"/etc/nginx/snippets/": f"{folder}/",
        r"/var/log/nginx/": f"{folder}/logs/",
        r"/var/www/\w+": str(folder / "www"),
    }
    if strips:
        replaced[r"(location /savoir/ \{[^}]*proxy_pass http://quisait);"] = r"\1/;"
    for path in (DEPLOY / "nginx").glob("*.conf"):
        text = path.read_text()
        for pattern, instead in replaced.items():
            text = re.sub(pattern, instead, text)
        (folder / path.name).write_text(text)
    for name in ("logs", "www", "temporary"):
        (folder / name).mkdir(exist_ok=True)
    places = "".join(
        f"    {name}_temp_path {folder}/temporary/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "main.conf"
    main.write_text(
        f"daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\n"
        f"error_log {folder}/start.log;\nevents {{ worker_connections 2048; }}\nhttp {{\n"
        f"{places}    access_log off;\n"
        f"    include {folder}/quisait-limits.conf;\n    include {folder}/{example};\n}}\n"
    )
    return main


@contextmanager
def nginx(
    folder: Path, example: str, *, upstream: int, ports: Sequence[int], strips: bool = False
) -> Iterator[Proxy]:
    """nginx with an example; the ports are for plain http and for TLS."""
    plain, tls = ports
    main = nginx_configuration(
        folder, example, upstream=upstream, plain=plain, tls=tls, strips=strips
    )
    # As root, its workers would be another user, who may not enter the folder of the test.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    command = [
        program("nginx"),
        "-c",
        str(main),
        "-p",
        str(folder),
        "-e",
        str(folder / "start.log"),
    ]
    part = "/savoir" if example == "sub-path.conf" else ""
    with _running([*command, *user], tls, folder / "start.log"):
        yield Proxy("nginx", f"https://localhost:{tls}{part}", "localhost", tls, folder / "logs")


@contextmanager
def caddy(
    folder: Path, *, upstream: int, ports: Sequence[int], sub_path: bool = False
) -> Iterator[Proxy]:
    """Caddy with the example, which signs its certificate itself."""
    plain, tls = ports
    text = (DEPLOY / "caddy" / "Caddyfile").read_text()
    used, unused = ("net", "kb") if sub_path else ("kb", "net")
    for pattern, instead in {
        rf"^{used}\.example \{{": f"localhost:{tls} {{\n\ttls internal",
        rf"^{unused}\.example \{{": "unused.localhost {\n\ttls internal",
        r"\A(.*?^\{)": (
            rf"\1\n\tadmin off\n\tstorage file_system {folder}/storage\n\tskip_install_trust\n"
            rf"\thttp_port {plain}\n\thttps_port {tls}\n\tdefault_bind 127.0.0.1"
        ),
        r"127\.0\.0\.1:8000": f"127.0.0.1:{upstream}",
        r"/var/log/caddy": f"{folder}/logs",
        r"/var/www/html": f"{folder}/www",
    }.items():
        text = re.sub(pattern, instead, text, count=0, flags=re.MULTILINE | re.DOTALL)
    configuration = folder / "Caddyfile"
    configuration.write_text(text)
    (folder / "logs").mkdir()
    (folder / "www").mkdir()
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(configuration)]
    part = "/savoir" if sub_path else ""
    with _running(command, tls, folder / "logs" / "start.log", HOME=str(folder)):
        yield Proxy("caddy", f"https://localhost:{tls}{part}", "localhost", tls, folder / "logs")


@contextmanager
def _running(command: Sequence[str], port: int, log: Path, **environment: str) -> Iterator[None]:
    with (
        log.open("ab") as written,
        subprocess.Popen(
            command, stdout=written, stderr=written, env={**os.environ, **environment}
        ) as process,
    ):
        try:
            while not _listens(port):
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            process.kill()


def _listens(port: int) -> bool:
    """Whether a connection over TLS is answered: Caddy listens before it has a certificate."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as asking:
        UNTRUSTED.wrap_socket(asking, server_hostname="localhost").close()
        return True
    return False
