"""The widget's script as it is given out: under a name that stays, and under names by content.

A site that pins the script by its hash (Subresource Integrity) is bound to one content for good:
earlier builds stay in `widget/builds`, and are given out as long as their version is.
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256, sha384
from importlib.resources import files
from pathlib import Path

BUILDS = Path(str(files("web").joinpath("embed", "widget", "builds")))

PREFIX = "/embed/v1"
CURRENT = "quisait.js"


def build_name(content: bytes) -> str:
    """The name of a build, by its content."""
    return f"quisait.{sha256(content).hexdigest()[:16]}.js"


@dataclass(frozen=True, slots=True)
class WidgetScript:
    content: bytes

    @property
    def address(self) -> str:
        """Where this very content is found, for good."""
        return f"{PREFIX}/{build_name(self.content)}"

    @property
    def integrity(self) -> str:
        """What a page writes in `integrity`."""
        return f"sha384-{b64encode(sha384(self.content).digest()).decode()}"


class WidgetScripts:
    """Every build that is there when the server starts, and which is the current one."""

    current_address = f"{PREFIX}/{CURRENT}"

    def __init__(self) -> None:
        self.current = WidgetScript((BUILDS / CURRENT).read_bytes())
        scripts = [WidgetScript(path.read_bytes()) for path in sorted(BUILDS.glob("*.js"))]
        self._builds = {build_name(script.content): script for script in scripts}

    def build(self, name: str) -> WidgetScript | None:
        """The build of this name, such as `quisait.0123456789abcdef.js`."""
        return self._builds.get(name)
