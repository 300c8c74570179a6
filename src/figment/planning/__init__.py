"""Planning: from what was asked and the budget to a recipe with nothing left open, measured on this machine.

It may import training (whose steps it times) and what lies below. Start reading at resolve.py, the one chain for train,
resume and --dry-run.
"""
