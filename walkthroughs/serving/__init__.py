"""The edge of the server: connections, bodies and probes, before pages and tools.

http_protocol HTTP to the letter, by a parser in C
connections  a bound on connections, and a deadline for the headers of a request
unread       a bound on answers that clients have not taken
workers      several processes at one address, one of which has the turn
siblings     the figures of all workers
sizes        how much a process does at once
bodies       a request's body, read whole within a deadline
whole        pages get whole requests, and hand over whole answers
proxies      what is believed of a proxy in front
request_ids  one id for each request
probes       is the process up, is it ready
logs         lines as text or JSON, with the id of the request
traces       tool calls and their statements, for programs that collect traces
"""
