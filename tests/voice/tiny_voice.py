"""A voice of Piper's in a few hundred bytes: it hums, longer for more phonemes and for a larger length scale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RATE = 22_050
FRAMES_A_PHONEME, FIXED_FRAMES = 900, 6_000
"""Of speech at length scale 1, and of what every sentence takes at any scale."""

_SYMBOLS = "_^$ abcdefghijklmnopqrstuvwxyz.,!?'"


def settings(speakers: int = 1, **changes: Any) -> dict[str, Any]:
    """What lies beside a voice, for text in letters instead of espeak-ng's phonemes unless changed."""
    return {
        "audio": {"sample_rate": RATE},
        "espeak": {"voice": "en-us"},
        "phoneme_type": "text",
        "num_symbols": 64,
        "num_speakers": speakers,
        "speaker_id_map": {f"p{200 + n}": n for n in range(speakers)} if speakers > 1 else {},
        "inference": {"noise_scale": 0.6, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_id_map": {symbol: [n] for n, symbol in enumerate(_SYMBOLS)},
        **changes,
    }


def write_voice(folder: Path, name: str = "tiny", speakers: int = 1, **changes: Any) -> Path:
    """Write the voice's two files; the .onnx one's path. Each speaker hums at a pitch of its own."""
    path = folder / f"{name}.onnx"
    path.write_bytes(network(speakers))
    Path(f"{path}.json").write_text(json.dumps(settings(speakers, **changes)), "utf-8")
    return path


def network(speakers: int = 1, rename: dict[str, str] | None = None) -> bytes:
    """``output[0, 0, n] = 0.3 sin(w n)``, as long as there are phonemes times the scale, and a bit."""
    from onnx import TensorProto, helper

    def constant(name: str, kind: int, *values: float) -> Any:
        shape = [len(values)] if len(values) > 1 else []
        return helper.make_node("Constant", [], [name], value=helper.make_tensor(name, kind, shape, values))

    whole, real = TensorProto.INT64, TensorProto.FLOAT
    names = {each: (rename or {}).get(each, each) for each in ("input", "input_lengths", "scales", "sid")}
    nodes = [
        constant("one", whole, 1), constant("zero_real", real, 0.0), constant("one_real", real, 1.0),
        constant("each", real, float(FRAMES_A_PHONEME)), constant("fixed", real, float(FIXED_FRAMES)),
        constant("step", real, 0.08), constant("level", real, 0.3),
        helper.make_node("Constant", [], ["shape"], value=helper.make_tensor("shape", whole, [3], [1, 1, -1])),
        helper.make_node("Gather", [names["scales"], "one"], ["scale"], axis=0),
        helper.make_node("Cast", [names["input_lengths"]], ["lengths"], to=real),
        helper.make_node("ReduceSum", ["lengths"], ["phonemes"], keepdims=0),
        helper.make_node("Mul", ["phonemes", "each"], ["spoken"]),
        helper.make_node("Mul", ["spoken", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "fixed"], ["count"]),
        helper.make_node("Range", ["zero_real", "count", "one_real"], ["n"]),
        # the ids are needed by nothing, but a network names all its inputs
        helper.make_node("Cast", [names["input"]], ["ids"], to=real),
        helper.make_node("ReduceSum", ["ids"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero_real"], ["nothing"]),
    ]  # fmt: skip
    inputs = [
        helper.make_tensor_value_info(names["input"], whole, ["batch", "phonemes"]),
        helper.make_tensor_value_info(names["input_lengths"], whole, ["batch"]),
        helper.make_tensor_value_info(names["scales"], real, [3]),
    ]
    pitch = "step"
    if speakers > 1:
        inputs.append(helper.make_tensor_value_info(names["sid"], whole, ["batch"]))
        nodes += [
            helper.make_node("Cast", [names["sid"]], ["sid_real"], to=real),
            helper.make_node("Add", ["sid_real", "one_real"], ["higher"]),
            helper.make_node("Mul", ["higher", "step"], ["pitch"]),
        ]
        pitch = "pitch"
    nodes += [
        helper.make_node("Mul", ["n", pitch], ["angle"]),
        helper.make_node("Sin", ["angle"], ["wave"]),
        helper.make_node("Mul", ["wave", "level"], ["quieter"]),
        helper.make_node("Add", ["quieter", "nothing"], ["sound"]),
        helper.make_node("Reshape", ["sound", "shape"], ["output"]),
    ]
    output = helper.make_tensor_value_info("output", real, [1, 1, "samples"])
    graph = helper.make_graph(nodes, "tiny", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())
