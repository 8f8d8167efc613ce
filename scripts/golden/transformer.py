"""A small causal transformer under PyTorch: loss, gradients and 20 SGD-momentum steps.

Made with Python 3.11, torch 2.15.0 (CPU). Run from the repository's root:
    python scripts/golden/transformer.py
Writes test/golden/transformer-narrow.json and transformer.json.

Pre-norm blocks: learned positions, one dense layer for queries, keys and values, exact GELU. Symbols are floor(vocabulary ·
fill(i, k)), [batch, length]; labels i % vocabulary, [batch, length].
"""
import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from common import fill
from networks import fill_parameters, write_network


class Block(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(size)
        self.project = nn.Linear(size, 3 * size)
        self.output = nn.Linear(size, size)
        self.norm2 = nn.LayerNorm(size)
        self.up = nn.Linear(size, 4 * size)
        self.down = nn.Linear(4 * size, size)

    def forward(self, h):
        batch, length, _ = h.shape
        q, k, v = self.project(self.norm1(h)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + self.output(seen.transpose(1, 2).reshape(h.shape))
        return h + self.down(F.gelu(self.up(self.norm2(h))))


class Transformer(nn.Module):
    def __init__(self, vocabulary, size, blocks, heads, length):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, size)
        self.positions = nn.Embedding(length, size)
        self.blocks = nn.Sequential(*[Block(size, heads) for _ in range(blocks)])
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, vocabulary)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.embedding(x) + self.positions.weight)))


def bound_and_centre(name, parameter):
    if name in ('embedding.weight', 'positions.weight'):
        return 1, 0
    if parameter.dim() == 2:
        return math.sqrt(3 / parameter.shape[1]), 0
    return (0.3, 1) if 'norm' in name and name.endswith('weight') else (0.2, 0)


for file, vocabulary, size, blocks, heads, length, batch, first in [
    ('transformer-narrow.json', 11, 12, 2, 3, 7, 3, 14001),
    ('transformer.json', 96, 256, 4, 4, 16, 2, 15001),
]:
    module = Transformer(vocabulary, size, blocks, heads, length).double()
    rows = fill_parameters(module, first, bound_and_centre)
    shape = (batch, length)
    x = torch.tensor(fill(shape, first + 900) * vocabulary).long()
    y = (torch.arange(batch * length) % vocabulary).reshape(shape)
    about = {
        'network': {'size': size, 'blocks': blocks, 'heads': heads},
        'classes': vocabulary,
        'input': {'shape': list(shape), 'k': first + 900, 'formula': 'floor(classes * fill(i, k))'},
    }
    write_network(file, lambda: copy.deepcopy(module), rows, x, y, 0.01, about)
