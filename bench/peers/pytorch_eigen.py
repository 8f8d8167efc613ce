"""The ten largest eigenpairs of a network's Hessian: pytorch_eigen.py WAY MODEL BATCH THREADS.

WAY: pyhessian (power iteration with deflation, its defaults), curvlinops (SciPy's eigsh over its HessianLinearOperator), eigsh (SciPy
over double backward). One item is all ten, to a relative 1e-3.
"""
import sys

from report import measure, missing, say

try:
    import numpy as np
    import torch
    from scipy.sparse.linalg import LinearOperator, eigsh
    from torch_networks import make
except ImportError as error:
    missing(error.name)

way, model, batch, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
try:
    net, x, y = make(model, batch)
except ImportError as error:
    missing(error.name)
parameters = list(net.parameters())
size = sum(p.numel() for p in parameters)
loss = torch.nn.CrossEntropyLoss()
# ARPACK's tolerance is for the residual relative to the eigenvalue.
wanted, tolerance = 10, 1e-3

if way == 'pyhessian':
    try:
        from pyhessian import hessian
    except ImportError as error:
        missing(error.name)

    def step():
        return hessian(net, loss, data=(x, y), cuda=False).eigenvalues(maxIter=100, tol=tolerance, top_n=wanted)
elif way == 'curvlinops':
    try:
        from curvlinops import HessianLinearOperator
    except ImportError as error:
        missing(error.name)

    def step():
        operator = HessianLinearOperator(net, loss, parameters, [(x, y)], check_deterministic=False)
        return eigsh(operator.to_scipy(dtype=np.float64), k=wanted, which='LA', tol=tolerance)
else:
    gradient = torch.autograd.grad(loss(net(x), y), parameters, create_graph=True)

    def product(v):
        parts = torch.split(torch.from_numpy(v.astype(np.float32).ravel()), [p.numel() for p in parameters])
        along = [part.view_as(p) for part, p in zip(parts, parameters)]
        out = torch.autograd.grad(gradient, parameters, along, retain_graph=True)
        return torch.cat([part.flatten() for part in out]).numpy().astype(np.float64)

    def step():
        return eigsh(LinearOperator((size, size), product, dtype=np.float64), k=wanted, which='LA', tol=tolerance)


say(name=way, version=torch.__version__, batch=batch, **measure(step, seconds=0.0, least=1, settle=0))
