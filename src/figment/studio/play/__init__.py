"""Play: what a run's generator draws of codes that a person moves, as fast as the hand is.

asked.py has what can be asked, looks.py makes codes and pictures of it, channel.py is the websocket, operations.py the rest.
"""
