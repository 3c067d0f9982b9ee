"""Qui sait faire ? on PostgreSQL, on a server of its own, set as for a machine of this class.

Its files are in the folder of the base, and so is its socket: nothing listens on a port. Whoever
measures runs it (`running`), since an administrator's server runs before a search begins.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.rivals.contestant import SliceFiles, main
from tests.benchmarks.rivals.ours import Ours
from tests.postgres import PostgresServer, postgres_server

DATABASE = "base"
SETTINGS = {
    "effective_cache_size": "8GB",
    "listen_addresses": "",
    "maintenance_work_mem": "1GB",
    "shared_buffers": "1GB",
}


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """Runs the server of a base, with an empty database in a new folder; gives its process id."""
    is_new = not folder.exists()
    with postgres_server(SETTINGS, kept_in=folder) as server:
        if is_new:
            server.create(DATABASE)
        yield int((folder / "data" / "postmaster.pid").read_text().split()[0])


def address_of(folder: Path) -> str:
    return PostgresServer(folder).address(DATABASE)


class OursOnPostgres(Ours):
    """The same program, with another setting of the base."""

    def place(self, folder: Path) -> Path | str:
        return address_of(folder)

    def build(self, folder: Path, slices: Sequence[SliceFiles], given: bool) -> int:
        passages = super().build(folder, slices, given)
        server = PostgresServer(folder)
        server.execute("vacuum analyze", database=DATABASE)  # as the server does itself, soon
        server.execute("checkpoint")
        return passages


if __name__ == "__main__":
    main(OursOnPostgres)
