"""What leaves a run for people: samples as a sheet or as files, and the time-lapse of its training, marked as synthetic.

It may import generator, run, codes, media and what lies below. Start at samples.py.
"""
