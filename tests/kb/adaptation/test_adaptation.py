"""Learning a delta, and the encoder with and without one."""

import csv
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from kb.adaptation.learning import constants_of, learn
from kb.adaptation.measuring import Collection, measure, nomenclature_collections, read_collections
from kb.adaptation.pairs import MIXES
from kb.adaptation.training import RECIPES
from kb.commands.adapt import MIXES as OFFERED
from kb.encoder import bundled_weights
from kb.encoder.delta import BUNDLED, DeltaMismatch, fingerprint, read_delta, write_delta
from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.encoder.prepared import find_delta, load_encoder
from kb.errors import EncoderError, FileError
from kb.settings import Settings
from web.cli import main

DATA = Path(__file__).parents[2] / "data" / "nomenclatures"
HUB_NAME = "intfloat/multilingual-e5-small"


def settings(**given: object) -> Settings:
    return Settings.from_environment(**given)


def test_the_bundled_delta_is_for_the_bundled_model_alone(tmp_path: Path) -> None:
    assert find_delta(settings()) == BUNDLED
    assert find_delta(settings(model=HUB_NAME)) == BUNDLED
    assert find_delta(settings(model="intfloat/multilingual-e5-base")) is None
    assert find_delta(settings(model=str(tmp_path))) is None
    assert find_delta(settings(adaptation="off")) is None
    assert find_delta(settings(model=str(tmp_path), adaptation=str(tmp_path))) == tmp_path


def test_a_setting_that_names_nothing_is_reported_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="QUISAIT_ADAPTATION='on' is neither") as caught:
        find_delta(settings(adaptation="on"))
    assert "\n" not in str(caught.value)


def test_the_collections_are_of_the_tune_split() -> None:
    there = {c.name: c for c in nomenclature_collections(DATA)}
    assert there.keys() == {
        "NACE fr→fr",
        "NACE en→fr",
        "NACE fr→en",
        "index en→fr",
        "CN fr→en",
    }
    assert sorted(there["index en→fr"].queries.values()) == [
        "Bath salts",
        "Body butter",
        "Soup plates",
    ]
    asked = there["NACE en→fr"]
    assert sorted(asked.queries.values()) == [
        "balms for the skin",
        "coffee cups",
        "plates",
        "toilet waters",
    ]
    assert asked.corpus["23.41"] == "Vaisselle de porcelaine"
    assert len(asked.corpus) == 7
    assert there["CN fr→en"].corpus == {"42033000": "Belts and bandoliers"}


def test_figures_are_those_of_the_ranking_by_cosine() -> None:
    def encode(texts: object, kind: str) -> Embeddings:
        vectors: Mapping[str, tuple[float, float]] = {"a": (1, 0), "b": (0, 1), "q": (0.6, 0.8)}
        assert isinstance(texts, list)
        assert kind in {"query", "document"}
        return np.array([vectors[text] for text in texts], np.float32)

    collection = Collection("c", {"1": "q"}, {"A": "a", "B": "b"}, {"1": {"A": 1}})
    (figures,) = measure(encode, [collection]).values()
    assert figures["MAP"] == 0.5
    assert figures["nDCG@10"] == pytest.approx(1 / np.log2(3))


def test_a_folder_to_measure_on_is_read_by_language(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "tune.tsv").write_text("q\tc\tg\n1\tA\t2\n2\tB\t1\n")
    (tmp_path / "corpus.jsonl").write_text('{"_id": "A", "text": "a"}\n{"_id": "B", "text": "b"}\n')
    lines = [
        '{"_id": "1", "text": "un", "metadata": {"lang": "fr"}}',
        '{"_id": "2", "text": "two", "metadata": {"lang": "en"}}',
        '{"_id": "3", "text": "not of this split"}',
    ]
    (tmp_path / "queries.jsonl").write_text("\n".join(lines))
    corpus = {"A": "a", "B": "b"}
    assert read_collections(tmp_path) == [
        Collection(f"{tmp_path.name} fr", {"1": "un"}, corpus, {"1": {"A": 2}}),
        Collection(f"{tmp_path.name} en", {"2": "two"}, corpus, {"2": {"B": 1}}),
    ]
    (tmp_path / "corpus.jsonl").write_text('{"_id": "A"}\n')
    with pytest.raises(FileError, match=r"corpus\.jsonl:1: not a text"):
        read_collections(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["adapt", *map(str, arguments)])


def test_errors_of_the_data_are_reported_in_a_line(tmp_path: Path) -> None:
    data = shutil.copytree(DATA, tmp_path / "data")
    (data / "nace_note_items.tsv").write_text("lang\tcode\tkind\ttext\nfr\t1\tsub\tx\n")
    result = run("--data", data, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr == (
        f"quisait: {data / 'nace_note_items.tsv'}:2: '1' is not a NACE class such as 20.42.\n"
    )
    (data / "nace_note_items.tsv").unlink()
    result = run("--data", data)
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "nace_note_items.tsv cannot be read: No such file or directory.\n"
    )
    assert run("--data", tmp_path / "nowhere").exit_code == 2
    assert run("--data", DATA, "--steps", 0).exit_code == 2
    assert run().exit_code == 2


