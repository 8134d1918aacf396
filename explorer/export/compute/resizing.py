"""Resizing and cropping as part of an ONNX graph: from a picture of any size to what the network reads."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from explorer.catalogue import Preprocessing


def with_resizing(model: onnx.ModelProto, size: Preprocessing) -> onnx.ModelProto:
    """The model with `picture`, (h, w, 3) uint8 RGB of any size, in place of its input `pixels`, (n, 3, crop, crop) uint8;
    n is 1.

    Short side to `resize` by its antialiased filter, then the centre, as Pillow and torchvision do: Resize needs `antialias`
    and `exclude_outside`, or onnxruntime (1.32) is some levels off along the edges. Levels may differ by 1 from Pillow's,
    which rounds after each of its two passes.
    """
    before = helper.make_model(_graph(size), opset_imports=list(model.opset_import), ir_version=model.ir_version)
    before = onnx.compose.add_prefix(before, "picture_", rename_inputs=False, rename_outputs=False)
    whole = onnx.compose.merge_models(before, model, io_map=[("cut", "pixels")])
    del whole.metadata_props[:]
    whole.metadata_props.extend(model.metadata_props)
    return whole


_STEPS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("Transpose", "picture", "planes", {"perm": [2, 0, 1]}),
    ("Unsqueeze", "planes first", "one", {}),
    ("Cast", "one", "levels", {"to": TensorProto.FLOAT}),
    ("Shape", "picture", "sides", {"end": 2}),
    ("ReduceMin", "sides", "short", {"keepdims": 1}),
    ("Mul", "sides resize", "times", {}),
    ("Div", "times short", "target", {}),  # whole numbers: rounded down, as int() does
    ("Concat", "one_and_three target", "sizes", {"axis": 0}),
    ("Resize", "levels - - sizes", "resized", {"mode": "linear", "antialias": 1, "exclude_outside": 1}),  # half_pixel
    ("Sub", "target crop", "spare", {}),
    ("Cast", "spare", "spare_float", {"to": TensorProto.FLOAT}),
    ("Mul", "spare_float half", "middle", {}),
    ("Round", "middle", "rounded", {}),
    ("Cast", "rounded", "start", {"to": TensorProto.INT64}),
    ("Add", "start crop", "end", {}),
    ("Slice", "resized start end two_and_three", "centre", {}),
    ("Round", "centre", "whole", {}),
    ("Clip", "whole black white", "clipped", {}),
    ("Cast", "clipped", "cut", {"to": TensorProto.UINT8}),
)
"""Operation, inputs (- where one is left out), output, attributes."""
_CUBIC: dict[str, Any] = {"mode": "cubic", "cubic_coeff_a": -0.5, "antialias": 1, "exclude_outside": 1}
"""Of Resize where the filter is bicubic: Pillow's coefficient."""


def _graph(size: Preprocessing) -> onnx.GraphProto:
    """`picture` → `cut`, (1, 3, crop, crop) uint8."""
    nodes = [
        helper.make_node(kind, ["" if name == "-" else name for name in inputs.split()], [output], **attributes)
        for kind, inputs, output, attributes in _STEPS
    ]
    nodes = [
        helper.make_node(node.op_type, node.input, node.output, **_CUBIC)
        if node.op_type == "Resize" and size.filter == "bicubic"
        else node
        for node in nodes
    ]
    numbers = {
        "first": np.array([0], np.int64),
        "resize": np.array([size.resize], np.int64),
        "crop": np.array([size.crop], np.int64),
        "one_and_three": np.array([1, 3], np.int64),
        "two_and_three": np.array([2, 3], np.int64),
        "half": np.array([0.5], np.float32),
        "black": np.array(0, np.float32),
        "white": np.array(255, np.float32),
    }
    return helper.make_graph(
        nodes,
        "picture",
        [helper.make_tensor_value_info("picture", TensorProto.UINT8, ["height", "width", 3])],
        [helper.make_tensor_value_info("cut", TensorProto.UINT8, [1, 3, size.crop, size.crop])],
        [numpy_helper.from_array(array, name) for name, array in numbers.items()],
    )
