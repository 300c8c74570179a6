"""The Game: the adversarial game in the plane, played here and looked at in the browser. Start reading at channel.py."""
