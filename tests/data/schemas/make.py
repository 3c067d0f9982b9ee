"""Makes a knowledge base of each earlier schema, by the program of that time.

    python -m tests.data.schemas.make 31   # a schema that was added; needs the history

Run by hand, when a migration was added; the bases are kept, compressed.
"""

import lzma
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent

LAST_VERSIONS: dict[int, str] = {
    30: "73e0a4b0",
    31: "5a56f712",
}
"""By schema, the last commit that had it and could be run."""

ACTORS = """id,name,description,place,department,country,siret,website,themes
avel,Avel,Avel fabrique des cirages et des crèmes pour le cuir.,Magnac-Lavalette,16,FR,\
55208131766522,https://avel.example,Cuir|Chimie
matha,Distilleries de Matha,La distillerie produit de l'alcool et le met en bouteilles.,Matha,17,\
FR,,,Spiritueux
gants,Société L'Harmonie,Un atelier de ganterie coud des gants de cuir fins.,Saint-Junien,87,FR,,,\
Cuir
"""

CASE = """---
id: gel-angouleme
title: Du gel hydroalcoolique à Angoulême
lang: fr
date: "2026-11-20"
need: Trouver du gel hydroalcoolique pour l'hôpital
themes: [Santé]
participants:
  - name: Avel
    role: producer
    actor: avel
    contribution: prépare le gel
---

La mairie cherchait du gel hydroalcoolique.

Un fabricant voisin a dit oui.
"""

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import io, pathlib
import kb.knowledge_base
from tests.encoders import WordCountEncoder
from web.cli import main

encoder = WordCountEncoder("words-64", 64)
kb.knowledge_base.load_encoder = lambda settings: encoder

def run(*arguments, stdin=""):
    sys.stdin = io.StringIO(stdin)
    assert not main(list(arguments), standalone_mode=False), arguments

folder, files = sys.argv[2:]
run("ingest", "--kb", folder, files)
directory = pathlib.Path(files) / "actors.csv"
directory.write_text(directory.read_text().replace("gants de cuir fins", "gants de cuir"))
run("ingest", "--kb", folder, files)
if "user" in main.commands:
    run("user", "add", "Camille", "--role", "administrator", "--password-stdin", "--kb", folder,
        stdin="a long passphrase for Camille\\n")
if "site" in main.commands:
    run("site", "add", "Réseau", "--origin", "https://reseau.example", "--kb", folder)
"""


def make(schema: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        files, folder = (Path(scratch) / name for name in ("files", "kb"))
        files.mkdir()
        (files / "actors.csv").write_text(ACTORS, encoding="utf-8")
        (files / "gel.md").write_text(CASE, encoding="utf-8")
        folder.mkdir()
        database = folder / "kb.sqlite"
        run(PROGRAM, LAST_VERSIONS[schema], folder, files)
        connection = sqlite3.connect(database)
        (found,) = connection.execute("pragma user_version").fetchone()
        assert found == schema, (found, schema)
        connection.execute("pragma journal_mode = delete")
        connection.execute("vacuum")
        connection.close()
        packed = lzma.compress(database.read_bytes(), preset=9)
        (HERE / f"{schema:02}.sqlite.xz").write_bytes(packed)


def run(script: str, commit: str, *arguments: object) -> None:
    """Runs a script with the program of a commit in front of all others."""
    with tempfile.TemporaryDirectory() as program:
        archive = subprocess.run(
            ["git", "archive", commit, "kb", "ingest", "web", "tests/encoders.py"],
            check=True,
            capture_output=True,
        ).stdout
        subprocess.run(["tar", "-x", "-C", program], input=archive, check=True)
        subprocess.run(
            [sys.executable, "-c", script, program, *map(str, arguments)],
            check=True,
            cwd=program,
            env={**os.environ, "PYTHONPATH": program},
        )


if __name__ == "__main__":
    for schema in map(int, sys.argv[1:]):
        make(schema)
        print(schema)
