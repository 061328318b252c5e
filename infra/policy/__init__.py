"""Rules that resources must keep, as pure functions of type and inputs; `__main__` wraps them as a PolicyPack."""
