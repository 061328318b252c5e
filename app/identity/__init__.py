"""Who a process is to its data stores where no password is told: tokens of the cloud's workload identity, files.

Of AWS the library that signs is imported only where it is used (the extra `aws`); the others answer one request.
"""
