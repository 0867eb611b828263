from orderdesk_sdk.testing.conformance.base import Standard
class Canaries(Standard):
    pass
