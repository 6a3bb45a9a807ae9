"""The edge of the server: connections, bodies and probes, before pages and tools.

connections  a bound on connections, and a deadline for the headers of a request
bodies       a request's body, read whole within a deadline
whole        pages get whole requests, and hand over whole answers
probes       is the process up, is it ready
"""
