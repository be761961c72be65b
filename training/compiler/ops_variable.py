"""Operators that keep memory from one inference to the next: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, CALL_ONCE.

A variable is named by container and name. Its memory is a state of the program, known by the tensor of the first
VAR_HANDLE that names it; the tensors of later handles are other names of that one. What a variable holds at first comes
from the graph that CALL_ONCE runs; where that says nothing, it is the zero point of what is assigned to it, as in
TensorFlow Lite Micro.
"""

from __future__ import annotations

from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.fold import fold_constants
from emberwatch.training.compiler.ir import ELEMENT_SIZE, Lowering, Program, Rule, State
from emberwatch.training.compiler.memory import last_uses, root_of
from emberwatch.training.compiler.model import Model, Operator, Tensor

Key = tuple[str, str]


def _key(operator: Operator) -> Key:
    return str(operator.options["container"]), str(operator.options["shared_name"])


def _keys(model: Model) -> dict[int, Key]:
    """Tensor of a handle -> the variable's name."""
    return {op.outputs[0]: _key(op) for op in model.operators if op.name == "VAR_HANDLE" and op.outputs}


def initial_values(model: Model) -> dict[Key, bytes]:
    """What the graphs that CALL_ONCE runs assign to the variables.

    Raises:
        CompileError: such a graph does something else than assign constants.
    """
    values: dict[Key, bytes] = {}
    for call in model.operators:
        if call.name != "CALL_ONCE":
            continue
        number = int(call.options["init_subgraph_index"])
        if number not in model.called:
            raise CompileError(f"{model.path}: {call.label()} runs graph {number}, which the file does not have")
        graph = fold_constants(model.called[number])
        keys = _keys(graph)
        for operator in graph.operators:
            if operator.name == "VAR_HANDLE":
                continue
            fits = operator.name == "ASSIGN_VARIABLE" and len(operator.inputs) == 2 and operator.inputs[0] in keys
            data = graph.tensors[operator.inputs[1]].data if fits else None
            if data is None:
                raise CompileError(
                    f"{model.path}: graph {number} of {call.label()}: {operator.label()}: only constants assigned to "
                    f"variables are supported; initialise the variables with constants"
                )
            values[keys[operator.inputs[0]]] = data.tobytes()
    return values


def _handle(low: Lowering) -> Tensor:
    """The tensor by which the program knows the operator's variable."""
    handle = low.input(0)
    if handle.index not in _keys(low.program.model):
        low.fail("the variable does not come from VAR_HANDLE; export the model with resource variables", handle)
    return low.tensors[low.program.aliases.get(handle.index, handle.index)]


def _declare(low: Lowering, handle: Tensor, value: Tensor) -> None:
    """Give a variable its memory, or refuse a value of another size."""
    if value.dtype not in ELEMENT_SIZE:
        low.fail(f"a variable of type {value.dtype} is not supported", value)
    size = value.size * ELEMENT_SIZE[value.dtype]
    known = low.program.states.get(handle.index)
    if known is None:
        key = _keys(low.program.model)[handle.index]
        zero = int(value.zero_point[0]) if value.zero_point.size else 0
        initial = initial_values(low.program.model).get(key, bytes([zero % 256]) * size)
        known = low.program.states[handle.index] = State(len(initial), initial)
    if known.size != size:
        low.fail(f"shape {list(value.shape)} does not fit the variable's {known.size} bytes", value)


def var_handle(low: Lowering) -> None:
    """VAR_HANDLE: a name of a variable's memory."""
    output = low.output()
    if output.dtype != "RESOURCE":
        low.fail(f"a handle of type {output.dtype} is not supported, only RESOURCE", output)
    keys = _keys(low.program.model)
    first = next(tensor for tensor, key in keys.items() if key == keys[output.index])
    if first != output.index:
        low.program.aliases[output.index] = first


def read_variable(low: Lowering) -> None:
    """READ_VARIABLE: a copy of the variable, until `share_variables` finds that none is needed."""
    handle, output = _handle(low), low.output()
    _declare(low, handle, output)
    size = low.program.states[handle.index].size
    low.layer("read_state", [], {"size": size}, states=[handle.index], raw=True, summary=f"{size} bytes")


def assign_variable(low: Lowering) -> None:
    """ASSIGN_VARIABLE: a copy into the variable, until `share_variables` finds that none is needed."""
    handle, value = _handle(low), low.input(1)
    _declare(low, handle, value)
    size = low.program.states[handle.index].size
    low.layer("assign_state", [value], {"size": size}, states=[handle.index], raw=True, summary=f"{size} bytes")


def call_once(low: Lowering) -> None:
    """CALL_ONCE: no code; what its graph assigns is what the variables hold after a reset."""


def share_variables(program: Program) -> None:
    """Read variables where they lie, when nothing assigns them before the last use of what was read."""
    for layer in [layer for layer in program.layers if layer.template == "read_state"]:
        position = program.layers.index(layer)
        handle, output = layer.states[0], layer.outputs[0]
        last = last_uses(program).get(root_of(program, output), position)
        if last < len(program.layers) and not any(
            handle in other.states for other in program.layers[position + 1 : last + 1]
        ):
            program.aliases[output] = handle
            program.layers.remove(layer)


def _any(low: Lowering) -> None:
    """Nothing to check beyond what the lowering checks: no output's shape follows from an input's."""


RULES = {
    "ASSIGN_VARIABLE": Rule((2, 2), _any, assign_variable, 0),
    "CALL_ONCE": Rule((0, 0), _any, call_once, 0),
    "READ_VARIABLE": Rule((1, 1), _any, read_variable),
    "VAR_HANDLE": Rule((0, 0), _any, var_handle),
}
