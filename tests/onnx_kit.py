"""Tiny neural voices with the true signatures, their weights two lookup tables of our own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from msgspec import Struct, field
from onnx import TensorProto, helper, numpy_helper

from undersong.voices.kokoro_symbols import SYMBOLS

PIPER_RATE, PIPER_HOP = 22_050, 256
KOKORO_RATE, KOKORO_HOP = 24_000, 600
LETTERS = "abcdefhijklmnoprstuvwxyzæðŋɐɑɒɔəɚɛɜɡɪɹɾʃʊʌʒθᵻˈˌː"
PIPER_MAP = {"_": [0], "^": [1], "$": [2], " ": [3], "!": [4], ",": [8], ".": [10], ":": [11]} | {
    ";": [12], "?": [13], **{letter: [14 + k] for k, letter in enumerate(LETTERS)}
}  # fmt: skip


class Graph(Struct):
    """Nodes and constants, put down one after another."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, name: str, value: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **options: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], **options))
        return output

    def save(self, path: Path, inputs: list[Any], outputs: list[Any]) -> Path:
        graph = helper.make_graph(self.nodes, "tiny", inputs, outputs, self.constants)
        opset = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)
        return path


def tensor(name: str, kind: int, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def _tones(graph: Graph, frames: str, rate: int, hop: int, freq: Any) -> str:
    """Give every id its own tone for as many frames as it lasts; returns the sound's name."""
    for name, value in {
        "freq": freq, "hop": np.float32(hop), "step": np.float32(2 * np.pi / rate),
        "zero": np.float32(0), "one": np.float32(1), "loud": np.float32(0.25), "axis0": np.int64(0),
        "flat": np.int64([-1]), "column": np.int64([-1, 1]), "row": np.int64([1, -1]),
        "axes1": np.int64([1]),
    }.items():  # fmt: skip
        graph.constant(name, value)
    graph.node("Reshape", [frames, "flat"], "frames_flat")
    graph.node("Mul", ["frames_flat", "hop"], "samples")
    graph.node("CumSum", ["samples", "axis0"], "ends")
    graph.node("ReduceSum", ["samples"], "total", keepdims=0)
    graph.node("Range", ["zero", "total", "one"], "time")
    graph.node("Reshape", ["time", "column"], "time_column")
    graph.node("Reshape", ["ends", "row"], "ends_row")
    graph.node("GreaterOrEqual", ["time_column", "ends_row"], "past")
    graph.node("Cast", ["past"], "past_number", to=TensorProto.INT64)
    graph.node("ReduceSum", ["past_number", "axes1"], "index", keepdims=0)
    graph.node("Gather", ["freq", "ids"], "freq_of_id")
    graph.node("Gather", ["freq_of_id", "index"], "freq_now")
    graph.node("CumSum", ["freq_now", "axis0"], "turns")
    graph.node("Mul", ["turns", "step"], "phase")
    graph.node("Sin", ["phase"], "sine")
    graph.node("Sign", ["freq_now"], "sounding")
    graph.node("Mul", ["sine", "sounding"], "gated")
    return graph.node("Mul", ["gated", "loud"], "tones")


def tiny_piper(path: Path, *, speakers: int = 1, ceils: int = 1, **config: Any) -> Path:
    """Write `path` and its `.onnx.json`: Piper's signature, random noise scaled as Piper's is."""
    graph, size = Graph(), 256
    freq, last = np.zeros(size, np.float32), np.ones(size, np.float32)
    freq[14:] = 110 * 2 ** (np.random.default_rng(0).integers(0, 24, size - 14) / 12)
    last[14:], last[3], last[8], last[10], last[0] = 7.3, 4.2, 12.5, 25.1, 0.4
    for name, value in {
        "last": last, "i0": np.int64([0]), "i1": np.int64([1]), "i2": np.int64([2]),
        "cube": np.int64([1, 1, -1]), "ids_flat": np.int64([-1]),
    }.items():  # fmt: skip
        graph.constant(name, value)
    for index, name in enumerate(("noise", "length", "noise_w")):
        graph.node("Gather", ["scales", f"i{index}"], name)
    graph.node("Reshape", ["input", "ids_flat"], "ids")
    graph.node("Gather", ["last", "ids"], "usual")
    graph.node("Mul", ["usual", "length"], "scaled")
    graph.node("RandomNormalLike", ["scaled"], "random_w")
    graph.node("Mul", ["random_w", "noise_w"], "shift")
    graph.node("Add", ["scaled", "shift"], "shifted")
    graph.node("Reshape", ["shifted", "cube"], "w")
    graph.node("Ceil", ["w"], "w_ceil")
    for k in range(1, ceils):
        graph.node("Ceil", ["w_ceil"], f"w_ceil_{k}")
    tones = _tones(graph, "w_ceil", PIPER_RATE, PIPER_HOP, freq)
    graph.node("RandomNormalLike", [tones], "random")
    graph.node("Mul", ["random", "noise"], "hiss")
    graph.node("Add", [tones, "hiss"], "y")
    graph.node("Reshape", ["y", "cube"], "output")
    graph.node("Cast", ["input_lengths"], "unused", to=TensorProto.FLOAT)
    inputs = [
        tensor("input", TensorProto.INT64, ["batch", "phonemes"]),
        tensor("input_lengths", TensorProto.INT64, ["batch"]),
        tensor("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers > 1:
        inputs.append(tensor("sid", TensorProto.INT64, ["batch"]))
        graph.node("Cast", ["sid"], "unused_too", to=TensorProto.FLOAT)
    outputs = [tensor("output", TensorProto.FLOAT, ["batch", "one", "time"])]
    graph.save(path, inputs, outputs)
    found = {
        "audio": {"sample_rate": PIPER_RATE, "quality": "test"}, "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak", "phoneme_id_map": PIPER_MAP, "num_symbols": size,
        "num_speakers": speakers, "speaker_id_map": {}, "dataset": "tiny",
        "language": {"code": "en_US", "name_native": "English"},
    }  # fmt: skip
    Path(f"{path}.json").write_text(json.dumps(found | config), encoding="utf-8")
    return path


def tiny_kokoro(
    folder: Path, *, durations: bool = True, tokens: str = "input_ids", whole_speed: bool = False
) -> tuple[Path, Path]:
    """Write `kokoro.onnx` and `voices.bin` with Kokoro's signature; the lead pad is audible."""
    graph, size = Graph(), max(SYMBOLS.values()) + 1
    freq, last = np.zeros(size, np.float32), np.full(size, 3.3, np.float32)
    freq[17:] = 120 * 2 ** (np.random.default_rng(1).integers(0, 18, size - 17) / 12)
    freq[0], last[0], last[16] = 700.0, 4.0, 2.0
    graph.constant("last", last)
    graph.constant("ids_flat", np.int64([-1]))
    graph.node("Reshape", [tokens, "ids_flat"], "ids")
    graph.node("Gather", ["last", "ids"], "usual")
    kind = TensorProto.INT32 if whole_speed else TensorProto.FLOAT
    graph.node("Cast", ["speed"], "speed_number", to=TensorProto.FLOAT)
    graph.node("Div", ["usual", "speed_number"], "scaled")
    graph.node("Ceil", ["scaled"], "frames")
    graph.node("Cast", ["frames"], "duration", to=TensorProto.INT64)
    tones = _tones(graph, "frames", KOKORO_RATE, KOKORO_HOP, freq)
    graph.node("Identity", [tones], "waveform")
    graph.node("Cast", ["style"], "unused", to=TensorProto.FLOAT)
    inputs = [
        tensor(tokens, TensorProto.INT64, [1, "n"]),
        tensor("style", TensorProto.FLOAT, [1, 256]),
        tensor("speed", kind, [1]),
    ]
    outputs = [tensor("waveform", TensorProto.FLOAT, ["time"])]
    if durations:
        outputs.append(tensor("duration", TensorProto.INT64, ["m"]))
    model = graph.save(folder / "kokoro.onnx", inputs, outputs)
    styles = np.random.default_rng(1).standard_normal((510, 1, 256)).astype(np.float32)
    voices = folder / "voices.bin"
    with voices.open("wb") as file:
        np.savez(file, af_test=styles, bm_test=styles)
    return model, voices
