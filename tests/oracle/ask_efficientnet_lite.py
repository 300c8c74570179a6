"""Run by the oracle's Python: WEIGHTS.pth PICTURES.npy ANSWERS.npz, by efficientnet-lite-pytorch's network."""

import sys

import numpy as np

try:
    import torch
    from efficientnet_lite_pytorch import EfficientNet
except ImportError as error:
    print(f"needs efficientnet-lite-pytorch: {error}")
    sys.exit(77)

weights, pictures, answers = sys.argv[1:]
torch.set_num_threads(1)
net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
with torch.inference_mode():
    logits = net((torch.from_numpy(np.load(pictures)).float() - 127) / 128)
np.savez(answers, logits=logits.numpy())
