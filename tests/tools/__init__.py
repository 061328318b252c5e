"""Programs that only tests need, built from Go modules by `infra.gotools`; each file names one part's tools."""
