"""PyTorch's tutorials on `torch.func`, as they stand there but for sizes: what each prints or asserts is compared."""

from __future__ import annotations

import pytest

from tests.support import check_op


def per_sample_gradients(torch):
    """Gradients for each sample, one after the other and all at once."""
    nn, F = torch.nn, torch.nn.functional
    from_func = torch.func
    torch.manual_seed(0)

    class SimpleCNN(nn.Module):
        """Two convolutions and two layers."""

        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, 3, 1)
            self.conv2 = nn.Conv2d(4, 8, 3, 1)
            self.fc1 = nn.Linear(72, 16)
            self.fc2 = nn.Linear(16, 10)

        def forward(self, x):
            x = self.conv1(x)
            x = F.relu(x)
            x = self.conv2(x)
            x = F.relu(x)
            x = F.max_pool2d(x, 2)
            x = torch.flatten(x, 1)
            x = self.fc1(x)
            x = F.relu(x)
            x = self.fc2(x)
            return F.log_softmax(x, dim=1)

    def loss_fn(predictions, targets):
        return F.nll_loss(predictions, targets)

    batch_size = 4
    data = torch.randn(batch_size, 1, 10, 10)
    targets = torch.randint(10, (4,))
    model = SimpleCNN()
    predictions = model(data)  # move the entire mini-batch through the model
    loss = loss_fn(predictions, targets)
    loss.backward()  # back propagate the 'average' gradient of this mini-batch

    def compute_grad(sample, target):
        sample = sample.unsqueeze(0)  # prepend batch dimension for processing
        target = target.unsqueeze(0)
        prediction = model(sample)
        loss = loss_fn(prediction, target)
        return torch.autograd.grad(loss, list(model.parameters()))

    def compute_sample_grads(data, targets):
        """Process each sample with its own gradient."""
        sample_grads = [compute_grad(data[i], targets[i]) for i in range(batch_size)]
        sample_grads = zip(*sample_grads)  # noqa: B905 - as in the tutorial
        return [torch.stack(shards) for shards in sample_grads]

    per_sample_grads = compute_sample_grads(data, targets)
    params = {k: v.detach() for k, v in model.named_parameters()}
    buffers = {k: v.detach() for k, v in model.named_buffers()}

    def compute_loss(params, buffers, sample, target):
        batch = sample.unsqueeze(0)
        targets = target.unsqueeze(0)
        predictions = from_func.functional_call(model, (params, buffers), (batch,))
        return loss_fn(predictions, targets)

    ft_compute_grad = from_func.grad(compute_loss)
    ft_compute_sample_grad = from_func.vmap(ft_compute_grad, in_dims=(None, None, 0, 0))
    ft_per_sample_grads = ft_compute_sample_grad(params, buffers, data, targets)
    for each, ft_each in zip(per_sample_grads, ft_per_sample_grads.values(), strict=True):
        assert torch.allclose(each, ft_each, atol=3e-3, rtol=1e-5)
    return ft_per_sample_grads


def ensembles(torch):
    """Several models as one."""
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(0)

    class SimpleMLP(nn.Module):
        """Three layers."""

        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(25, 16)
            self.fc2 = nn.Linear(16, 16)
            self.fc3 = nn.Linear(16, 10)

        def forward(self, x):
            x = x.flatten(1)
            x = self.fc1(x)
            x = F.relu(x)
            x = self.fc2(x)
            x = F.relu(x)
            x = self.fc3(x)
            return x

    num_models = 3
    data = torch.randn(4, 8, 1, 5, 5)
    models = [SimpleMLP() for _ in range(num_models)]
    minibatches = data[:num_models]
    predictions_diff_minibatch_loop = [model(minibatch) for model, minibatch in zip(models, minibatches)]  # noqa: B905
    params, buffers = torch.func.stack_module_state(models)
    import copy

    base_model = copy.deepcopy(models[0])
    base_model = base_model.to("cpu")

    def fmodel(params, buffers, x):
        return torch.func.functional_call(base_model, (params, buffers), (x,))

    predictions1_vmap = torch.vmap(fmodel)(params, buffers, minibatches)
    assert torch.allclose(predictions1_vmap, torch.stack(predictions_diff_minibatch_loop), atol=1e-3, rtol=1e-5)
    predictions2_vmap = torch.vmap(fmodel, in_dims=(0, 0, None))(params, buffers, data[0])
    predictions2_vmap.square().mean().backward()
    return predictions1_vmap, predictions2_vmap, {name: each.grad for name, each in params.items()}


