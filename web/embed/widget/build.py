"""Makes the widget's script, all modules in one scope: `python -m web.embed.widget.build`."""

import json
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from kb.messages import N_
from kb.search.results import Fit
from web.embed.scripts import BUILDS, CURRENT, build_name
from web.http.i18n import Language, translations
from web.http.labels import FIT_LABELS

SOURCES = Path(__file__).parent
TEXTS = SOURCES / "texts"
MODULES = ("state.js", "texts.js", "asker.js", "tally.js", "view.js", "element.js")

_LABELS: Mapping[str, str] = {
    "placeholder": N_("a thing, a material, a skill"),
    **{fit.value: label for fit, label in FIT_LABELS.items() if fit is not Fit.NONE},
    "named": N_("Goes by this name"),
}

_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def build(without: Collection[str] = ()) -> bytes:
    def text_of(name: str) -> str:
        return "" if name in without else (SOURCES / name).read_text(encoding="utf-8")

    texts = {
        language: {} if f"texts/{language}.json" in without else texts_in(Language(language))
        for language in sorted(Language)
    }
    styles = _minified("text/css", text_of("styles.css"))
    constants = (
        f"const TEXTS = {json.dumps(texts, ensure_ascii=False)};\n"
        f"const STYLES = {json.dumps(styles, ensure_ascii=False)};\n"
    )
    modules = "\n".join(_EXPORT.sub("", _IMPORT.sub("", text_of(name))) for name in MODULES)
    script = f"(() => {{\n{constants}{modules}\n}})();\n"
    return f"{_minified('application/javascript', script)}\n".encode()


def _minified(media_type: str, text: str) -> str:
    """Returns the minified text, in another process: the minifier's Go runtime may end this one."""
    program = "import sys, minify; print(end=minify.string(sys.argv[1], sys.stdin.read()))"
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program, media_type],
        input=text,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    ).stdout


def texts_in(language: Language) -> dict[str, Any]:
    """What the widget says in a language, by key: its own texts, and the labels of the pages."""
    texts: dict[str, Any] = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    gettext = translations(language).gettext
    return texts | {key: gettext(label) for key, label in _LABELS.items()}


def main() -> None:
    for language in Language:
        texts = json.dumps(texts_in(language), ensure_ascii=False, indent=2)
        (TEXTS / f"{language}.json").write_text(f"{texts}\n", encoding="utf-8")
    current, made = BUILDS / CURRENT, build()
    former = current.read_bytes() if current.exists() else made
    if former != made:
        (BUILDS / build_name(former)).write_bytes(former)
    current.write_bytes(made)


if __name__ == "__main__":
    main()
