"""The embedded fabric: API server, Calico nodes and FRR switches in namespaces, from any fabric file.

``python -m lab up [FABRIC.yaml] | down | status | exec HOST -- CMD``. Nothing but loopback listeners is added
to the host; one holder process keeps everything alive, and ending it ends everything.
"""
