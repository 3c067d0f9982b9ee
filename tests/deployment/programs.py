"""Two releases of the program to upgrade between: `python -m tests.deployment.programs 0.0.9 …`.

0.0.9 is this one, with an encoder that counts words. 0.1.0 migrates the base to a schema of its
own, in either engine, and changes every website; with FAILS=check, its check then fails.
"""

import os
import sys

from kb.store import migrations

SPOILT = "what the new version made of it"


MIGRATION = migrations.Migration(
    both=[
        "create table of_tomorrow (id integer primary key)",
        f"update actors set website = '{SPOILT}'",
    ]
)


def main(release: str, *arguments: str) -> None:
    """Runs a release."""
    if release == "0.1.0":
        # Before anything else reads the number.
        migrations.SCHEMA_VERSION += 1
        migrations.MIGRATIONS = {**migrations.MIGRATIONS, migrations.SCHEMA_VERSION: MIGRATION}
    import kb.knowledge_base
    import kb.upkeep.check
    from tests.encoders import WordCountEncoder
    from web.cli import main as quisait

    for module in (kb.knowledge_base, kb.upkeep.check):
        module.load_encoder = lambda _: WordCountEncoder()  # type: ignore[attr-defined]
    if arguments[0] == os.environ.get("FAILS") and release == "0.1.0":
        sys.exit(f"{release}: {arguments[0]} failed, as was asked for")
    quisait([*arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
