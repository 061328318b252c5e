"""What the service tells of itself: the metric catalogue and structured logs, traces."""
