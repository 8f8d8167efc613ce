"""Small recurrent networks under PyTorch: loss, gradients and 20 SGD-momentum steps.

Made with Python 3.11, torch 2.15.0 (CPU). Run from the repository's root:
    python scripts/golden/recurrent.py
Writes test/golden/gru.json and lstm.json.

An embedding, nn.GRU or nn.LSTM of two layers (batch_first) from a state of zeros, and a linear layer over each place's hidden
state. Symbols are floor(vocabulary · fill(i, k)), [batch, length]; labels i % vocabulary, [batch, length].
"""
import copy
import math

import torch
import torch.nn as nn

from common import fill
from networks import fill_parameters, write_network

VOCABULARY, SIZE, HIDDEN, LAYERS, LENGTH, BATCH = 11, 6, 9, 2, 7, 3


class Recurrent(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, SIZE)
        self.cells = cell(SIZE, HIDDEN, num_layers=LAYERS, batch_first=True)
        self.head = nn.Linear(HIDDEN, VOCABULARY)

    def forward(self, x):
        return self.head(self.cells(self.embedding(x))[0])


def bound_and_centre(name, parameter):
    return (1 if name == 'embedding.weight' else 1.5 / math.sqrt(HIDDEN)), 0


for file, cell, first in [('gru.json', nn.GRU, 16001), ('lstm.json', nn.LSTM, 17001)]:
    module = Recurrent(cell).double()
    rows = fill_parameters(module, first, bound_and_centre)
    shape = (BATCH, LENGTH)
    x = torch.tensor(fill(shape, first + 900) * VOCABULARY).long()
    y = (torch.arange(BATCH * LENGTH) % VOCABULARY).reshape(shape)
    about = {
        'network': {'size': SIZE, 'hidden': HIDDEN, 'layers': LAYERS},
        'classes': VOCABULARY,
        'input': {'shape': list(shape), 'k': first + 900, 'formula': 'floor(classes * fill(i, k))'},
    }
    write_network(file, lambda: copy.deepcopy(module), rows, x, y, 0.1, about)
