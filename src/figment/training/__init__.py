"""Training: the loop, what is drawn for each step, the state and how it is kept, several processes.

It may import metrics (for scores while it trains), features, the nets, the game, augment, data and common. Start reading at
loop.py: train_step, then fit.
"""
