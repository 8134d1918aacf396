import torch


def excite(model, layer, images, channel, count=9):
    """The images (n, 3, h, w) that excite one channel of a layer most: their numbers, values, and the place in the grid."""
    seen = []
    hook = layer.register_forward_hook(lambda module, inputs, output: seen.append(output[:, channel]))
    model.eval()
    with torch.inference_mode():
        model(images)
    hook.remove()
    value, place = seen[0].flatten(1).max(dim=1)
    top = value.argsort(descending=True, stable=True)[:count]
    return top, value[top], place[top]
