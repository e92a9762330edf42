"""A stand-in for Aforo's Lambda plugin: what its pages say that it does, for tests and transcripts.

Our own code, of its README and user guide (September 2026); what they do not say is not in it.
"""