def jacobians(torch):
    """Jacobians, Hessians and products with them."""
    F = torch.nn.functional
    from functools import partial

    torch.manual_seed(0)
    jacrev, jacfwd, vmap, vjp, jvp, hessian = (
        getattr(torch.func, name) for name in ("jacrev", "jacfwd", "vmap", "vjp", "jvp", "hessian")
    )

    def predict(weight, bias, x):
        return F.linear(x, weight, bias).tanh()

    D = 6
    weight = torch.randn(D, D)
    bias = torch.randn(D)
    x = torch.randn(D)  # feature vector

    def compute_jac(xp):
        jacobian_rows = [torch.autograd.grad(predict(weight, bias, xp), xp, vec)[0] for vec in unit_vectors]
        return torch.stack(jacobian_rows)

    xp = x.clone().requires_grad_()
    unit_vectors = torch.eye(D)
    jacobian = compute_jac(xp)
    _, vjp_fn = vjp(partial(predict, weight, bias), x)
    (ft_jacobian,) = vmap(vjp_fn)(unit_vectors)
    assert torch.allclose(ft_jacobian, jacobian, atol=1e-5)
    ft_jacobian = jacrev(predict, argnums=2)(weight, bias, x)
    assert torch.allclose(ft_jacobian, jacobian, atol=1e-5)
    jacrev_weight = jacrev(predict, argnums=0)(weight, bias, x)
    jacfwd_both = jacfwd(predict, argnums=(0, 1))(weight, bias, x)
    hess_api = hessian(predict, argnums=2)(weight, bias, x)
    hess_fwdfwd = jacfwd(jacfwd(predict, argnums=2), argnums=2)(weight, bias, x)
    batch_size = 4
    batch = torch.randn(batch_size, D)
    compute_batch_jacobian = vmap(jacrev(predict, argnums=2), in_dims=(None, None, 0))
    batch_jacobian0 = compute_batch_jacobian(weight, bias, batch)

    def predict_with_output_summed(weight, bias, x):
        return predict(weight, bias, x).sum(0)

    batch_jacobian1 = jacrev(predict_with_output_summed, argnums=2)(weight, bias, batch).movedim(1, 0)
    assert torch.allclose(batch_jacobian0, batch_jacobian1, atol=1e-5)
    batch_hess = vmap(hessian(predict, argnums=2), in_dims=(None, None, 0))(weight, bias, batch)

    def hvp(f, primals, tangents):
        return jvp(torch.func.grad(f), primals, tangents)[1]

    def f(x):
        return x.sin().sum()

    tangent = torch.randn(D)
    result = hvp(f, (x,), (tangent,))

    def hvp_revrev(f, primals, tangents):
        _, vjp_fn = vjp(torch.func.grad(f), *primals)
        return vjp_fn(*tangents)

    (result_hvp_revrev,) = hvp_revrev(f, (x,), (tangent,))
    assert torch.allclose(result, result_hvp_revrev, atol=1e-5)
    return ft_jacobian, jacrev_weight, jacfwd_both, hess_api, hess_fwdfwd, batch_jacobian0, batch_hess, result


