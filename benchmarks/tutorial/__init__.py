"""A run against the loop of PyTorch's transfer-learning tutorial: `arms` measures, `rows` compares."""
