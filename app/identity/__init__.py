"""Who a process is to its data stores where no password is told: tokens of the cloud's workload identity, files.

A cloud's library is imported only where its tokens are asked for; each is an extra of the package.
"""
