def interpolated(a, b, alpha):
    """The weights on the straight line from A to B; a, b: state dicts of two networks of one kind."""
    return {
        name: ((1 - alpha) * x.double() + alpha * b[name].double()).to(x.dtype) if x.is_floating_point() else b[name]
        for name, x in a.items()
    }


# model.load_state_dict(interpolated(a.state_dict(), b.state_dict(), 0.5)), then score it as usual.
