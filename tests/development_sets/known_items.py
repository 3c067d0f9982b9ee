"""Actors looked for by name."""

from tests.development_sets.built import Built, held, table


def known_items() -> Built:
    """Actors looked for by name, on the small territory."""
    built = Built(
        "known-items",
        {"title": "Known items", "metrics": ["S@1", "S@3", "MRR", "R@10"], "by": "group"},
    )
    columns = ("query", "actor_id", "kind", "split")
    for number, (text, actor_id, kind, split) in table(held("known-items.tsv"), columns):
        built.add(f"known{number:03}", text, split, [actor_id], lang="fr", group=kind)
    return built
