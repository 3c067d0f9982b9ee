"""Writes the bill of materials: every package of an installation, and what comes with the program.

    make sbom        # build/sbom.json, CycloneDX 1.6

Versions and hashes are those of `requirements.lock`; licences, those that the installed packages
state (`tests.deployment.licences`). Models and data that come with the program are components, too.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tests.deployment.licences import NotInstalled, licence_of
from tests.deployment.lock import LOCK, ROOT, requirements_in

OUT = ROOT / "build" / "sbom.json"

BUNDLED = (
    ("kb/encoder/bundled", ComponentType.MACHINE_LEARNING_MODEL),
    ("kb/trade_index/bundled", ComponentType.MACHINE_LEARNING_MODEL),
    ("kb/reference", ComponentType.DATA),
    ("kb/text/lexicons", ComponentType.DATA),
    ("ingest/extraction", ComponentType.DATA),
)
"""Folders of models and data; their files that are neither code nor notes are named."""


def bill_of_materials() -> Bom:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    program = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        licenses=[LicenseExpression(project["license"])],
        bom_ref=project["name"],
    )
    bom = Bom(components=[*_packages(), *_bundled()])
    bom.metadata.component = program
    bom.register_dependency(program, bom.components)
    return bom


def _packages() -> Iterator[Component]:
    for requirement in requirements_in(LOCK.read_text()):
        found = re.match(r"([\w.-]+)==([^\s;]+)", requirement)
        assert found, requirement
        name, version = found.groups()
        try:
            expression = licence_of(name)
        except NotInstalled:  # of another platform
            expression = ""
        simple = re.fullmatch(r"[\w.+-]+", expression)
        licence = (
            DisjunctiveLicense(id=expression) if simple else LicenseExpression(expression)
        ) if expression else None  # fmt: skip
        yield Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            purl=PackageURL("pypi", name=name, version=version),
            bom_ref=f"{name}=={version}",
            licenses=[licence] if licence else [],
        )


def _bundled() -> Iterator[Component]:
    for folder, kind in BUNDLED:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and path.suffix not in {".py", ".md", ".pyc"}:
                digest = sha256(path.read_bytes()).hexdigest()
                yield Component(
                    name=name,
                    type=kind,
                    hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
                    bom_ref=name,
                )


def main(out: Path) -> None:
    bom = bill_of_materials()
    out.parent.mkdir(exist_ok=True)
    out.write_text(JsonV1Dot6(bom).output_as_string(indent=1) + "\n")
    print(f"{out.relative_to(ROOT)}: {len(bom.components)} components")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else OUT)
