from orderdesk_sdk.testing.conformance.base import Standard
class Junk(Standard):
    pass
