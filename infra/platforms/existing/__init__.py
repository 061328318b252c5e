"""A Kubernetes cluster that is there already, reached by a context of a kubeconfig: no cloud's SDK is needed."""
