"""Run by the oracle's Python: FOLDER PICTURES.npz ANSWERS.npz, by transformers' DINOv2 of size S with random weights.

FOLDER gets its model.safetensors. Each array of PICTURES is answered by one of the same name.
"""

import sys
from pathlib import Path

import numpy as np

try:
    import torch
    from transformers import Dinov2Config, Dinov2Model
except ImportError as error:
    print(f"needs transformers: {error}")
    sys.exit(77)

folder, pictures, answers = map(Path, sys.argv[1:])
torch.set_num_threads(1)
torch.manual_seed(0)
net = Dinov2Model(
    Dinov2Config(hidden_size=384, num_hidden_layers=12, num_attention_heads=6, image_size=518, patch_size=14)
).eval()
with torch.inference_mode():
    for name, value in net.named_parameters():
        if name.endswith("lambda1"):
            value.uniform_(0.1, 1)
        elif "norm" in name:
            value.uniform_(0.5, 1.5)
        elif value.ndim >= 2 and "weight" in name:
            value.normal_(0, value[0].numel() ** -0.5)
        else:
            value.normal_(0, 0.5)
    net.save_pretrained(folder)
    given = np.load(pictures)
    found = {name: net(torch.from_numpy(given[name])).pooler_output.numpy() for name in given}
np.savez(answers, **found)
