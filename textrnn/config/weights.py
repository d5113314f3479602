"""Names and shapes of the weights of recurrent layers."""

GATES = {"gru": 3, "lstm": 4, "simple_rnn": 1, "layer_norm_rnn": 1, "mingru": 2}


def cell_shapes(name: str, cell: str, units: int, features: int) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the weights of a recurrent layer over so many features, filed under `name`.

    Named as Keras names them, in its order.
    """
    width = GATES[cell] * units
    shapes: dict[str, tuple[int, ...]] = {f"{name}/kernel": (features, width)}
    if cell != "mingru":  # its gates see the input alone
        shapes[f"{name}/recurrent_kernel"] = (units, width)
    shapes[f"{name}/bias"] = (2, width) if cell == "gru" else (width,)
    if cell == "layer_norm_rnn":
        shapes |= {f"{name}/layer_norm/{part}": (width,) for part in ("gamma", "beta")}
    return shapes
