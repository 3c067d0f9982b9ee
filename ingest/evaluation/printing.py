"""Scores as lines for a terminal, and as values for JSON."""

from ingest.evaluation.scores import Scores


def score_lines(scores: Scores) -> list[str]:
    """The scores as lines for a terminal."""
    lines = [f"{scores.articles} articles"]
    lines.append(f"{'':18} precision  recall      F1   right  wrong  missed")
    for name, tally in scores.fields.items():
        ratios = f"{_shown(tally.precision):>9}  {_shown(tally.recall):>6}  {_shown(tally.f1):>6}"
        lines.append(f"{name:18} {ratios}  {tally.right:6}  {tally.wrong:5}  {tally.missed:6}")
    lines.append("")
    lines.append("confidence         proposals   right    mean confidence")
    for band in scores.bands:
        share, mean = _shown(band.share_right), _shown(band.mean_confidence)
        lines.append(f"{band.start:.1f} and more        {band.proposals:9}  {share:>6}  {mean:>17}")
    return lines


def score_json(scores: Scores) -> dict[str, object]:
    """The scores as values for JSON; a ratio of nothing is `None`."""
    return {
        "articles": scores.articles,
        "fields": {
            name: {
                "precision": tally.precision,
                "recall": tally.recall,
                "f1": tally.f1,
                "right": tally.right,
                "wrong": tally.wrong,
                "missed": tally.missed,
            }
            for name, tally in scores.fields.items()
        },
        "calibration": [
            {
                "from": band.start,
                "proposals": band.proposals,
                "right": band.right,
                "share_right": band.share_right,
                "mean_confidence": band.mean_confidence,
            }
            for band in scores.bands
        ],
        "slips": [slip._asdict() for slip in scores.slips],
        "unread": scores.unread,
    }


def _shown(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.3f}"
