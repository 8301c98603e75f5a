"""Exchange Online through Microsoft Graph v1.0: a thin client on `requests`, our own items.

Only documented calls are used. The official SDK is not: it repeats a POST that was not answered.
"""
