import copy


def cascade(model, fresh, parts, explain):
    """The map after each part was replaced by random weights, from the head down; fresh: the state dict of an untrained
    network, parts: name prefixes from the head to the input, explain: a function from a model to its map."""
    model = copy.deepcopy(model).eval()
    maps = [explain(model)]
    for part in parts:
        model.load_state_dict({name: x for name, x in fresh.items() if name.startswith(part)}, strict=False)
        maps.append(explain(model))
    return maps
