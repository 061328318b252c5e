"""The Pulumi engine on this machine: found, else installed, else built; `python -m infra.engine` runs it."""
