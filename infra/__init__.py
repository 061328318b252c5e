"""The Pulumi program's parts. Takes from `app` only the metric catalogue and the version."""
