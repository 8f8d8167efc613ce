"""The networks of the PyTorch peers, as Scree's models of the same names; images of 3×32×32 and characters too."""
import torch
import torch.nn as nn

SMALL = {
    'mlp': lambda: nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)),
    'lenet': lambda: nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ),
    'cnn': lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10),
    ),
}


class Block(nn.Module):
    """A transformer's block with the norms in front: 4 heads, causal, GELU over four times the width."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.qkv(self.norm1(x)).reshape(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = parts[0] @ parts[1].transpose(-2, -1) / (width / self.heads) ** 0.5
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        seen = torch.softmax(scores.masked_fill(later, float('-inf')), -1) @ parts[2]
        x = x + self.out(seen.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self, alphabet=96, length=128, width=256, heads=4, blocks=4):
        super().__init__()
        self.characters, self.places = nn.Embedding(alphabet, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, alphabet)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.characters(x) + self.places.weight))).transpose(1, 2)


def residual(name, small):
    import torchvision

    net = getattr(torchvision.models, name)(num_classes=10 if small else 1000)
    if small:
        net.conv1, net.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    return net


def make(model, batch):
    """The network as it is evaluated (batch norm by its running statistics), its inputs and labels."""
    torch.manual_seed(0)
    if model == 'transformer':
        x = torch.randint(0, 96, (batch, 128))
        return Transformer().eval(), x, torch.randint(0, 96, (batch, 128))
    if model.startswith('resnet'):
        small = model == 'resnet18'
        x = torch.randn(batch, 3, 32, 32) if small else torch.randn(batch, 3, 224, 224)
        return residual(model, small).eval(), x, torch.randint(0, 10, (batch,))
    x = torch.randn(batch, 784) if model == 'mlp' else torch.randn(batch, 1, 28, 28)
    return SMALL[model](), x, torch.randint(0, 10, (batch,))
