"""What every platform promises, one promise a file: a pure function from a recording to its breaches.

`test_promises.py` holds all of them against every configuration, and against resources that break them.
"""
