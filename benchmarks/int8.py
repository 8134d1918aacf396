"""Whether int8 may be handed out: ONNX of finished runs against the same graph quantised by onnxruntime.

Dynamic quantisation needs no pictures; static takes its ranges from 32 training pictures. Both begin at the graph that
*Take it away* writes. A run is named as on the command line:

    python -m benchmarks.int8 RUN RUN
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.report import Spread, footer, table
from explorer import runs
from explorer.export.compute import graphs
from explorer.looks.pair import compute
from explorer.progress import silent

CALIBRATED, ROUNDS, BATCH = 32, 25, 16
"""Training pictures from which static quantisation takes its ranges; pictures timed; pictures in a pass."""


def rows(run: str, room: Path) -> Iterator[tuple[str, ...]]:
    """One row for the graph as it is and for each kind of int8."""
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.calibrate import CalibrationDataReader
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Ranges(CalibrationDataReader):
        left = iter(_training(run))

        def get_next(self) -> dict[str, np.ndarray]:
            return next(self.left, None)

    files = {kind: room / f"{kind}.onnx" for kind in ("float32", "ready", "dynamic", "static")}
    files["float32"].write_bytes(graphs.onnx_bytes(run, silent))
    quant_pre_process(files["float32"], files["ready"])
    quantize_dynamic(files["ready"], files["dynamic"], weight_type=QuantType.QUInt8)
    kinds = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
    quantize_static(files["ready"], files["static"], Ranges(), per_channel=True, **kinds)
    pixels, labels = np.ascontiguousarray(compute.pictures(run).transpose(0, 3, 1, 2)), compute.data(run).test.labels
    plain: np.ndarray | None = None
    for kind in ("float32", "dynamic", "static"):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(files[kind], options, providers=["CPUExecutionProvider"])
        parts = (pixels[i : i + BATCH] for i in range(0, len(pixels), BATCH))
        found = _softmax(np.concatenate([np.asarray(session.run(None, {"pixels": part})[0]) for part in parts]))
        plain = found if plain is None else plain
        same, right = (found.argmax(1) == plain.argmax(1)).sum(), (found.argmax(1) == labels).sum()
        spent = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            session.run(None, {"pixels": pixels[:1]})
            spent.append(1000 * (time.perf_counter() - began))
        apart, size = f"{abs(found - plain).max():.2f}", f"{files[kind].stat().st_size / 1e6:.1f} MB"
        name = compute.finished(run).row.title
        yield name, kind, f"{same} of {len(found)}", str(right), apart, f"{Spread(tuple(spent)).median:.1f}", size


def _training(run: str) -> list[dict[str, np.ndarray]]:
    """Some training pictures as the graph's input."""
    some = compute.training_images(run).take(compute.training_rows(run, CALIBRATED))
    pixels = np.asarray(some.pixels(compute.finished(run).preprocessing)).transpose(0, 3, 1, 2)
    return [{"pixels": np.ascontiguousarray(pixels[i : i + 8])} for i in range(0, len(pixels), 8)]


def _softmax(logits: np.ndarray) -> np.ndarray:
    power = np.exp(logits - logits.max(1, keepdims=True))
    return power / power.sum(1, keepdims=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    given = parser.parse_args()
    columns = ("backbone", "graph", "same class", "right", "probabilities apart, at most", "ms a picture", "size")
    with tempfile.TemporaryDirectory() as room:
        found = [row for run in given.runs for row in rows(runs.called(run), Path(room))]
    print(table(columns, found), end="\n\n")
    print(footer("benchmarks.int8", ("torch", "onnxruntime")))


if __name__ == "__main__":
    main()
