"""What runs on a cluster, as typed objects of Kubernetes: the same on every cloud, none of which is named here."""
