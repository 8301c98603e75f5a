"""Exchange Server through EWS: exchangelib's sign-in, sessions and envelope, our own items.

Only documented EWS is used. exchangelib's item classes are not: taking an item out of an answer
with them costs more than twenty times what it costs here.
"""
