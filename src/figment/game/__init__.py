"""The adversarial game: objectives, penalties and the losses of a step's two phases, pure functions of tensors.

It may import augment and common. Start reading at objectives.py, whose table has a row for each objective.
"""
