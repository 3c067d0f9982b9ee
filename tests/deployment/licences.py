"""The licences of the packages that an installation has, as SPDX expressions, and which may be.

A package states its licence in its metadata: as an expression, in a line of free text, or by a
classifier. What is written in several ways is brought to one; what is stated nowhere is in `READ`.
"""

import re
from importlib.metadata import PackageNotFoundError, metadata

ALLOWED = frozenset(
    """0BSD Apache-2.0 Artistic-1.0 BSD-2-Clause BSD-3-Clause BSL-1.0 CC0-1.0 CNRI-Python ISC
    LGPL-2.1-or-later LGPL-3.0-only LLVM-exception MIT MIT-0 MIT-CMU MPL-2.0 OFL-1.1 PSF-2.0
    Unlicense Zlib""".split()
)
"""Those that ask for no more than a notice, or for changes to the package itself to be shared."""

WRITTEN = {
    r"(the )?mit( license)?( \(mit\))?": "MIT",
    r"(the )?bsd[ -]2[ -]clause( license)?": "BSD-2-Clause",
    r"(the )?(new |modified )?bsd([ -]3[ -]clause)?( license)?": "BSD-3-Clause",
    r"(osi approved :: )?apache( software)?( license)?(,? version)?[ -]?(2\.0)?( license)?":
        "Apache-2.0",
    r"isc( license)?( \(iscl\))?": "ISC",
    r"(mozilla public license 2\.0 \(mpl 2\.0\)|mpl-2\.0)": "MPL-2.0",
    r"(the )?unlicense( \(unlicense\))?": "Unlicense",
    r"gnu lesser general public license v2 or later \(lgplv2\+\)": "LGPL-2.1-or-later",
    r"sil (ofl 1\.1|open font license 1\.1 \(ofl-1\.1\))": "OFL-1.1",
}  # fmt: skip

READ = {
    "click-default-group": "Unlicense",  # "Public Domain"; its file is that of the Unlicense
    "text-unidecode": "Artistic-1.0",  # or GPL, at one's choice
    "xstatic-leaflet": "BSD-2-Clause",  # "same as Leaflet"
}
"""Read in the packages themselves."""


class NotInstalled(Exception):
    """A package of another platform, of which nothing can be told here."""


def licence_of(name: str) -> str:
    """The licence of an installed package as an SPDX expression, such as "MIT OR Apache-2.0".

    Raises:
        NotInstalled: it is not there.
        LookupError: what it states is no licence that is known here.
    """
    try:
        stated = metadata(name)
    except PackageNotFoundError:
        raise NotInstalled(name) from None
    if name in READ:
        return READ[name]
    if expression := stated["License-Expression"]:
        return str(expression)
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in stated.get_all("Classifier", [])
        if each.startswith("License ::")
    ]
    free = (stated["License"] or "").strip()
    for text in (free if "\n" not in free else "", *classifiers):
        if re.fullmatch(r"[\w.+-]+( (AND|OR|WITH) [\w.+-]+)*", text) and parts_of(text) <= ALLOWED:
            return str(text)
        for pattern, spdx in WRITTEN.items():
            if text and re.fullmatch(pattern, text, re.IGNORECASE):
                return spdx
    raise LookupError(f"{name}: {free[:60]!r}, {classifiers}")


def parts_of(expression: str) -> frozenset[str]:
    """The licences that are named in an expression."""
    return frozenset(re.findall(r"[\w.+-]+", expression)) - {"AND", "OR", "WITH"}


def is_allowed(expression: str) -> bool:
    """Whether one of the choices of an expression has allowed licences only."""
    if " OR " in expression and " AND " not in expression:
        return any(parts_of(choice) <= ALLOWED for choice in expression.split(" OR "))
    return parts_of(expression) <= ALLOWED
