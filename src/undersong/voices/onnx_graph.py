"""Looking into an ONNX file, just far enough to have one more of its tensors returned.

A Piper voice computes how long each phoneme lasts and does not tell. Naming the tensor as an
output is all that it takes, and a message of protocol buffers is extended by appending to it: two
serialised messages behind one another are the merge of both. So nothing has to be rewritten.

Field numbers are those of onnx.proto3: ModelProto.graph = 7, GraphProto.node = 1 and output = 12,
NodeProto.output = 2 and op_type = 4, ValueInfoProto.name = 1.
"""

from collections.abc import Iterator
from typing import Final

_GRAPH: Final = 7
_NODE: Final = 1
_GRAPH_OUTPUT: Final = 12
_NODE_OUTPUT: Final = 2
_OPERATOR: Final = 4
_NAME: Final = 1

_VARINT: Final = 0
_BYTES: Final = 2
_FIXED: Final = {1: 8, 5: 4}
"""Length in bytes by wire type."""


class NoGraphError(ValueError):
    """The bytes are no ONNX model."""


def exposed(content: bytes, operator: str) -> bytes:
    """Return a model that also returns what its one `operator` makes.

    The model comes back as it is when it has no such operator, or several.

    Raises:
        NoGraphError: the content is no ONNX model.
    """
    view = memoryview(content)
    names: set[str] = set()
    outputs: set[str] = set()
    for graph in _fields(view, _GRAPH):
        for node in _fields(graph, _NODE):
            if _texts(node, _OPERATOR) == [operator]:
                names.update(_texts(node, _NODE_OUTPUT))
        for output in _fields(graph, _GRAPH_OUTPUT):
            outputs.update(_texts(output, _NAME))
    if len(names) != 1 or names <= outputs:
        return content
    (name,) = names
    value = _field(_NAME, name.encode())
    return content + _field(_GRAPH, _field(_GRAPH_OUTPUT, value))


def _fields(message: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the content of every field of this number that holds bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        wire = key & 7
        if wire == _VARINT:
            _, position = _varint(message, position)
            continue
        length = _FIXED.get(wire, -1)
        if wire == _BYTES:
            length, position = _varint(message, position)
        if length < 0 or position + length > len(message):
            raise NoGraphError("not an ONNX model, or cut short")
        if key >> 3 == number and wire == _BYTES:
            yield message[position : position + length]
        position += length


def _texts(message: memoryview, number: int) -> list[str]:
    return [bytes(field).decode("utf-8", "replace") for field in _fields(message, number)]


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the bit that says another byte follows
            return value, position
        shift += 7
    raise NoGraphError("not an ONNX model, or cut short")


def _field(number: int, content: bytes) -> bytes:
    return _encoded(number << 3 | _BYTES) + _encoded(len(content)) + content


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - what fits into one byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
