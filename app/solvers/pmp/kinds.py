"""How a control is found on an arc. Plain numbers, as they are arguments of compiled programs."""

FREE = 0
"""It minimises H within its bounds."""
FIXED = 1
"""It is given: at a bound."""
SINGULAR = 2
"""H is affine in it and H_u vanishes: it keeps d2/dt2 H_u at zero."""
INTERIOR = 3
"""It minimises H, its bounds left out of account."""
