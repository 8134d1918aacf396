import torch


def maps(model, layer, image):
    """What every channel of one layer (say, model.layer4) answers to an image (1, 3, h, w): (c, h', w')."""
    seen = []
    hook = layer.register_forward_hook(lambda module, inputs, output: seen.append(output))
    model.eval()
    with torch.inference_mode():
        model(image)
    hook.remove()
    return seen[0][0]


# What fine-tuning changed in each channel: (maps(b, b.layer4, image) - maps(a, a.layer4, image)).abs().mean((1, 2))
