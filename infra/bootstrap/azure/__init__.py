"""Azure without any SDK, run as `python -m infra.bootstrap.azure`: the role of whoever deploys."""
