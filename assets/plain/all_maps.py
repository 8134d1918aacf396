import torch


def all_maps(model, layers, image):
    """The maps of several layers at once, for an image (1, 3, h, w); layers: {"layer1": model.layer1, …}."""
    seen = {}
    hooks = [
        layer.register_forward_hook(lambda module, inputs, output, name=name: seen.update({name: output[0]}))
        for name, layer in layers.items()
    ]
    model.eval()
    with torch.inference_mode():
        model(image)
    for hook in hooks:
        hook.remove()
    return seen
