"""What experiments may have been told of a generator's samples: that they look like the pictures, that they don't, nothing."""

from figment.metrics.resemblance import Resemblance

ALIKE = Resemblance(distance=900.0, coarse=3000.0, pictures=256, features="lite0")
BLOTS = Resemblance(distance=4000.0, coarse=3000.0, pictures=256, features="lite0")
CAUTIONS = {BLOTS: "don't look like the pictures yet (FD-lite0 4,000", None: "wasn't told"}
