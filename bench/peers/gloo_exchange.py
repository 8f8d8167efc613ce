"""One rank of PyTorch's side of the exchange bench: gloo's all_reduce, and DistributedDataParallel with its hooks."""
import json
import sys
import time

try:
    import torch
    import torch.distributed as dist
    from torch.distributed.algorithms.ddp_comm_hooks import default_hooks, powerSGD_hook
    from torch.nn.parallel import DistributedDataParallel
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit(0)

task = json.load(open(sys.argv[1]))
rank, size, address = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"tcp://{address}:29577", rank=rank, world_size=size)


class Sum(torch.nn.Module):
    """Parameters of the shapes, and a loss whose gradient costs nothing but writing it."""

    def __init__(self, shapes):
        super().__init__()
        self.all = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(shape)) for shape in shapes])

    def forward(self):
        return sum((parameter.sum() for parameter in self.all), torch.zeros(()))


def timed(name, step):
    times = []
    for repeat in range(task["rounds"] + 1):
        dist.barrier()
        start = time.perf_counter()
        step()
        dist.barrier()
        if repeat > 0:
            times.append(1e3 * (time.perf_counter() - start))
    if rank == 0:
        print(json.dumps({"name": name, "ms": times, "version": torch.__version__}), flush=True)


def ddp(hook):
    # Rounds of PowerSGD's hook for several buckets get mixed up over gloo: it has one bucket for all.
    cap = 1024 if hook == "powersgd" else 25
    model = DistributedDataParallel(Sum(task["shapes"]), bucket_cap_mb=cap)
    if hook == "fp16":
        model.register_comm_hook(None, default_hooks.fp16_compress_hook)
    elif hook == "powersgd":
        state = powerSGD_hook.PowerSGDState(None, matrix_approximation_rank=2, start_powerSGD_iter=2)
        model.register_comm_hook(state, powerSGD_hook.powerSGD_hook)

    def step():
        model.zero_grad()
        model().backward()

    # DDP rearranges its buckets after the first step, and PowerSGD begins after the second.
    for _ in range(3):
        step()
    return step


values = sum(torch.Size(shape).numel() for shape in task["shapes"])
gradient = torch.ones(values)
timed("gloo all_reduce", lambda: dist.all_reduce(gradient))
for hook in task["hooks"]:
    timed(f"DDP {hook}", ddp(hook))
dist.destroy_process_group()
