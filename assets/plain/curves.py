import torch
from torch.nn import functional as F


def deletion(model, image, order, target, steps=20):
    """The probability of class `target` while the cells of a 16 × 16 grid become grey, in this order of their numbers."""
    model.eval()
    found = []
    for share in torch.linspace(0, 1, steps + 1):
        gone = torch.zeros(256)
        gone[order[: round(share.item() * 256)]] = 1
        inside = F.interpolate(gone.reshape(1, 1, 16, 16), image.shape[2:]).bool()
        with torch.inference_mode():
            found.append(model(image.masked_fill(inside, 0)).softmax(1)[0, target])  # normalised: 0 is mean grey
    return torch.stack(found)


# Insertion starts from the blurred picture, and the cells bring the picture back.
