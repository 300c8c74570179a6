"""The bank: all pictures of a source, prepared once on all cores and memory-mapped; interrupted, it goes on from there.

It may import sources and decoding. Start reading at prepare.py, which makes a bank; bank.py is what everybody else sees.
"""
