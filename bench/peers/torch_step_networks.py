"""The networks of a training step whose quickest form in PyTorch differs from their plainest, and those of plain torch alone.

The transformer's attention is torch's fused one; the residual networks are torchvision's, which need not be installed.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        outputs = width * (4 if bottleneck else 1)
        conv = lambda i, o, k, s=1: [nn.Conv2d(i, o, k, s, k // 2, bias=False), nn.BatchNorm2d(o)]
        if bottleneck:
            body = [*conv(inputs, width, 1), nn.ReLU(), *conv(width, width, 3, stride), nn.ReLU(), *conv(width, outputs, 1)]
        else:
            body = [*conv(inputs, width, 3, stride), nn.ReLU(), *conv(width, width, 3)]
        self.body = nn.Sequential(*body)
        changes = stride != 1 or inputs != outputs
        self.shortcut = nn.Sequential(*conv(inputs, outputs, 1, stride)) if changes else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def residual(blocks, bottleneck, small, classes):
    if small:
        layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    else:
        layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for stage, count in enumerate(blocks):
        for place in range(count):
            layers.append(Block(channels, 64 << stage, 2 if stage > 0 and place == 0 else 1, bottleneck))
            channels = (64 << stage) * (4 if bottleneck else 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.project, self.output = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        batch, length, _ = x.shape
        q, k, v = self.project(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output(seen.transpose(1, 2).reshape(batch, length, -1))


class Transformer(nn.Module):
    def __init__(self, alphabet=96, length=128, width=256, heads=4, blocks=4):
        super().__init__()
        self.characters, self.places = nn.Embedding(alphabet, width), nn.Parameter(torch.randn(length, width) * 0.02)
        thought = lambda: nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        attention = lambda: nn.Sequential(nn.LayerNorm(width), Attention(width, heads))
        self.parts = nn.ModuleList(part() for _ in range(blocks) for part in (attention, thought))
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, alphabet))

    def forward(self, x):
        x = self.characters(x) + self.places
        for part in self.parts:
            x = x + part(x)
        return self.head(x).flatten(0, 1)


def make(model, batch):
    """The network, its inputs and labels; None for a model that is not here."""
    torch.manual_seed(0)
    if model == 'transformer':
        return Transformer(), torch.randint(0, 96, (batch, 128)), torch.randint(0, 96, (batch * 128,))
    if model == 'resnet18':
        net = residual([2, 2, 2, 2], False, True, 10)
        return net, torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    if model == 'resnet50':
        net = residual([3, 4, 6, 3], True, False, 1000)
        return net, torch.randn(batch, 3, 224, 224), torch.randint(0, 1000, (batch,))
    return None
