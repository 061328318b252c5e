"""The HTTP API: routes say what is answered, `problems.py` how faults are told; the work is in `app/jobs`."""