def test_a_folder_that_cannot_be_made_is_reported_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = run("--data", DATA, "--out", tmp_path / "file" / "out")
    assert result.exit_code == 1
    assert "cannot be made: Not a directory; name another --out." in result.stderr


def test_without_peft_the_command_names_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = run("--data", DATA)
    assert result.exit_code == 1
    assert (
        result.stderr == "quisait: Learning needs the package peft: pip install 'quisait[adapt]'.\n"
    )


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory, real_encoder: Encoder) -> Path:
    """Where a delta was learnt twice, in two steps of each mix."""
    assert real_encoder.name
    folder = tmp_path_factory.mktemp("learnt")
    recipes = [
        replace(r, steps=2, batch=8, checkpoint_every=2, averaged=1) for r in RECIPES.values()
    ]
    for name in ("one", "two"):
        learn(DATA, folder / name, recipes, 3)
    return folder


@pytest.mark.slow
def test_learning_again_gives_the_same_delta(learnt: Path) -> None:
    assert fingerprint(learnt / "one") == fingerprint(learnt / "two")
    delta = read_delta(learnt / "one")
    assert delta.base_model == HUB_NAME
    assert max(np.abs(delta.change(name)).max() for name in delta.factors) > 0


@pytest.mark.slow
def test_the_curve_and_the_card_say_how_it_went(learnt: Path) -> None:
    with (learnt / "one" / "curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["what"] for row in rows] == ["plain", "notes 2", "phrases 2", "kept"]
    assert float(rows[1]["loss"]) > 0
    assert 0 < float(rows[0]["NACE fr→fr nDCG@10"]) <= 1
    card = (learnt / "one" / "README.md").read_text()
    assert "`quisait adapt --mix notes --mix phrases --seed 3`" in card
    assert "- **Run 2**: seed 4, mix phrases, steps 2, " in card
    assert HUB_NAME in card
    assert "European Union" in card
    assert "Office for National Statistics" in card


@pytest.mark.slow
def test_a_delta_makes_another_encoder(learnt: Path, tmp_path: Path, real_encoder: Encoder) -> None:
    """And one without it is the model as it came."""
    model = settings().cache / "models" / bundled_weights.revision()
    given = {"model": str(model), "engine": "torch", "cache": tmp_path}
    plain = load_encoder(settings(adaptation="off", **given))
    assert load_encoder(settings(**given)).fingerprint == plain.fingerprint
    adapted = load_encoder(settings(adaptation=str(learnt / "one"), **given))
    assert len({plain.fingerprint, adapted.fingerprint, real_encoder.fingerprint}) == 3
    text = ["tonnellerie, fûts de chêne"]
    before, after = (encoder.encode(text, TextKind.DOCUMENT) for encoder in (plain, adapted))
    assert np.abs(before - after).max() > 1e-5
    assert np.sum(before * after) > 0.999  # two steps are small ones


@pytest.mark.slow
def test_a_delta_for_another_model_is_reported_in_a_line(learnt: Path, tmp_path: Path) -> None:
    delta = read_delta(learnt / "one")
    name, (a, b) = next(iter(delta.factors.items()))
    write_delta(replace(delta, factors={name: (a[:, :100], b)}), tmp_path / "delta")
    with pytest.raises(EncoderError, match="does not fit the model in") as caught:
        load_encoder(settings(adaptation=str(tmp_path / "delta")))
    assert not isinstance(caught.value, DeltaMismatch)
    assert "\n" not in str(caught.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="holds no delta"):
        load_encoder(settings(adaptation=str(tmp_path / "empty")))


@pytest.mark.slow
def test_the_graph_gives_the_tokens_too(real_encoder: Encoder) -> None:
    """The mean of the tokens' embeddings is the direction of the text's."""
    from kb.encoder.openvino_engine import OpenVinoEncoder

    assert isinstance(real_encoder, OpenVinoEncoder)
    graph = real_encoder._requests._graph
    assert [output.get_any_name() for output in graph.outputs] == [
        "sentence_embedding",
        "token_embeddings",
    ]
    ids = np.array([real_encoder._tokenizer.tokens("query: gants de cuir").ids])
    outputs = graph({"input_ids": ids, "attention_mask": np.ones_like(ids)})
    tokens = outputs["token_embeddings"]
    assert tokens.shape == (1, ids.shape[1], real_encoder.dimension)
    mean = tokens[0].mean(axis=0)
    (embedding,) = real_encoder.encode(["gants de cuir"], TextKind.QUERY)
    assert mean @ embedding / np.linalg.norm(mean) > 0.999


def test_the_bundled_card_names_the_constants_of_the_recipe() -> None:
    card = (BUNDLED / "README.md").read_text(encoding="utf-8")
    assert f"\n{constants_of([RECIPES['notes']], 0)}\n" in card


def test_the_command_offers_the_mixes_that_there_are() -> None:
    assert set(OFFERED) == RECIPES.keys() == MIXES.keys()
    assert run("--data", DATA, "--mix", "nothing").exit_code == 2
