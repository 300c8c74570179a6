"""Augmentation: what D is shown, turned, shifted and recoloured so that gradients flow back to the pictures.

It imports torch alone. Start reading at pipeline.py, whose table has a row for each change.
"""
