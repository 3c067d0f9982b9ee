"""The lock, the licences and the bill of materials of what an installation has."""

import json
import re
import tomllib
from pathlib import Path

from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deployment.licences import NotInstalled, is_allowed, licence_of
from tests.deployment.lock import BUILD_LOCK, CUDA_LOCK, LOCK, ROOT, requirements_in
from tests.deployment.sbom import bill_of_materials

LOCKS = (LOCK, CUDA_LOCK, BUILD_LOCK)


def locked(path: Path) -> dict[str, Requirement]:
    """The requirements of a lock, by name, without their hashes."""
    found = (Requirement(each.partition(" \\\n")[0]) for each in requirements_in(path.read_text()))
    return {canonicalize_name(one.name): one for one in found}


def version_of(requirement: Requirement) -> str:
    [pin] = requirement.specifier
    assert pin.operator == "=="
    return pin.version


def constraints() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    found = (Requirement(line) for line in lines if not line.startswith("#"))
    return {canonicalize_name(one.name): one for one in found}


def test_every_requirement_of_the_project_is_locked() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    versions = locked(LOCK)
    for requirement in map(Requirement, pyproject["project"]["dependencies"]):
        pinned = versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version_of(pinned)), requirement.name
    [backend] = map(Requirement, pyproject["build-system"]["requires"])
    assert canonicalize_name(backend.name) in locked(BUILD_LOCK)


def test_versions_of_the_lock_are_those_that_are_tested() -> None:
    """Otherwise run `make lock`."""
    tested = constraints()
    for path in (LOCK, BUILD_LOCK):
        for name, requirement in locked(path).items():
            if name in tested:
                version = version_of(requirement)
                assert tested[name].specifier.contains(version), f"{name} {version}"
    # What is locked and not installed here is for another platform, or comes with Python.
    unknown = {name for name in locked(LOCK) if name not in tested}
    assert unknown <= {"colorama", "httpx2-jsfetch", "pip", "pywin32", "setuptools"}


def test_every_package_of_a_lock_has_hashes_and_no_address() -> None:
    for path in LOCKS:
        text = path.read_text()
        assert "://" not in text
        assert " @ " not in text
        for requirement in requirements_in(text):
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", requirement), requirement
    assert "nvidia" not in LOCK.read_text()


def test_the_licence_of_every_package_is_allowed() -> None:
    problems = []
    for name in locked(LOCK):
        try:
            expression = licence_of(name)
        except NotInstalled:
            continue
        if not is_allowed(expression):
            problems.append(f"{name}: {expression}")
    assert not problems


def test_a_licence_is_allowed_if_one_of_its_choices_is() -> None:
    assert is_allowed("MIT OR GPL-3.0-only")
    assert is_allowed("Apache-2.0 WITH LLVM-exception AND MIT")
    assert not is_allowed("GPL-3.0-only")
    assert not is_allowed("MIT AND GPL-3.0-only")


def test_the_bill_of_materials_names_all_that_is_installed() -> None:
    text = JsonV1Dot6(bill_of_materials()).output_as_string()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = {one["bom-ref"]: one for one in json.loads(text)["components"]}
    for name, requirement in locked(LOCK).items():
        component = components[f"{name}=={version_of(requirement)}"]
        try:
            licence_of(name)
        except NotInstalled:
            continue
        assert component["licenses"], name
    models = {
        name
        for name, one in components.items()
        if one["type"] == "machine-learning-model" and one["hashes"]
    }
    assert any(name.startswith("kb/encoder/bundled/") for name in models)
    assert any(name.startswith("kb/reference/") for name in components)
