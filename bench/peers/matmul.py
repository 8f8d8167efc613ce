"""The peak of this machine: 1024 x 1024 x 1024 float32 matrix product under PyTorch: matmul.py THREADS. Times are for one product."""
import sys

from report import measure, missing, say

try:
    import torch
except ImportError:
    missing('torch')

torch.set_num_threads(int(sys.argv[1]))
a, b, out = torch.randn(1024, 1024), torch.randn(1024, 1024), torch.empty(1024, 1024)
say(name='PyTorch matmul', version=torch.__version__, **measure(lambda: torch.mm(a, b, out=out), seconds=6))
