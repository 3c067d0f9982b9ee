"""Directories of actors in Parquet, read batch by batch; only the columns that are kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.directories.columns.header_map import HeaderMap
from ingest.directories.table import DirectoryRow, cell_text, shown_header
from ingest.records.fields import MAX_COLUMNS
from kb.errors import InputError

if TYPE_CHECKING:
    from pyarrow import DataType, RecordBatch

_BATCH_ROWS = 1024
_MAX_CELL_CHARS = 100_000


def parquet_rows(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Reads the rows of a Parquet file, as `RowReader`."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(path, memory_map=True) as file:
            texts = [column.name for column in file.schema_arrow if _is_text(column.type)]
        # A text that is written once for many rows must not be in memory once for each.
        with ParquetFile(path, memory_map=True, read_dictionary=texts) as file:
            header = tuple(file.schema_arrow.names)
            if len(header) > MAX_COLUMNS:
                raise InputError("many_columns", most=MAX_COLUMNS)
            if not (header_map.names_actors(header) or header_map.takes_any_header):
                raise InputError("no_header", header=shown_header(header))
            kept = [
                name
                for name, column in zip(header, header_map.columns(header), strict=True)
                if column.field or column.fact
            ]
            empty = dict.fromkeys(header, "")
            for batch in file.iter_batches(_BATCH_ROWS, columns=kept):
                _refuse_long(batch)
                for values in batch.to_pylist():
                    number += 1
                    cells = empty | {name: cell_text(value) for name, value in values.items()}
                    yield DirectoryRow(number, header, list(cells.values()))
    except MemoryError:
        raise InputError("out_of_memory") from None
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the file itself; without a number, it is Arrow's word for damaged pages
        reason = " ".join(str(error).split())
        raise InputError("no_parquet", reason=reason) from None


def _is_text(kind: "DataType") -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_binary(kind))


def _refuse_long(batch: "RecordBatch") -> None:
    import pyarrow.compute as pc
    from pyarrow import types

    for column in batch.columns:
        if not types.is_dictionary(column.type) or not _is_text(column.type.value_type):
            continue
        longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
        if longest > _MAX_CELL_CHARS:
            raise InputError("large_cell", most=_MAX_CELL_CHARS)
