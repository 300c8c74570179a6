"""The grouped convolution gives what PyTorch's gives: itself, its gradients, and the gradients of its gradients."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad

from figment.nets.grouped_conv import Grouped


def pair() -> tuple[Grouped, nn.Conv2d]:
    torch.manual_seed(0)
    mine, theirs = Grouped(12, 3).double(), nn.Conv2d(12, 12, 3, padding=1, groups=3).double()
    theirs.load_state_dict(mine.state_dict())
    return mine, theirs


def penalised(conv: nn.Module, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """A loss with R1, as the game has it."""

    def logits(x: Tensor) -> Tensor:
        y = functional_call(conv, weights, (functional_call(conv, weights, (x,)).sin(),))
        return (y**3).sum((1, 2, 3))

    return logits(x).mean() + grad(lambda x: logits(x).sum())(x).square().sum()


def test_equals_pytorch_s() -> None:
    mine, theirs = pair()
    x = torch.randn(2, 12, 5, 6, dtype=torch.float64)
    assert torch.allclose(mine(x), theirs(x))
    weights = {name: w.detach() for name, w in mine.named_parameters()}
    results = [grad(lambda w, conv=conv: penalised(conv, w, x))(weights) for conv in (mine, theirs)]
    for name in weights:
        assert torch.allclose(results[0][name], results[1][name]), name


def test_gradients_of_gradients() -> None:
    mine, _ = pair()
    x = torch.randn(1, 12, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x, w: functional_call(mine, {"weight": w}, (x,)).sin(), (x, mine.weight))


@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_compiled_penalty_equals_the_eager_one() -> None:
    mine, theirs = pair()
    weights = {name: w.detach() for name, w in mine.named_parameters()}
    x = torch.randn(2, 12, 5, 6, dtype=torch.float64)
    compiled = torch.compile(grad(lambda w: penalised(mine, w, x)), fullgraph=True, backend="aot_eager")
    expected = grad(lambda w: penalised(theirs, w, x))(weights)
    for name, gradient in compiled(weights).items():
        assert torch.allclose(gradient, expected[name]), name


def test_under_autocast_both_ways_are_in_bf16() -> None:
    mine, theirs = pair()
    mine.float(), theirs.float()
    x = torch.randn(2, 12, 5, 6, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        y = mine(x)
        assert y.dtype == torch.bfloat16
        assert torch.allclose(y.float(), theirs(x).float(), atol=0.02)
    y.float().sum().backward()
    assert x.grad is not None
    assert mine.weight.grad is not None
    assert mine.weight.grad.dtype == torch.float32


def test_penalty_under_autocast_is_near_float32_s() -> None:
    """A layer in bf16 and one that is kept in float32, whose gradients are asked for where autocast is on."""
    mine, theirs = pair()
    mine.float(), theirs.float()
    x = torch.randn(2, 12, 5, 6)

    def loss(weights: dict[str, Tensor], conv: nn.Module) -> Tensor:
        def logits(x: Tensor) -> Tensor:
            y = functional_call(conv, weights, (x,)).float()
            with torch.autocast("cpu", enabled=False):
                return functional_call(conv, weights, (y.sin(),)).square().sum((1, 2, 3))

        return grad(lambda x: logits(x).sum())(x).square().sum()

    weights = {name: w.detach() for name, w in mine.named_parameters()}
    with torch.autocast("cpu", torch.bfloat16):
        lowered = grad(lambda w: loss(w, mine))(weights)
    exact = grad(lambda w: loss(w, theirs))(weights)
    for name in weights:
        assert torch.allclose(lowered[name], exact[name], atol=0.03 * float(exact[name].abs().max())), name
