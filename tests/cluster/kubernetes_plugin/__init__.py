"""A provider of Kubernetes for the real engine: Pulumi's own is in no registry, so what it does is done here.

Objects are sent by server-side apply to a real API server, which decides what is accepted; the engine decides what
changes. Charts are in no registry either: a release only makes its namespace; their definitions are `crds.py`.
"""
