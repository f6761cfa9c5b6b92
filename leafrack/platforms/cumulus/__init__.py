"""Cumulus Linux 5, configured by NVUE."""
