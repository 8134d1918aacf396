"""The parts of a training script, as text. Words in capitals behind a $ are filled in by `explorer.export.script`."""

IMPORTS = """import math
from pathlib import Path

import torch
import torchvision
from PIL import Image, ImageOps
from torch import nn
from torchvision.transforms import v2
"""

INPUTS = """CUT = v2.Compose([v2.Resize($RESIZE$FILTER), v2.CenterCrop($CROP), v2.PILToTensor()])  # antialiased $SAID
AS_INPUT = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize($MEAN, $STD)])"""

CROPS = "v2.RandomResizedCrop($CROP, scale=(0.5, 1.0)), v2.RandomHorizontalFlip()"
CHANGES = {
    "flip": "CHANGE = v2.RandomHorizontalFlip()",
    "crop": f"CHANGE = v2.Compose([{CROPS}])",
    "colour": f"CHANGE = v2.Compose([{CROPS}, v2.ColorJitter(0.2, 0.2, 0.2, 0.05)])",
}

PICTURES = '''def pictures(split):
    """All pictures of a split, (n, 3, $CROP, $CROP) uint8, and the numbers of their classes, (n,)."""
    found, labels = [], []
    for path, name in $FILES:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")  # what shows through where it is transparent
        found.append(CUT(Image.alpha_composite(ground, image).convert("RGB")))
        labels.append(CLASSES.index(name))
    return torch.stack(found), torch.tensor(labels)
'''

OF_SPLIT = "sorted((DATA / file, name) for name in CLASSES for file in SPLIT[split][name])"
OF_FOLDERS = 'sorted(((path, path.parent.name) for path in (DATA / split).glob("*/*")), key=lambda row: row[0].name)'

BUILT = '''def build():
    """The backbone with a new head, drawn by SEED."""
$BACKBONE
    torch.manual_seed(SEED + 1)
$HEAD_LINES
    return model.to(DEVICE)
'''

REDRAWN = [
    "torch.manual_seed(SEED)  # every weight drawn at random, with the mean and spread of its tensor",
    "for tensor in (tensor for name, tensor in model.named_parameters() if within(name, STAGES)):",
    "    nn.init.normal_(tensor, tensor.double().mean().item(), tensor.double().std(correction=0).item())",
]

STANDARDISED = '''class Standardised(nn.Module):
    """The head on features of mean 0 and spread 1, so that its rate means the same on every backbone."""

    def __init__(self, head, features):
        super().__init__()
        spread = features.std(dim=0)
        self.head, self.mean, self.spread = head, features.mean(dim=0), spread.clamp_min(spread.mean() / 20 + 1e-12)

    def forward(self, x):
        return self.head((x - self.mean) / self.spread)

    @torch.no_grad()
    def folded(self):
        """The plain head that says the same."""
        $LINEAR.weight /= self.spread
        $LINEAR.bias -= $LINEAR.weight @ self.mean
        return self.head
'''

WITHIN = '''def within(name, stages):
    """Whether a parameter or a module lies in one of these stages."""
    return any(f"{name}.".startswith(f"{part}.") for stage in stages for part in STAGES[stage])
'''

UNFREEZE = '''def unfreeze(model, learns):
    """Unfreeze the head and the stages in `learns`, nothing else; the optimizer's groups, each with its rate."""
    head = model.requires_grad_(False).get_submodule(HEAD).requires_grad_(True)
    found = [{"params": list(head.parameters()), "rate": HEAD_RATE}]
    for i, stage in enumerate(reversed(learns)):
        mine = [p.requires_grad_(True) for name, p in model.named_parameters() if within(name, [stage])]
        found.append({"params": mine, "rate": BACKBONE_RATE * RATE_DECAY**i})
    return found
'''

UNFREEZE_AFFINE = '''def unfreeze(model, learns):
    """Unfreeze the head, and scale and shift of normalisation everywhere; the optimizer's groups, each with its rate."""
    head = model.requires_grad_(False).get_submodule(HEAD).requires_grad_(True)
    found = [{"params": list(head.parameters()), "rate": HEAD_RATE}]
    scales = {id(p) for module in model.modules() if isinstance(module, $NORM) for p in module.parameters()}
    for i, stage in enumerate(reversed(STAGES)):
        named = [(name, p) for name, p in model.named_parameters() if within(name, [stage])]
        mine = [p.requires_grad_(True) for _, p in named if stage in learns or id(p) in scales]
        found.append({"params": mine, "rate": BACKBONE_RATE * RATE_DECAY**i})
    return found
'''

UNFREEZE_HEAD = '''def unfreeze(model, learns):
    """Unfreeze the head, nothing else; the optimizer's groups, each with its rate."""
    head = model.requires_grad_(False).get_submodule(HEAD).requires_grad_(True)
    return [{"params": list(head.parameters()), "rate": HEAD_RATE}]
'''

_EVAL = """    model.train()  # requires_grad=False alone stops neither BatchNorm's statistics nor dropout
    for name, module in model.named_modules():
"""

MODES = {
    "moving": '''def set_modes(model, learns):
    """The common bug, as the recipe has it: BatchNorm's statistics move in frozen stages too."""
    model.train()
''',
    "kept": f'''def set_modes(model, learns):
    """Frozen stages in eval mode, and BatchNorm everywhere: it keeps its pre-trained statistics."""
{_EVAL}        if isinstance(module, nn.BatchNorm2d) or within(name, [stage for stage in STAGES if stage not in learns]):
            module.eval()
''',
    "frozen": f'''def set_modes(model, learns):
    """Frozen stages in eval mode."""
{_EVAL}        if within(name, [stage for stage in STAGES if stage not in learns]):
            module.eval()
''',
}

RUN = '''@torch.no_grad()
def run(model, x):
    """What the model says of pictures, (n, k), in eval mode."""
    model.eval()
    return torch.cat([model(AS_INPUT(part.to(DEVICE))).flatten(1) for part in x.split(64)])
'''

SCORE = '''def score(model, x, y):
    """How many pictures are named rightly, and the mean loss."""
    logits = run(model, x).cpu()
    return (logits.argmax(1) == y).sum().item(), nn.functional.cross_entropy(logits, y).item()
'''

SCORE_BALANCED = '''def score(model, x, y):
    """How many pictures are named rightly, the mean loss, and the mean share right of the classes."""
    logits = run(model, x).cpu()
    right = logits.argmax(1) == y
    shares = torch.stack([right[y == k].float().mean() for k in y.unique()])
    return right.sum().item(), nn.functional.cross_entropy(logits, y).item(), shares.mean().item()
'''
