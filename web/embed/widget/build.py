"""Makes the widget's script out of its sources: one file, minified, without a bundler.

    python -m web.embed.widget.build

The modules share one scope there, in the order below: names are unique among them. A build that
was given out is kept beside the new one, since pages may be bound to it by its hash.
"""

import json
import re
from collections.abc import Collection
from pathlib import Path

from web.embed.scripts import BUILDS, CURRENT, build_name

SOURCES = Path(__file__).parent
MODULES = ("state.js", "texts.js", "asker.js", "tally.js", "view.js", "element.js")

_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def build(without: Collection[str] = ()) -> bytes:
    """The script that the sources make; `without` some of them, to see what they weigh."""
    import minify

    def text_of(name: str) -> str:
        return "" if name in without else (SOURCES / name).read_text(encoding="utf-8")

    texts = {
        path.stem: json.loads(text_of(f"texts/{path.name}") or "{}")
        for path in sorted((SOURCES / "texts").glob("*.json"))
    }
    styles = minify.string("text/css", text_of("styles.css"))
    constants = (
        f"const TEXTS = {json.dumps(texts, ensure_ascii=False)};\n"
        f"const STYLES = {json.dumps(styles, ensure_ascii=False)};\n"
    )
    modules = "\n".join(_EXPORT.sub("", _IMPORT.sub("", text_of(name))) for name in MODULES)
    script = f"(() => {{\n{constants}{modules}\n}})();\n"
    minified: str = minify.string("application/javascript", script)
    return f"{minified}\n".encode()


def main() -> None:
    current, made = BUILDS / CURRENT, build()
    former = current.read_bytes() if current.exists() else made
    if former != made:
        (BUILDS / build_name(former)).write_bytes(former)
    current.write_bytes(made)


if __name__ == "__main__":
    main()
