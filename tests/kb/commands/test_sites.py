"""`quisait site`, as whoever runs a server types it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.knowledge_base import DATABASE_FILE
from kb.registers.sites import Site, SiteCounts, Sites
from kb.store.pool import StorePool
from kb.store.store import Store
from web.cli import main

ORIGIN = "https://www.reseau.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Store.open(tmp_path / DATABASE_FILE, create=True).close()
    return tmp_path


def site(folder: Path, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["--kb", str(folder), "site", *arguments], input=typed)


def sites(folder: Path) -> Sites:
    return Sites(StorePool(folder / DATABASE_FILE))


def added(folder: Path, name: str = "Réseau", department: str = "", theme: str = "") -> Site:
    return sites(folder).add(name, [ORIGIN], department=department, theme=theme)


def test_a_site_is_added_and_its_key_printed(folder: Path) -> None:
    result = site(
        folder, "add", "Réseau", "--origin", ORIGIN + "/", "--origin", "http://localhost:3000",
        "--department", "charente", "--theme", "Cuir", "--per-day", "500",
    )  # fmt: skip
    (only,) = sites(folder).list()
    assert result.output == f"Réseau can show the search. Its public key:\n{only.key}\n"
    assert (only.name, only.origins) == ("Réseau", (ORIGIN, "http://localhost:3000"))
    assert (only.department, only.theme, only.per_day) == ("16", "Cuir", 500)


def test_origins_without_frames_are_reported(folder: Path) -> None:
    result = site(
        folder, "add", "Réseau", "--origin", ORIGIN, "--origin", "https://mon_site.example"
    )
    line = "The frame cannot be shown at https://mon_site.example: only the widget can.\n"
    assert result.stderr == line
    (only,) = sites(folder).list()
    assert site(folder, "change", only.key, "--per-day", "7").stderr == line
    assert site(folder, "change", only.key, "--origin", ORIGIN).stderr == ""


def test_the_sites_are_listed_with_their_use(folder: Path) -> None:
    network, other = added(folder, "Réseau", department="16", theme="Cuir"), added(folder, "Autre")
    register = sites(folder)
    register.count(
        datetime.now(UTC).date().isoformat(), {network.key: SiteCounts(1234, 1100, 12, 45)}
    )
    register.disable(other.key)
    assert site(folder, "list").output == (
        f"Autre (switched off)\n"
        f"        key  {other.key}\n"
        f"     origin  {ORIGIN}\n"
        f"      today  0 of 20,000 searches, typing included\n"
        f"    30 days  0 searches, 0 without anything that fits, 0 results opened\n"
        f"\n"
        f"Réseau\n"
        f"        key  {network.key}\n"
        f"     origin  {ORIGIN}\n"
        f"begins with  department 16, theme Cuir\n"
        f"      today  1,234 of 20,000 searches, typing included\n"
        f"    30 days  1,100 searches, 12 without anything that fits, 45 results opened\n"
    )


def test_what_is_not_given_stays_as_it_is(folder: Path) -> None:
    network = added(folder, department="16", theme="Cuir")
    assert site(folder, "change", network.key, "--name", "Autre").output.startswith("Autre\n")
    site(folder, "change", network.key, "--origin", "https://b.example", "--department", "")
    result = site(folder, "change", network.key, "--per-day", "7")
    assert "0 of 7 searches" in result.output
    changed = sites(folder).get(network.key)
    assert (changed.name, changed.origins) == ("Autre", ("https://b.example",))
    assert (changed.department, changed.theme, changed.per_day) == ("", "Cuir", 7)


def test_a_site_is_switched_off_and_on(folder: Path) -> None:
    key = added(folder).key
    assert site(folder, "disable", key).output == "Réseau is switched off.\n"
    assert sites(folder).get(key).disabled
    assert site(folder, "enable", key).output == "Réseau can show the search again.\n"
    assert not sites(folder).get(key).disabled


def test_a_site_is_deleted_once_it_is_confirmed(folder: Path) -> None:
    key = added(folder).key
    asked = site(folder, "delete", key, typed="n\n")
    assert asked.exit_code == 1
    assert "Forget Réseau, its key and what was counted for it? [y/N]" in asked.output
    assert [listed.key for listed in sites(folder).list()] == [key]
    assert site(folder, "delete", key, typed="y\n").output.endswith("Réseau is forgotten.\n")
    assert sites(folder).list() == []
    assert site(folder, "delete", added(folder).key, "--yes").output == "Réseau is forgotten.\n"


def test_an_unknown_key_is_reported_in_a_line(folder: Path) -> None:
    for verb in ("change", "disable", "enable", "delete"):
        line = "quisait: There is no site with the key 'qss_x'.\n"
        result = site(folder, verb, "qss_x")
        assert (result.exit_code, result.output) == (1, line)


def test_unusable_values_are_reported_in_a_line(folder: Path) -> None:
    for arguments, line in (
        (["--origin", "*"], "'*' should begin with https:// (or with http://)."),
        (["--origin", ORIGIN, "--department", "99"], "'99' is not a department of France."),
        (
            ["--origin", ORIGIN, "--per-day", "0"],
            "A site may make 1 to 100,000,000 searches a day.",
        ),
    ):
        result = site(folder, "add", "Réseau", *arguments)
        assert (result.exit_code, result.output) == (1, f"quisait: {line}\n")
    assert sites(folder).list() == []
