"""The road of usage in a simulation: API Gateway's log, CloudWatch, metering, UsageQueue, the
forwarder, Aforo and the ledger; and what is promised of it.
"""
