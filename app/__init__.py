"""The service: problems, solvers, jobs and the HTTP API. Never imports `infra`."""
