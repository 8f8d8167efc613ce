"""The ten largest eigenpairs of a network's Hessian: pytorch_eigen.py WAY MODEL BATCH THREADS FILE SIDE [VECTORS VALUES...].

WAY: pyhessian (power iteration with deflation), curvlinops (SciPy's eigsh over its HessianLinearOperator), eigsh (SciPy over double
backward), judge (the residuals of VALUES and VECTORS that were found elsewhere). FILE has the weights, examples and labels, all float32,
SIDE the extent of images (0: vectors). One item is all ten, to a relative 1e-3 of whatever the way measures; what they are
really known to is measured afterwards, by double backward, and told in the note: the residual |Hv - value v| / |value| of unit vectors.
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

way, model, batch, threads, file, side = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5]), sys.argv[5], int(sys.argv[6])
torch.set_num_threads(threads)
try:
    net, x, y = make(model, 1)
except ImportError as error:
    missing(error.name)
parameters = list(net.parameters())
sizes = [p.numel() for p in parameters]
size = sum(sizes)
values = torch.from_numpy(np.fromfile(file, dtype=np.float32))
torch.nn.utils.vector_to_parameters(values[:size].clone(), parameters)
x = values[size:-batch].reshape(batch, -1) if side == 0 else values[size:-batch].reshape(batch, -1, side, side)
y = values[-batch:].long()
loss = torch.nn.CrossEntropyLoss()
wanted, tolerance = 10, 1e-3
products = 0
gradient = None


def product(v):
    """H v by double backward over a gradient whose graph is kept."""
    global gradient, products
    if gradient is None:
        gradient = torch.autograd.grad(loss(net(x), y), parameters, create_graph=True)
    products += 1
    along = [part.view_as(p) for part, p in zip(torch.split(v, sizes), parameters)]
    out = torch.autograd.grad(gradient, parameters, along, retain_graph=True)
    return torch.cat([part.flatten() for part in out])


def of_numpy(v):
    return product(torch.from_numpy(v.astype(np.float32).ravel())).numpy().astype(np.float64)


def judge(pairs):
    """The note on pairs (value, vector), in the order of the values."""
    pairs = sorted(pairs, key=lambda pair: -pair[0])
    worst = 0.0
    for value, vector in pairs:
        vector = vector / vector.norm()
        worst = max(worst, (product(vector) - value * vector).norm().item() / abs(value))
    return f'{pairs[0][0]:.6g} to {pairs[-1][0]:.6g}, worst residual {worst:.1e}'


def step():
    """Gives (value, vector) pairs."""
    if way == 'pyhessian':
        found, vectors = hessian(net, loss, data=(x, y), cuda=False).eigenvalues(maxIter=100, tol=tolerance, top_n=wanted)
        return [(value, torch.cat([part.flatten() for part in vector])) for value, vector in zip(found, vectors)]
    if way == 'curvlinops':
        operator = HessianLinearOperator(net, loss, parameters, [(x, y)], check_deterministic=False).to_scipy(dtype=np.float64)
    else:
        operator = LinearOperator((size, size), of_numpy, dtype=np.float64)
    found, vectors = eigsh(operator, k=wanted, which='LA', tol=tolerance)
    return [(value, torch.from_numpy(vectors[:, k].astype(np.float32))) for k, value in enumerate(found)]


if way == 'judge':
    vectors = torch.from_numpy(np.fromfile(sys.argv[7], dtype=np.float32)).reshape(-1, size)
    say(note=judge(list(zip(map(float, sys.argv[8:]), vectors))))
    sys.exit(0)
try:
    if way == 'pyhessian':
        from pyhessian import hessian
    elif way == 'curvlinops':
        from curvlinops import HessianLinearOperator
except ImportError as error:
    missing(error.name)

pairs = []
times = measure(lambda: pairs.extend(step()), seconds=0.0, least=1, settle=0)
counted = f'{products} products; ' if products else ''
say(name=way, version=torch.__version__, batch=batch, note=counted + judge(pairs[-wanted:]), **times)
