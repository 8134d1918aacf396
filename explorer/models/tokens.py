"""What a vision transformer of torchvision's does before its layers and after them, as modules."""

import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from explorer.models.pooling import pooled


class Tokens(nn.Module):
    """The first stage: patches, class token, positions: (n, 3, h, w) → (n, 1 + patches, d)."""

    vit: VisionTransformer

    def __init__(self, vit: VisionTransformer) -> None:
        super().__init__()
        self.conv_proj, self.dropout = vit.conv_proj, vit.encoder.dropout
        self.__dict__["vit"] = vit

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.vit._process_input(x)
        tokens = torch.cat([self.vit.class_token.expand(len(tokens), -1, -1), tokens], dim=1)
        return self.dropout(tokens + self.vit.encoder.pos_embedding)


class FirstToken(nn.Module):
    """(n, tokens, d) → (n, d)."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0]


class PatchMean(nn.Module):
    """(n, p + s², d) → (n, d), the mean over the patches."""

    def forward(self, x: Tensor) -> Tensor:
        return pooled(x)
