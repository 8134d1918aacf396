import torch


def saliency(model, image, target):
    """How fast the logit of class `target` changes with each pixel of an image (1, 3, h, w): (h, w)."""
    model.eval()
    image = image.clone().requires_grad_()
    gradient = torch.autograd.grad(model(image)[0, target], image)[0]
    return gradient.abs().amax(dim=1)[0]