def neural_tangent_kernels(torch):
    """The kernel of a network, from Jacobians and from products with vectors."""
    nn = torch.nn
    torch.manual_seed(0)
    functional_call, vmap, vjp, jvp, jacrev = (
        getattr(torch.func, name) for name in ("functional_call", "vmap", "vjp", "jvp", "jacrev")
    )

    class CNN(nn.Module):
        """Three convolutions and a layer."""

        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 4, (3, 3))
            self.conv2 = nn.Conv2d(4, 4, (3, 3))
            self.conv3 = nn.Conv2d(4, 4, (3, 3))
            self.fc = nn.Linear(4 * 2 * 2, 3)

        def forward(self, x):
            x = self.conv1(x)
            x = x.relu()
            x = self.conv2(x)
            x = x.relu()
            x = self.conv3(x)
            x = x.flatten(1)
            x = self.fc(x)
            return x

    x_train = torch.randn(3, 3, 8, 8)
    x_test = torch.randn(2, 3, 8, 8)
    net = CNN()
    params = {k: v.detach() for k, v in net.named_parameters()}

    def fnet_single(params, x):
        return functional_call(net, params, (x.unsqueeze(0),)).squeeze(0)

    def empirical_ntk_jacobian_contraction(fnet_single, params, x1, x2):
        jac1 = vmap(jacrev(fnet_single), (None, 0))(params, x1)
        jac1 = jac1.values()
        jac1 = [j.flatten(2) for j in jac1]
        jac2 = vmap(jacrev(fnet_single), (None, 0))(params, x2)
        jac2 = jac2.values()
        jac2 = [j.flatten(2) for j in jac2]
        result = torch.stack([torch.einsum("Naf,Mbf->NMab", j1, j2) for j1, j2 in zip(jac1, jac2)])  # noqa: B905
        return result.sum(0)

    def empirical_ntk_ntk_vps(func, params, x1, x2):
        def get_ntk(x1, x2):
            def func_x1(params):
                return func(params, x1)

            def func_x2(params):
                return func(params, x2)

            output, vjp_fn = vjp(func_x1, params)

            def get_ntk_slice(vec):
                vjps = vjp_fn(vec)
                _, jvps = jvp(func_x2, (params,), vjps)
                return jvps

            basis = torch.eye(output.numel(), dtype=output.dtype, device=output.device).view(output.numel(), -1)
            return vmap(get_ntk_slice)(basis)

        return vmap(vmap(get_ntk, (None, 0)), (0, None))(x1, x2)

    result = empirical_ntk_jacobian_contraction(fnet_single, params, x_train, x_test)
    result_from_vps = empirical_ntk_ntk_vps(fnet_single, params, x_test, x_train)
    assert torch.allclose(result, result_from_vps.permute(1, 0, 3, 2), atol=1e-3)
    return result


def meta_learning(torch):
    """A gradient step within a function that is differentiated (MAML)."""
    torch.manual_seed(0)
    nn, F = torch.nn, torch.nn.functional
    model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    params = {k: v.detach().clone() for k, v in model.named_parameters()}
    x, y = torch.randn(4, 5, 1), torch.randn(4, 5, 1)

    def loss(params, x, y):
        return F.mse_loss(torch.func.functional_call(model, params, (x,)), y)

    def inner_loss(params, x, y):
        grads = torch.func.grad(loss)(params, x[:3], y[:3])
        adapted = {k: params[k] - 0.1 * g for k, g in grads.items()}
        return loss(adapted, x[3:], y[3:])

    def outer(params):
        return torch.func.vmap(inner_loss, in_dims=(None, 0, 0))(params, x, y).mean()

    return torch.func.grad_and_value(outer)(params)


TUTORIALS = (per_sample_gradients, ensembles, jacobians, neural_tangent_kernels, meta_learning)


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda each: each.__name__)
def test_a_tutorial_runs(tutorial):
    check_op([], lambda torch: tutorial(torch), grad=False, rtol=1e-3, atol=1e-4)
