"""Controllers of add-ons, as processes beside a real control plane: what they make of our own objects."""
