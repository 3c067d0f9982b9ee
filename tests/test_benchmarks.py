"""What the comparison makes of its figures, whatever a contestant does."""

import json
import math
from pathlib import Path

import pytest

from tests.benchmarks.results import P50, exponent, read_results, tables
from tests.benchmarks.steps import ENTRANTS, Figures


def test_results_are_medians_with_their_spread_and_failures_are_gaps(tmp_path: Path) -> None:
    about = {"load_before": 0.5, "took_s": 10, "at": "2026-11-27T08:00:00", "machine": "2 cores"}
    for size, ms in ((1000, 10.0), (10_000, 20.0)):
        for turn, times in enumerate((0.9, 1.0, 1.2)):
            for who, share in (("ours", 1.0), ("plain", 4.0)):
                searched = {
                    "ms": [ms * times * share] * 3,
                    "pss_mib": 300.0,
                    "recall": 1.0,
                    "add_ms": [5.0],
                    "processor_ms": 3.0,
                }
                _keep(tmp_path, f"search.{who}.{size}.{turn}", searched | about)
        _keep(tmp_path, f"build.ours.{size}", {"seconds": 1, "bytes": 9, "passages": size} | about)
        scanned = {"embed_ms": 5.0, "scan_ms": 1.0, "passages": size}
        _keep(tmp_path, f"scanning.floor.{size}.0", scanned | about)
    _keep(tmp_path, "search.txtai.1000.0", {"error": "StepFailed: it ended"} | about)
    results = read_results(tmp_path)
    assert results.values(P50, "ours", 1000) == [9.0, 10.0, 12.0]
    assert exponent(results, P50, "ours") == pytest.approx(math.log10(2))
    told = tables(results, ENTRANTS)
    assert "| Qui sait faire ? | 10.0 (9.00–12.0) |" in told
    assert "| sentence-transformers + FAISS | 40.0 (36.0–48.0) |" in told
    assert "of which 1 failed" in told
    assert "| search / (embedded + scan), 1,000 firms | ≤ 1.5 | **1.67** |" in told
    assert "| recall@10, 1,000 firms | ≥ 0.98 | 1.00 |" in told


def _keep(folder: Path, name: str, figures: Figures) -> None:
    (folder / f"{name}.json").write_text(json.dumps(figures), encoding="utf-8")
