"""Stands for ``nv`` of a Cumulus switch: revisions as trees in files, applied by writing FRR's configuration anew.

Written from NVIDIA's guide of NVUE and from /etc/frr/frr.conf as that shows it, not from what leafrack writes. It runs
as ``python -m lab.nv``, by whoever logs in: nothing else of the lab is imported, which would take half a second each
time.
"""
