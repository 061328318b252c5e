"""What watches the service, as data without resources: objectives, rules, routes of alerts, dashboards.

Every query is of a metric in the app's catalogue or in `exporters.py`; every alert has a runbook and test cases.
"""
