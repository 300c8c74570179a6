"""Pictures, from wherever they come to a bank: each decoded once and brought to one size, a tenth held out.

It may import common and errors, and never torch: its workers start in a moment. The floors, from the top: bank, sources,
decoding and public, portraits and world. Start reading at bank/prepare.py.
"""
