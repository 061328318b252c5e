"""AWS by boto3, run as `python -m infra.bootstrap.aws`: state backend, permissions, preflight, smoke test."""
