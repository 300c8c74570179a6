"""Run by the oracle's Python: WEIGHTS.pth PICTURES.npy ANSWERS.npz, by torch-fidelity's Inception."""

import sys
from importlib.util import find_spec
from unittest.mock import MagicMock

import numpy as np

if find_spec("torchvision") is None:  # for its other networks alone
    for name in ("torchvision", "torchvision.datasets", "torchvision.transforms", "torchvision.transforms.functional"):
        sys.modules[name] = MagicMock()
try:
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
except ImportError as error:
    print(f"needs torch-fidelity: {error}")
    sys.exit(77)

weights, pictures, answers = sys.argv[1:]
torch.set_num_threads(1)
net = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], weights)
with torch.inference_mode():
    features, logits = net(torch.from_numpy(np.load(pictures)))
np.savez(answers, features=features.numpy(), logits=logits.numpy())
