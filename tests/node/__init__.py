"""A real node of Kubernetes on this machine, in namespaces of its own: all of it ends with one process."""
