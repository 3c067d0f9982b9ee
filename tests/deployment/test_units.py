"""The units of systemd and the files for containers, as far as they are told without running."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.deployment.proxies import DEPLOY, ROOT

UNITS = sorted((DEPLOY / "systemd").glob("quisait*.*e*"))
MOST_EXPOSED = {"quisait.service": 1.5, "quisait-backup.service": 1.2}
"""Of 10: how far `systemd-analyze` says that a service is open to the system."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze"
)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that is there."""
    for name in ("quisait.service", "quisait-backup.service", "quisait-backup.timer"):
        text = (DEPLOY / "systemd" / name).read_text()
        (tmp_path / name).write_text(re.sub(r"/opt/quisait/current/bin/quisait", "/bin/true", text))
    return tmp_path


@needs_systemd
def test_systemd_finds_no_fault_with_the_units(units: Path) -> None:
    tried = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(units.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    assert str(units) not in tried.stderr


@needs_systemd
def test_a_service_may_do_little_besides_its_work(units: Path) -> None:
    for name, most in MOST_EXPOSED.items():
        told = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", str(units / name)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
        assert found, told
        assert float(found[1]) <= most, name


def test_the_image_runs_as_an_account_of_its_own_and_says_how_it_is() -> None:
    text = (ROOT / "Containerfile").read_text()
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    assert "/healthz" in final
    assert re.search(r"^VOLUME /data$", final, re.MULTILINE)
    for line in re.findall(r"pip install[^&]*", text):
        assert "--require-hashes" in line or "--no-deps" in line


def test_what_the_image_copies_is_there_and_nothing_else_is_sent() -> None:
    kept = {
        line.removeprefix("!")
        for line in (ROOT / ".containerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert all((ROOT / name).exists() for name in kept - {"wheels"})
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= kept


def test_only_the_proxy_of_the_compose_file_is_reached_from_outside() -> None:
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text())
    server, proxy = compose["services"]["quisait"], compose["services"]["proxy"]
    assert "ports" not in server
    assert proxy["ports"] == ["80:80", "443:443"]
    for service in (server, proxy):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"]
        for volume in service["volumes"]:
            name, _, _ = volume.partition(":")
            assert name in compose["volumes"] or (DEPLOY / "container" / name).exists()
    assert (DEPLOY / "container" / server["env_file"]).exists()


def test_the_proxy_of_the_compose_file_is_the_example() -> None:
    """It differs in where the server is, and has no part of a host."""
    example = (DEPLOY / "caddy" / "Caddyfile").read_text()
    alone = example.partition("\n# As a part of a host")[0]
    expected = alone.replace("127.0.0.1:8000", "quisait:8000")
    theirs = (DEPLOY / "container" / "Caddyfile").read_text()
    assert theirs.partition("\n{\n")[2].rstrip() == expected.partition("\n{\n")[2].rstrip()


def test_examples_set_only_settings_that_are_there() -> None:
    from kb.settings import Settings

    known = {f"QUISAIT_{name.upper()}" for name in Settings.model_fields}
    for path in (*DEPLOY.rglob("*.env"), *UNITS, ROOT / "Containerfile"):
        assert set(re.findall(r"\bQUISAIT_[A-Z_]+(?==)", path.read_text())) <= known, path.name
