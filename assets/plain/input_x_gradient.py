import torch


def input_x_gradient(model, image, target):
    """Input × gradient of class `target` for a normalised image (1, 3, h, w): (h, w). Zero is mean grey."""
    model.eval()
    image = image.clone().requires_grad_()
    gradient = torch.autograd.grad(model(image)[0, target], image)[0]
    return (image * gradient).sum(dim=1)[0].detach()
