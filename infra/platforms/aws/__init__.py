"""AWS: the managed parts of a cell, `Parts` of `infra.contracts`; the SDK is imported only here."""
