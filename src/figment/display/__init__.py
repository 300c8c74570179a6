"""What a person sees of a training while it goes on.

It may import training (whose words it shows) and what lies below. Start reading at terminal.py; the bars of all other work
are common/bars.py.
"""
