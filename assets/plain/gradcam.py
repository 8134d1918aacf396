import torch


def gradcam(model, layer, image, target):
    """Grad-CAM of class `target` at one layer for an image (1, 3, h, w), on the layer's own grid (h', w')."""
    seen = []
    hook = layer.register_forward_hook(lambda module, inputs, output: seen.append(output))
    model.eval()
    logit = model(image.requires_grad_())[0, target]
    hook.remove()
    gradient = torch.autograd.grad(logit, seen[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * seen[0]).sum(dim=1)[0].detach()


# “Grid twice as fine” shows four such maps of the picture, each shifted by half a cell, interleaved.
